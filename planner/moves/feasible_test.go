package moves_test

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/interlacemail/interlace/fixtures"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/sharing"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/layout"
	"github.com/interlacemail/interlace/planner/moves"
	"github.com/interlacemail/interlace/planner/users"
)

// withServersDown returns a tiny fleet, or one as people make them, with one or
// two servers down.
func withServersDown(rng *rand.Rand, seed uint64) *inventory.Inventory {
	inv := fixtures.Tiny(seed)
	if seed%4 == 0 {
		kinds := fixtures.Kinds()
		inv = fixtures.Fleet(seed, kinds[seed/4%uint64(len(kinds))], fixtures.Size{
			Servers: 6, StoresPerServer: 3, Users: 150, Legal: seed%8 == 0,
		})
	}
	for range 1 + rng.IntN(2) {
		inv.Servers[rng.IntN(len(inv.Servers))].State = inventory.Down
	}
	return inv
}

// TestFeasibleUsersPlansAreScheduled holds users plans for fleets with servers
// down against this package: each applies, and what is feasible has an order; what
// breaks rules only on the way has none.
func TestFeasibleUsersPlansAreScheduled(t *testing.T) {
	feasible, blocked := 0, 0
	for seed := range uint64(2000) {
		rng := rand.New(rand.NewPCG(seed, 5))
		inv := withServersDown(rng, seed)
		groups := sharing.Groups(inv)
		var opts users.Options
		if rng.IntN(2) == 0 {
			opts.Peak = 0.5 + 0.4*rng.Float64()
		}
		if rng.IntN(2) == 0 {
			opts.Drain = []planner.Subject{planner.StoreSubject(inv.Stores[rng.IntN(len(inv.Stores))].Name)}
		}
		u, err := users.Assign(context.Background(), inv, groups, opts)
		if err != nil {
			t.Fatal(err)
		}
		u.Inventory = planner.NewReference(inv, groups, nil)
		seal(u)
		plans := []planner.Plan{u}
		if err := verify(inv, groups, plans...); err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
		s := moves.Schedule(context.Background(), inv, groups, plans, moves.Options{})
		if onlyTransient(u.Violations) {
			blocked++
			if len(s.Violations) == 0 {
				t.Errorf("seed %d: the plan says %v, but it has an order", seed, u.Violations)
			}
		}
		if len(u.Violations) == 0 && len(u.Changes) > 0 {
			feasible++
			if len(s.Violations) > 0 {
				t.Errorf("seed %d: the plan is feasible and its schedule says %v", seed, s.Violations)
			}
		}
	}
	t.Logf("%d feasible plans, %d without an order", feasible, blocked)
	if feasible < 100 || blocked < 5 {
		t.Error("the plans show too little")
	}
}

// TestFeasibleLayoutsAreScheduled does the same for layouts, also of fleets in
// which a server is drained, down or not.
func TestFeasibleLayoutsAreScheduled(t *testing.T) {
	feasible, unordered := 0, 0
	for seed := range uint64(600) {
		rng := rand.New(rand.NewPCG(seed, 6))
		inv := withServersDown(rng, seed)
		groups := sharing.Groups(inv)
		for i := range inv.Servers {
			for r := range inv.Resources {
				inv.Servers[i].Capacity[r] *= float64(1 + seed%3)
			}
		}
		var opts layout.Options
		if rng.IntN(2) == 0 {
			opts.Drain = []planner.Subject{planner.ServerSubject(inv.Servers[rng.IntN(len(inv.Servers))].Name)}
		}
		l, err := layout.Optimize(context.Background(), inv, groups, opts)
		if err != nil {
			t.Fatal(err)
		}
		l.Inventory = planner.NewReference(inv, groups, nil)
		seal(l)
		plans := []planner.Plan{l}
		if err := verify(inv, groups, plans...); err != nil {
			t.Errorf("seed %d: %v", seed, err)
			continue
		}
		s := moves.Schedule(context.Background(), inv, groups, plans, moves.Options{})
		if len(l.Violations) == 0 && len(l.Changes) > 0 {
			feasible++
			if len(s.Violations) > 0 {
				unordered++
				t.Logf("seed %d: the plan is feasible and its schedule says %v", seed, s.Violations)
			}
		}
	}
	t.Logf("%d feasible plans", feasible)
	if unordered*100 > feasible { // a store that goes in two parts is one bundle, so that a few find no order
		t.Errorf("%d of %d feasible plans find no order", unordered, feasible)
	}
	if feasible < 100 {
		t.Error("the plans show too little")
	}
}

// onlyTransient reports whether nothing is broken but what is so on the way.
func onlyTransient(broken []planner.Violation) bool {
	for _, v := range broken {
		if v.Rule != planner.Transient {
			return false
		}
	}
	return len(broken) > 0
}
