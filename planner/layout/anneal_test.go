package layout_test

import (
	"testing"

	"github.com/interlacemail/interlace/fixtures"
	"github.com/interlacemail/interlace/planner/layout"
)

// Where no single change or exchange is better, a chain of them still may be.
func TestSmallFleetsComeNearTheirBound(t *testing.T) {
	for _, c := range []struct {
		servers, stores int
		gap             float64
	}{{4, 8, 0.002}, {6, 4, 0.025}, {8, 4, 0.025}, {10, 6, 0.02}} {
		inv := fixtures.Fleet(1, fixtures.Mixed, fixtures.Size{
			Servers: c.servers, StoresPerServer: c.stores, Users: -1, Start: fixtures.MirroredByHand, Legal: true,
		})
		plan := optimize(t, inv, layout.Options{Seed: 1, Steps: 50})
		checkSafe(t, 1, inv, plan, false)
		if got := plan.Gap.WorstSingle.Value; got > c.gap {
			t.Errorf("%d servers, %d stores on each: gap %v, want at most %v", c.servers, c.stores, got, c.gap)
		}
	}
}
