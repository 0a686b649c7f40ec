package layout_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/interlacemail/interlace/fixtures"
	"github.com/interlacemail/interlace/planner/layout"
)

// After loads have drifted, a few changes first mend what broke, and more of them
// lower the worst failure: none is spent on servers that are not among the worst.
func TestFewChangesFollowDrift(t *testing.T) {
	inv := fixtures.Fleet(1, fixtures.Mixed, fixtures.Size{Servers: 60, StoresPerServer: 20, Users: -1, Legal: true})
	drifted := optimize(t, inv, layout.Options{Gap: 0.02}).Target(inv)
	rng := rand.New(rand.NewPCG(7, 7))
	for i := range drifted.Stores {
		factor := math.Exp(0.15 * rng.NormFloat64())
		for r := range drifted.Resources {
			drifted.Stores[i].Base[r] *= factor
		}
	}
	none, few, more := 0, len(drifted.Stores)/100, len(drifted.Stores)/10
	broken := len(optimize(t, drifted, layout.Options{MaxChanges: &none}).Violations)
	if broken == 0 {
		t.Fatal("the drift breaks no rule")
	}
	if plan := optimize(t, drifted, layout.Options{MaxChanges: &few}); len(plan.Violations) >= broken {
		t.Errorf("%d rules broken after %d changes, %d before", len(plan.Violations), len(plan.Changes), broken)
	}
	if plan := optimize(t, drifted, layout.Options{MaxChanges: &more}); len(plan.Violations) > 0 || plan.Gap.WorstSingle.Value > 0.05 {
		t.Errorf("%d rules broken and gap %v after %d changes", len(plan.Violations), plan.Gap.WorstSingle, len(plan.Changes))
	}
}

// In a large fleet a budget for one store in twenty brings the worst failure near the
// bound: what no order leads to is regained by other changes.
func TestOrdersInLargeFleetsKeepWhatBudgetsPay(t *testing.T) {
	inv := fixtures.Fleet(1, fixtures.Mixed, fixtures.Size{Servers: 500, StoresPerServer: 20, Users: -1, Start: fixtures.MirroredByHand, Legal: true})
	drifted := fixtures.Drifted(1, optimize(t, inv, layout.Options{Seed: 1}).Target(inv), 0.15)
	changes := len(drifted.Stores) / 20 * 2
	plan := optimize(t, drifted, layout.Options{Seed: 1, MaxChanges: &changes})
	if len(plan.Violations) > 0 || len(plan.Changes) > changes || plan.Gap.WorstSingle.Value > 0.035 {
		t.Errorf("%d rules broken and gap %v after %d changes of %d", len(plan.Violations), plan.Gap.WorstSingle, len(plan.Changes), changes)
	}
}
