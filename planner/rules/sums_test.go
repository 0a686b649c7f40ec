package rules_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/interlacemail/interlace/fixtures"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/load"
	"github.com/interlacemail/interlace/planner/simulate"
)

// The rules add up on their own; load and simulate must come to the same figures.
func TestCeilingsAgreeWithLoadAndSimulate(t *testing.T) {
	found := 0
	for seed := range uint64(1000) {
		inv := fixtures.Tiny(seed)
		f := load.New(inv)
		s := simulate.New(f, f.Current())
		normal := f.Normal(f.Current())
		for r, res := range inv.Resources {
			for i := range inv.Servers {
				if u := f.Utilisation(i, r, normal.Amounts[i][r]); !f.Down[i] && u > res.Ceiling {
					found++
					expect(t, seed, inv, planner.Violation{Rule: planner.Ceiling, Subject: planner.ServerSubject(inv.Servers[i].Name), Resource: planner.Text(res.Name), Value: planner.Known(u)})
				}
			}
		}
		for _, level := range inv.Survive {
			w := s.Worst(max(f.Level(level), 0))
			if r := inv.Resource(inventory.ResourceID(w.Resource)); r >= 0 && w.Utilisation.Value > inv.Resources[r].FailureCeiling.At(level) {
				found++
				expect(t, seed, inv, planner.Violation{Rule: planner.FailureCeiling, Subject: planner.ServerSubject(inventory.ServerID(w.Server)), Resource: w.Resource, Value: w.Utilisation})
			}
		}
	}
	if found < 500 {
		t.Errorf("only %d ceilings broken in all fleets", found)
	}
}

func expect(t *testing.T, seed uint64, inv *inventory.Inventory, want planner.Violation) {
	t.Helper()
	for _, v := range check(inv, nil) {
		if v.Rule == want.Rule && v.Subject == want.Subject && v.Resource == want.Resource && v.Value == want.Value {
			return
		}
	}
	t.Errorf("seed %d: the rules miss %s of %s %s at %v", seed, want.Rule, want.Subject, want.Resource, want.Value.Value)
}

func TestNamesLeaveNoTrace(t *testing.T) {
	figures := func(inv *inventory.Inventory) []string {
		var all []string
		for _, v := range check(inv, nil) {
			all = append(all, fmt.Sprint(v.Rule, v.Resource, v.Value, v.Limit))
		}
		slices.Sort(all)
		return all
	}
	for seed := range uint64(300) {
		inv := fixtures.Tiny(seed)
		renamed, _ := fixtures.Rename(inv, fixtures.AnyOrder, seed)
		if a, b := figures(inv), figures(renamed); !slices.Equal(a, b) {
			t.Errorf("seed %d: violations %v, renamed %v", seed, a, b)
		}
	}
}
