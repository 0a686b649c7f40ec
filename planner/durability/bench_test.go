package durability_test

import (
	"context"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures"
	"github.com/interlacemail/interlace/planner/durability"
	"github.com/interlacemail/interlace/planner/load"
)

// BenchmarkTenThousandServers plays a fleet of 10,000 servers with 20 stores
// each through 4 million failures, and says how many that is a second.
func BenchmarkTenThousandServers(b *testing.B) {
	inv := fixtures.Fleet(1, fixtures.Mixed, fixtures.Size{Servers: 10_000, StoresPerServer: 20, Users: -1})
	f := load.New(inv)
	l := f.Current()
	opts := durability.Options{Seed: 1, Years: 1, Failures: 4_000_000, Assumptions: durability.DefaultAssumptions(inv.Levels())}
	for b.Loop() {
		start := time.Now()
		y := durability.Simulate(context.Background(), f, l, opts)
		b.ReportMetric(float64(y.Failures)/time.Since(start).Seconds(), "failures/s")
	}
}
