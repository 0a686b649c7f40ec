package report

import (
	"testing"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// The bound that binds comes first, and what says nothing is left out.
func TestProofsInWords(t *testing.T) {
	kinds := planner.FailureBounds{Normal: planner.Known(0.5), Spread: planner.Known(0.62), Item: planner.Known(0.1), Price: planner.Known(0.64)}
	p := &planner.Layout{Bounds: planner.LayoutBounds{ByKind: planner.FailureProofs{
		WorstSingle: kinds,
		WorstDomain: map[inventory.Level]planner.FailureBounds{"rack": {Normal: planner.Known(0.5)}, "site": {}},
	}}}
	var facts Facts
	facts.addProofs(p)
	want := "single failure: price 64.0 % binds, spread 62.0 %, normal state 50.0 %, single item 10.0 %" +
		" · rack failure: normal state 50.0 % binds"
	if len(facts) != 1 || facts[0].Words != want {
		t.Errorf("got %+v, want %q", facts, want)
	}
}
