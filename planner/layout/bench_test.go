package layout_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/interlacemail/interlace/fixtures"
	"github.com/interlacemail/interlace/inventory/sharing"
	"github.com/interlacemail/interlace/planner/layout"
)

// BenchmarkOptimize plans fleets as people leave them behind and reports, beside
// time and memory, the worst single-failure utilisation before and after, its
// bound, the gap and the bytes copied.
func BenchmarkOptimize(b *testing.B) {
	for _, kind := range fixtures.Kinds() {
		for _, servers := range []int{20, 100} {
			b.Run(fmt.Sprintf("%s/servers=%d/stores=%d", kind, servers, 20*servers), func(b *testing.B) {
				inv := fixtures.Fleet(1, kind, fixtures.Size{Servers: servers, StoresPerServer: 20, Users: 50 * servers, Start: fixtures.MirroredByHand, Legal: true})
				groups := sharing.Groups(inv)
				b.ReportAllocs()
				for b.Loop() {
					plan, err := layout.Optimize(context.Background(), inv, groups, layout.Options{Seed: 1, Gap: 0.02})
					if err != nil {
						b.Fatal(err)
					}
					b.ReportMetric(plan.Before.WorstSingle.Utilisation.Value, "before")
					b.ReportMetric(plan.Promises.WorstSingle.Utilisation.Value, "worst")
					b.ReportMetric(plan.Bounds.WorstSingle.Value, "bound")
					b.ReportMetric(plan.Gap.WorstSingle.Value, "gap")
					b.ReportMetric(float64(plan.BytesCopied)/1e12, "TB-copied")
				}
			})
		}
	}
}
