package layout_test

import (
	"context"
	"testing"

	"github.com/interlacemail/interlace/fixtures"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/sharing"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/layout"
)

// A server of a good layout is drained. Where the goal is not reached, what is copied
// on the way to where it ends is no multiple of what a frontier copies to be there.
func TestALayoutThatMissesTheGoalIsCheap(t *testing.T) {
	missed := 0
	for seed := range seeds(4) {
		inv := fixtures.Fleet(seed, fixtures.Mixed, fixtures.Size{Servers: 24, StoresPerServer: 10, Users: -1, Legal: true})
		good := optimize(t, inv, layout.Options{Gap: 0.02}).Target(inv)
		opts := layout.Options{Gap: 0.02, Drain: []planner.Subject{planner.ServerSubject(good.Servers[5].Name)}}
		plan := optimize(t, good, opts)
		checkSafe(t, seed, good, plan, false)
		if plan.Gap.WorstSingle.Value <= opts.Gap {
			continue
		}
		missed++
		f, err := layout.Frontier(context.Background(), good, sharing.Groups(good), opts)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range f.Points {
			if p.Plan.Promises.WorstSingle.Utilisation.Value <= plan.Promises.WorstSingle.Utilisation.Value && 2*p.Plan.BytesCopied < plan.BytesCopied {
				t.Errorf("seed %d: %d bytes copied for %v, where a frontier copies %d for %v", seed,
					plan.BytesCopied, plan.Promises.WorstSingle.Utilisation, p.Plan.BytesCopied, p.Plan.Promises.WorstSingle.Utilisation)
			}
		}
	}
	if missed == 0 {
		t.Error("every fleet reaches the goal, so nothing was compared")
	}
}

// grown returns a fleet that has grown unevenly, of which a good layout lies far from
// today's.
func grown(seed uint64) *inventory.Inventory {
	return fixtures.Fleet(seed, fixtures.Mixed, fixtures.Size{Servers: 12, StoresPerServer: 8, Users: -1, Start: fixtures.GrownUnevenly, Legal: true})
}

// Where the goal is out of reach the plan is about as good as the best that was found,
// and tells what that would cost; it is no new layout for a little less.
func TestALittleLowerIsNotWorthEverything(t *testing.T) {
	passedOver := 0
	for seed := range seeds(4) {
		plan := optimize(t, grown(seed), layout.Options{Gap: 0.02, Seed: 1})
		lower := plan.Lower
		if lower == nil {
			continue
		}
		passedOver++
		if plan.BytesCopied > lower.BytesCopied {
			t.Errorf("seed %d: %d bytes copied, where a lower layout copies %d", seed, plan.BytesCopied, lower.BytesCopied)
		}
		if got := plan.Promises.WorstSingle.Utilisation.Value; got > lower.Utilisation.Value*1.025 || got <= lower.Utilisation.Value {
			t.Errorf("seed %d: worst failure %v, where %v was found", seed, got, lower.Utilisation)
		}
		if plan.Gap.WorstSingle.Value <= 0.02 {
			t.Errorf("seed %d: the goal is reached, and a lower layout is told", seed)
		}
	}
	if passedOver == 0 {
		t.Error("no fleet has a lower layout that is passed over")
	}
}
