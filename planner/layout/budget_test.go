package layout_test

import (
	"testing"

	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/layout"
)

// A budget that pays for every missing instance is spent on them before anything else:
// neither a rack that is to be emptied nor failure ceilings take it.
func TestBudgetsPayForMissingInstancesFirst(t *testing.T) {
	inv := roomy(grown(2), 1.5)
	inv.Copies = 2
	missing := 0
	for i := range inv.Stores {
		if i%5 == 0 {
			inv.Stores[i].Instances = inv.Stores[i].Instances[:1]
			missing++
		}
	}
	rack := planner.Subject(inv.Servers[0].Domain("rack").String())
	plan := optimize(t, inv, layout.Options{Gap: 0.02, MaxChanges: &missing, Drain: []planner.Subject{rack}})
	for _, v := range plan.Violations {
		if v.Rule == planner.Copies {
			t.Errorf("%s", v)
		}
	}
	if len(plan.Violations) == 0 {
		t.Error("the budget pays for everything, so nothing had to come first")
	}
}

// A ceiling that only copies could repair does not keep promotions from lowering the
// worst failure where nothing may be copied.
func TestWhatABudgetCannotRepairStopsNothingElse(t *testing.T) {
	inv := grown(3)
	none := int64(0)
	opts := layout.Options{Gap: 0.02, MaxBytes: &none}
	want := optimize(t, inv, opts).Promises.WorstSingle.Utilisation.Value
	full := inv.Clone()
	full.Servers[0].Capacity[0] /= 4
	plan := optimize(t, full, opts)
	if len(plan.Violations) == 0 {
		t.Fatal("no ceiling is passed")
	}
	if got := plan.Promises.WorstSingle.Utilisation.Value; got > want*1.03 {
		t.Errorf("worst failure %v beside a full disk, %v without", got, want)
	}
}
