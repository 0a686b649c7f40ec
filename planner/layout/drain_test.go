package layout_test

import (
	"slices"
	"testing"

	"github.com/interlacemail/interlace/fixtures"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/layout"
	"github.com/interlacemail/interlace/planner/load"
)

// A server that is down can be drained: what it has is rebuilt elsewhere from
// the copies that are up, and a store that has no other is said to stay.
func TestDrainEmptiesAServerThatIsDown(t *testing.T) {
	inv := roomy(fleet(), 2)
	dead := &inv.Servers[4]
	dead.State = inventory.Down
	drain := layout.Options{Gap: 0.1, Drain: []planner.Subject{planner.ServerSubject(dead.Name)}}
	plan := optimize(t, inv, drain)
	checkSafe(t, 3, inv, plan, false)
	target := plan.Target(inv)
	for i := range target.Stores {
		if target.Stores[i].On(dead.Name) != nil {
			t.Errorf("store %s is still on %s", target.Stores[i].Name, dead.Name)
		}
	}
	if len(plan.Violations) > 0 {
		t.Errorf("violations: %v", plan.Violations)
	}
	if want := lost(inv, dead.Name); float64(plan.BytesCopied) < want || plan.Bounds.BytesCopied.Value < want {
		t.Errorf("%d bytes copied, bound %v; what %s has weighs %v", plan.BytesCopied, plan.Bounds.BytesCopied, dead.Name, want)
	}

	only := &inv.Stores[slices.IndexFunc(inv.Stores, func(s inventory.Store) bool { return s.On(dead.Name) != nil })]
	only.Instances = []inventory.Instance{{Server: dead.Name, Role: inventory.Master}}
	inv.Copies = 2
	plan = optimize(t, inv, drain)
	found := map[planner.Rule]planner.Subject{}
	for _, v := range plan.Violations {
		found[v.Rule] = v.Subject
	}
	if len(found) != 2 || found[planner.DrainEmpty] != planner.ServerSubject(dead.Name) || found[planner.Copies] != planner.StoreSubject(only.Name) {
		t.Errorf("the only copy of %s is on %s, but the violations are %v", only.Name, dead.Name, plan.Violations)
	}
	for _, c := range plan.Changes {
		if c.Store == only.Name {
			t.Errorf("%+v, though the store has no copy that is up", c)
		}
	}
}

// Where every server drains nothing can be copied anywhere, and the plan says so.
func TestFleetsThatDrainAltogether(t *testing.T) {
	most := 2
	for name, opts := range map[string]layout.Options{
		"as it is":           {},
		"few partners":       {Scatter: &most},
		"further objectives": {Objectives: []planner.Objective{planner.ObjectiveSingle, planner.ObjectiveNormal}},
		"both":               {Scatter: &most, Objectives: []planner.Objective{planner.ObjectiveSingle, planner.ObjectiveNormal}},
	} {
		inv := fixtures.Fleet(1, fixtures.Mixed, fixtures.Size{Servers: 8, StoresPerServer: 3, Users: -1, Legal: true})
		for i := range inv.Servers {
			inv.Servers[i].State = inventory.Drain
		}
		plan := optimize(t, inv, opts)
		stay := 0
		for _, v := range plan.Violations {
			if v.Rule == planner.DrainEmpty {
				stay++
			}
		}
		if plan.BytesCopied > 0 || stay != len(inv.Servers) {
			t.Errorf("%s: %d bytes copied, %d of %d servers said to drain in vain", name, plan.BytesCopied, stay, len(inv.Servers))
		}
	}
}

// lost returns what the instances on the server weigh in bytes.
func lost(inv *inventory.Inventory, server inventory.ServerID) float64 {
	f := load.New(inv)
	bytes := 0.0
	for i := range inv.Stores {
		if inv.Stores[i].On(server) != nil {
			bytes += float64(f.DiskBytes(i))
		}
	}
	return bytes
}
