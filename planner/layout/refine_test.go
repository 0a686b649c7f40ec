package layout

import (
	"context"
	"testing"

	"github.com/interlacemail/interlace/planner"
)

// A further objective is lowered within the pairs of partners of the layout at hand,
// which need not be today's.
func TestFurtherObjectivesKeepThePartners(t *testing.T) {
	most := 3
	inv := racked(20, 2, 1, 2)
	l, err := newLadder(context.Background(), inv, Options{
		Gap: 0.02, Steps: 20, Scatter: &most, Objectives: []planner.Objective{planner.ObjectiveSingle, planner.ObjectiveNormal},
	})
	if err != nil {
		t.Fatal(err)
	}
	other := l.paired(designed(l.problem, most))
	o := other.balanced(other.pack(), 9)
	links := o.state.links
	l.refined(&o)
	if o.state.links != links || o.state.strange() {
		t.Errorf("other partners than those of the layout, %v: %v", links.of, o.state.links.of)
	}
}
