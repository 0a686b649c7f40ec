package moves_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/interlacemail/interlace/fixtures"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/moves"
)

// single returns groups of one.
func single(inv *inventory.Inventory) *inventory.ShareGroups {
	of := make([]int32, len(inv.Users))
	for i := range of {
		of[i] = int32(i)
	}
	return inventory.NewShareGroups(of)
}

// BenchmarkSchedule orders moves of stores and of users between servers and
// prints size, seconds, memory, makespan and its ratio to the bound.
func BenchmarkSchedule(b *testing.B) {
	for _, p := range fixtures.Traffics() {
		for _, c := range []int{1, 2, 4} {
			for _, opts := range []moves.Options{{}, {Continuous: true}} {
				measure(b, fmt.Sprintf("stores=20000/%s/transfers=%d/continuous=%v", p.Name, c, opts.Continuous), opts, func() (*inventory.Inventory, planner.Plan) {
					return fixtures.StoreTraffic(1, 1000, 20000, c, p)
				})
			}
		}
	}
	for _, n := range []int{1000, 10000} {
		for _, p := range fixtures.Traffics() {
			if !p.Roomy() {
				continue
			}
			measure(b, fmt.Sprintf("users=%d/%s", 20*n, p.Name), moves.Options{}, func() (*inventory.Inventory, planner.Plan) {
				return fixtures.UserTraffic(1, n, 20*n, p)
			})
		}
	}
}

func measure(b *testing.B, name string, opts moves.Options, make func() (*inventory.Inventory, planner.Plan)) {
	b.Run(name, func(b *testing.B) {
		inv, plan := make()
		groups := single(inv)
		var s planner.Schedule
		b.ReportAllocs()
		for b.Loop() {
			s = moves.Schedule(context.Background(), inv, groups, []planner.Plan{plan}, opts)
		}
		b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s")
		b.ReportMetric(s.MakespanSeconds, "makespan")
		b.ReportMetric(s.MakespanSeconds/s.BoundSeconds, "ratio")
		b.ReportMetric(float64(len(s.Waves)), "waves")
		b.ReportMetric(float64(len(s.Violations)), "violations")
	})
}
