package layout_test

import (
	"context"
	"slices"
	"testing"

	"github.com/interlacemail/interlace/fixtures"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/sharing"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/layout"
	"github.com/interlacemail/interlace/planner/load"
	"github.com/interlacemail/interlace/planner/rules"
)

// broken returns by how much the target makes rules worse, and the sum of what
// it breaks, both without failure ceilings, which give way to all other rules.
func broken(inv, target *inventory.Inventory) (worse, total float64) {
	before, _, _ := rules.Check(context.Background(), inv, &inventory.ShareGroups{}, rules.Options{})
	after, _, _ := rules.Check(context.Background(), target, &inventory.ShareGroups{}, rules.Options{From: inv})
	after, _ = rules.Split(planner.KindLayout, after)
	for _, v := range rules.Worse(before, after) {
		if v.Rule != planner.FailureCeiling {
			worse += v.Excess()
		}
	}
	return worse, inNormal(after)
}

// leastBroken goes through all layouts, also those with fewer instances than
// promised, and returns the least that one which makes nothing worse breaks. It
// gives up if there are more than most.
func leastBroken(inv *inventory.Inventory, most int) (least float64, ok bool) {
	f := load.New(inv)
	start := f.Current()
	lists := make([][][]int32, len(start))
	size := 1
	for store := range lists {
		lists[store] = [][]int32{start[store]}
		var extend func(list []int32)
		extend = func(list []int32) {
			if len(list) > 0 && f.Reachable(start[store], list) {
				lists[store] = append(lists[store], slices.Clone(list))
			}
			for b := range inv.Servers {
				if !slices.Contains(list, int32(b)) && len(list) < inv.PromisedCopies(&inv.Stores[store]) {
					extend(append(list, int32(b)))
				}
			}
		}
		if !inv.Stores[store].Pinned {
			extend(nil)
		}
		if size *= len(lists[store]); size > most {
			return 0, false
		}
	}
	now := start.Clone()
	_, least = broken(inv, inv)
	var place func(store int)
	place = func(store int) {
		if store == len(lists) {
			target := (&planner.Layout{Stores: f.Placements(now)}).Target(inv)
			if worse, total := broken(inv, target); worse < 1e-9 {
				least = min(least, total)
			}
			return
		}
		for _, now[store] = range lists[store] {
			place(store + 1)
		}
	}
	place(0)
	return least, true
}

func TestInfeasiblePlansBreakTheLeast(t *testing.T) {
	tried := 0
	for seed := range seeds(300) {
		inv := roomy(fixtures.Tiny(seed), float64(1+seed%4))
		inv.Spread = nil
		plan := optimize(t, inv, layout.Options{})
		if len(plan.Violations) == 0 {
			continue
		}
		least, ok := leastBroken(inv, 1500)
		if !ok {
			continue
		}
		tried++
		worse, total := broken(inv, plan.Target(inv))
		if worse > 1e-9 || total > least+1e-9 {
			t.Errorf("seed %d: the plan breaks rules by %v, %v of it more than now; %v would do: %v", seed, total, worse, least, plan.Violations)
		}
	}
	if tried < 60 {
		t.Fatalf("only %d fleets tried", tried)
	}
}

// crowded returns a fleet in which no layout keeps spread beside the other rules: the
// disk of a1, the only server of its site, has no room for one instance of each store.
func crowded() *inventory.Inventory {
	inv := inventory.New()
	inv.Resources = inventory.DefaultResources()
	for name, site := range map[inventory.ServerID]inventory.DomainID{"a1": "a", "b1": "b", "b2": "b", "b3": "b"} {
		inv.Servers = append(inv.Servers, inventory.Server{
			Name: name, State: inventory.Active, Slots: inventory.Unlimited, Capacity: inventory.Load{100, 1000},
			Domains: map[inventory.Level]inventory.DomainID{"site": site},
		})
	}
	inv.Spread = []inventory.Spread{{Level: "site"}}
	inv.Copies = 2
	for _, name := range []inventory.StoreID{"s1", "s2"} {
		inv.Stores = append(inv.Stores, inventory.Store{
			Name: name, State: inventory.Active, Base: inventory.Load{45, 1},
			Instances: []inventory.Instance{{Server: "a1", Role: inventory.Master}, {Server: "b1", Role: inventory.Replica}},
		})
	}
	inv.Sort()
	return inv
}

func TestSpreadGivesWayToCeilings(t *testing.T) {
	plan := optimize(t, crowded(), layout.Options{})
	if len(plan.Violations) != 1 || plan.Violations[0].Rule != planner.Spread {
		t.Errorf("violations %v, want one of spread", plan.Violations)
	}
}

// It does so too in fleets of which not all layouts can be gone through, if one is
// found that keeps everything else.
func TestSpreadGivesWayWhereNoLayoutWasFound(t *testing.T) {
	for _, seed := range []uint64{1, 4} {
		inv := fixtures.Fleet(seed, fixtures.Skewed2, fixtures.Size{Servers: 12, StoresPerServer: 4, Start: fixtures.MirroredByHand})
		plan := optimize(t, inv, layout.Options{Gap: 0.02})
		for _, v := range plan.Violations {
			if v.Rule != planner.Spread {
				t.Errorf("seed %d: %s", seed, v)
			}
		}
	}
}

// A frontier breaks no more than the layout that is planned without one.
func TestSpreadGivesWayOnFrontiers(t *testing.T) {
	inv := crowded()
	f, err := layout.Frontier(context.Background(), inv, sharing.Groups(inv), layout.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range f.Points {
		if len(p.Plan.Violations) != 1 || p.Plan.Violations[0].Rule != planner.Spread {
			t.Errorf("point %d: violations %v, want one of spread", i+1, p.Plan.Violations)
		}
	}
}

func TestNothingNewOnAServerThatIsKept(t *testing.T) {
	inv := fleet()
	keep := inv.Servers[2].Name
	plan := optimize(t, inv, layout.Options{Keep: []planner.Subject{planner.ServerSubject(keep)}})
	for _, c := range plan.Changes {
		if c.Server == keep {
			t.Errorf("%+v changes what is on %s", c, keep)
		}
	}
}
