package moves_test

import (
	"context"
	"math/rand/v2"
	"os"
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

// seeds returns so many seeds, and more of them in a soak.
func seeds(n uint64) uint64 {
	if os.Getenv("INTERLACE_SOAK") != "" {
		return 20 * n
	}
	return n
}

// fewSteps are enough for layouts of small fleets whose quality does not matter.
const fewSteps = 10

// TestFeasibleLayoutsAreScheduled does the same for layouts, also of fleets in
// which a server is drained, down or not.
func TestFeasibleLayoutsAreScheduled(t *testing.T) {
	feasible := 0
	for seed := range seeds(600) {
		rng := rand.New(rand.NewPCG(seed, 6))
		inv := withServersDown(rng, seed)
		scaleCapacity(inv, float64(1+seed%3))
		l := layoutScheduled(t, rng, seed, inv)
		if len(l.Violations) == 0 && len(l.Changes) > 0 {
			feasible++
		}
	}
	t.Logf("%d feasible plans", feasible)
	if feasible < 100 {
		t.Error("the plans show too little")
	}
}

// TestLayoutsOfFullDisksAreScheduled does so for fleets of 3 to 6 servers that are all
// up, with disks so full that stores go in parts and make detours.
func TestLayoutsOfFullDisksAreScheduled(t *testing.T) {
	feasible, detours := 0, 0
	for seed := range seeds(300) {
		rng := rand.New(rand.NewPCG(seed, 6))
		inv := fixtures.Fleet(seed, fixtures.Mixed, fixtures.Size{Servers: 3 + rng.IntN(4), StoresPerServer: 1 + rng.IntN(2), Users: -1, Legal: true})
		scaleCapacity(inv, 0.9+0.2*rng.Float64())
		l := layoutScheduled(t, rng, seed, inv)
		if len(l.Violations) == 0 && len(l.Changes) > 0 {
			feasible++
			if returns(l) {
				detours++
			}
		}
	}
	t.Logf("%d feasible plans, %d with detours", feasible, detours)
	if feasible < 70 || detours < 10 {
		t.Error("the plans show too little")
	}
}

func scaleCapacity(inv *inventory.Inventory, factor float64) {
	for i := range inv.Servers {
		for r := range inv.Resources {
			inv.Servers[i].Capacity[r] *= factor
		}
	}
}

// layoutScheduled lays the fleet out, half of the time with a server to drain, and
// expects a schedule that breaks no rule on the way if the layout breaks none.
func layoutScheduled(t *testing.T, rng *rand.Rand, seed uint64, inv *inventory.Inventory) *planner.Layout {
	t.Helper()
	groups, opts := sharing.Groups(inv), layout.Options{Steps: fewSteps}
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
		return l
	}
	s := moves.Schedule(context.Background(), inv, groups, plans, moves.Options{})
	if len(l.Violations) == 0 && len(s.Violations) > 0 {
		t.Errorf("seed %d: the plan is feasible and its schedule says %v", seed, s.Violations)
	}
	if wrong := newAudit(inv, groups, plans, moves.Options{}, s).run(); len(wrong) > 0 {
		t.Errorf("seed %d: the replay finds%s", seed, lines(wrong))
	}
	return l
}

// returns reports whether an instance comes to a server that the store left before,
// or leaves one that it came to.
func returns(l *planner.Layout) bool {
	for i, c := range l.Changes {
		for _, d := range l.Changes[:i] {
			if c.Store == d.Store && c.Server == d.Server && c.Do != d.Do && c.Do != planner.Promote && d.Do != planner.Promote {
				return true
			}
		}
	}
	return false
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
