package moves_test

import (
	"context"
	"testing"

	"github.com/interlacemail/interlace/fixtures"
	"github.com/interlacemail/interlace/inventory/sharing"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/layout"
	"github.com/interlacemail/interlace/planner/moves"
	"github.com/interlacemail/interlace/planner/users"
)

// TestPlannedFleets schedules the layouts and users plans that the planners make,
// the users plan for the fleet as the layout leaves it. Of a legal fleet no layout
// passes a limit on the way, also where disks leave no order to a new layout, and each
// improves it.
func TestPlannedFleets(t *testing.T) {
	for seed, kind := range fixtures.Kinds() {
		for _, legal := range []bool{false, true} {
			inv := fixtures.Fleet(uint64(seed), kind, fixtures.Size{Servers: 10, StoresPerServer: 4, Users: 300, Legal: legal})
			groups := sharing.Groups(inv)
			l, err := layout.Optimize(context.Background(), inv, groups, layout.Options{Gap: 0.05})
			if err != nil {
				t.Fatal(err)
			}
			if legal && len(l.Violations) > 0 {
				t.Errorf("%s fleet: violations %v", kind, l.Violations)
			}
			if now, before := l.Promises.WorstSingle.Utilisation.Value, l.Before.WorstSingle.Utilisation.Value; legal && now >= before {
				t.Errorf("%s fleet: the worst failure was %v and is %v", kind, before, now)
			}
			l.Inventory = planner.NewReference(inv, groups, nil)
			seal(l)
			u, err := users.Assign(context.Background(), l.Target(inv), groups, users.Options{})
			if err != nil {
				t.Fatal(err)
			}
			u.Inventory = l.Inventory
			seal(u)
			for _, opts := range variants[:3] {
				plans := []planner.Plan{l, u}
				if err := verify(inv, groups, plans...); err != nil {
					t.Fatalf("%s fleet: %v", kind, err)
				}
				s := moves.Schedule(context.Background(), inv, groups, plans, opts)
				if wrong := newAudit(inv, groups, plans, opts, s).run(); len(wrong) > 0 {
					t.Errorf("%s fleet, legal %v, %+v:%s", kind, legal, opts, lines(wrong))
				}
				if legal && !opts.Continuous && len(s.Violations) > 0 {
					t.Errorf("%s fleet, %+v: violations %v", kind, opts, s.Violations)
				}
				t.Logf("%s fleet, legal %v, continuous %v: %d changes, %d waves, makespan %.0f s, gap %.3f, %d violations",
					kind, legal, opts.Continuous, len(s.Changes), len(s.Waves), s.MakespanSeconds, s.Gap.Value, len(s.Violations))
			}
		}
	}
}
