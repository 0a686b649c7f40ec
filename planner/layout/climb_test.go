package layout_test

import (
	"testing"

	"github.com/interlacemail/interlace/fixtures"
	"github.com/interlacemail/interlace/planner/layout"
)

// Pairs of servers that mirror one another are so far from a new layout that nobody
// asks what could be made of them.
func TestMirroredPairsAreNotImproved(t *testing.T) {
	inv := fixtures.Fleet(1, fixtures.Mixed, fixtures.Size{Servers: 20, StoresPerServer: 10, Users: -1, Start: fixtures.MirroredByHand, Legal: true})
	rungs := map[string]bool{}
	plan := optimize(t, inv, layout.Options{Steps: 20, Progress: func(p layout.Progress) { rungs[p.Rung] = true }})
	if rungs["improving today's layout"] || !rungs["laying out anew"] || plan.Gap.WorstSingle.Value > 0.1 {
		t.Errorf("a gap of %v after %v", plan.Gap.WorstSingle, rungs)
	}
}
