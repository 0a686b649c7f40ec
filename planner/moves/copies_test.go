package moves_test

import (
	"cmp"
	"context"
	"slices"
	"testing"

	"github.com/interlacemail/interlace/fixtures"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/sharing"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/layout"
	"github.com/interlacemail/interlace/planner/moves"
)

// copyStep is a change at the time at which it takes effect: copies are there when
// they have ended.
type copyStep struct {
	do     planner.Verb
	store  inventory.StoreID
	server inventory.ServerID
}

// walks are things that operators do to servers: the fleet then, and what is to
// be drained.
var walks = []struct {
	name string
	do   func(inv *inventory.Inventory) layout.Options
}{
	{"drain a server", func(inv *inventory.Inventory) layout.Options {
		return layout.Options{Drain: []planner.Subject{planner.ServerSubject(inv.Servers[3].Name)}}
	}},
	{"retire a rack", func(inv *inventory.Inventory) layout.Options {
		return layout.Options{Drain: []planner.Subject{planner.Subject(inv.Servers[3].Domain("rack").String())}}
	}},
	{"add servers", func(inv *inventory.Inventory) layout.Options {
		for _, name := range []inventory.ServerID{"new1", "new2"} {
			added := inv.Servers[0]
			added.Name = name
			added.Domains = map[inventory.Level]inventory.DomainID{"rack": "new"}
			inv.Servers = append(inv.Servers, added)
		}
		inv.Sort()
		return layout.Options{}
	}},
	{"drain a server that is down", func(inv *inventory.Inventory) layout.Options {
		inv.Servers[3].State = inventory.Down
		return layout.Options{Drain: []planner.Subject{planner.ServerSubject(inv.Servers[3].Name)}}
	}},
}

// No state on the way, in the order of the plan and in that of its waves, has
// fewer living copies of a store than were promised and were there at the start,
// and what is drained ends empty.
func TestNoStateHasFewerCopies(t *testing.T) {
	for seed := range seeds(6) {
		for _, walk := range walks {
			inv := fixtures.Fleet(seed, fixtures.Mixed, fixtures.Size{Servers: 15, StoresPerServer: 5, Users: 300, Legal: true})
			for i := range inv.Servers {
				for r := range inv.Resources {
					inv.Servers[i].Capacity[r] *= 2
				}
			}
			opts := walk.do(inv)
			opts.Gap, opts.Steps = 0.1, 50
			groups := sharing.Groups(inv)
			plan, err := layout.Optimize(context.Background(), inv, groups, opts)
			if err != nil {
				t.Fatal(err)
			}
			if len(plan.Violations) > 0 || len(plan.Changes) == 0 {
				t.Errorf("seed %d, %s: %d changes, violations %v", seed, walk.name, len(plan.Changes), plan.Violations)
			}
			plan.Inventory = planner.NewReference(inv, groups, nil)
			seal(plan)
			planned := make([]copyStep, len(plan.Changes))
			for i, c := range plan.Changes {
				planned[i] = copyStep{c.Do, c.Store, c.Server}
			}
			checkCopies(t, seed, walk.name, inv, plan, planned)
			for _, continuous := range []bool{false, true} {
				s := moves.Schedule(context.Background(), inv, groups, []planner.Plan{plan}, moves.Options{Continuous: continuous})
				changes := slices.Clone(s.Changes)
				slices.SortStableFunc(changes, func(a, b planner.ScheduledChange) int { return cmp.Compare(a.EndSeconds, b.EndSeconds) })
				scheduled := make([]copyStep, len(changes))
				for i, c := range changes {
					scheduled[i] = copyStep{c.Do, inventory.StoreID(c.Store), inventory.ServerID(c.Server)}
				}
				checkCopies(t, seed, walk.name, inv, plan, scheduled)
			}
		}
	}
}

func checkCopies(t *testing.T, seed uint64, name string, inv *inventory.Inventory, plan *planner.Layout, steps []copyStep) {
	t.Helper()
	alive := func(on map[inventory.ServerID]bool) int {
		n := 0
		for server := range on {
			if inv.Servers[inv.Server(server)].State != inventory.Down {
				n++
			}
		}
		return n
	}
	on := map[inventory.StoreID]map[inventory.ServerID]bool{}
	least := map[inventory.StoreID]int{}
	for i := range inv.Stores {
		st := &inv.Stores[i]
		on[st.Name] = map[inventory.ServerID]bool{}
		for _, in := range st.Instances {
			on[st.Name][in.Server] = true
		}
		least[st.Name] = min(inv.PromisedCopies(st), alive(on[st.Name]))
	}
	for _, s := range steps {
		switch s.do {
		case planner.Seed:
			on[s.store][s.server] = true
		case planner.Drop:
			delete(on[s.store], s.server)
		}
		if n := alive(on[s.store]); n < least[s.store] {
			t.Errorf("seed %d, %s: %d living copies of %s after %+v, %d at the start", seed, name, n, s.store, s, least[s.store])
		}
	}
	for _, p := range plan.Stores {
		want := append([]inventory.ServerID{p.Master}, p.Replicas...)
		for _, server := range want {
			if !on[p.Store][server] {
				t.Errorf("seed %d, %s: the steps do not bring %s to %s", seed, name, p.Store, server)
			}
			s := &inv.Servers[inv.Server(server)]
			if planner.Drains(s, plan.Options.Drain) {
				t.Errorf("seed %d, %s: %s is still on %s", seed, name, p.Store, server)
			}
		}
		if len(on[p.Store]) != len(want) {
			t.Errorf("seed %d, %s: %s ends on %v, planned %v", seed, name, p.Store, on[p.Store], want)
		}
	}
}
