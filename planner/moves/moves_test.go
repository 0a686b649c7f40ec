package moves_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/sharing"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/moves"
)

var variants = []moves.Options{
	{},
	{KeepSource: -1},
	{Continuous: true},
	{Continuous: true, KeepSource: time.Hour},
	{SyncRate: 20e6, KeepSource: time.Hour},
	{Window: 20 * time.Minute, KeepSource: -1},
}

// randomPlans returns a layout, a users plan, or several after one another.
func randomPlans(rng *rand.Rand, inv *inventory.Inventory, groups *inventory.ShareGroups, kind int) []planner.Plan {
	chance := 0.2 + 0.8*rng.Float64()
	layout := randomLayout(rng, inv, chance)
	switch kind {
	case 0:
		return []planner.Plan{layout}
	case 1:
		return []planner.Plan{randomAssignment(rng, inv, groups, chance)}
	case 2:
		return []planner.Plan{layout, randomAssignment(rng, layoutTarget(inv, layout), groups, chance)}
	}
	users := randomAssignment(rng, inv, groups, chance)
	return []planner.Plan{users, randomLayout(rng, users.Target(inv), chance)}
}

func layoutTarget(inv *inventory.Inventory, p *planner.Layout) *inventory.Inventory {
	target := inv.Clone()
	for i := range p.Changes {
		change(target, &p.Changes[i])
	}
	return target
}

// TestTinyFleets holds schedules of random plans for tiny fleets against a slow replay.
func TestTinyFleets(t *testing.T) {
	broken := 0
	for seed := range uint64(1500) {
		inv := fixtures.Tiny(seed)
		broken += holds(t, inv, seed, fmt.Sprintf("tiny fleet %d", seed))
	}
	if broken == 0 {
		t.Error("no plan was too much for its fleet: the test shows less than it should")
	}
}

// TestFleets does the same for fleets of some size.
func TestFleets(t *testing.T) {
	seed := uint64(0)
	for _, kind := range fixtures.Kinds() {
		for _, size := range []fixtures.Size{
			{Servers: 8, StoresPerServer: 3, Users: 200},
			{Servers: 6, StoresPerServer: 4, Users: 150, Legal: true},
			{Servers: 10, StoresPerServer: 2, Users: 100, Start: fixtures.MirroredByHand},
		} {
			seed++
			holds(t, fixtures.Fleet(seed, kind, size), seed, fmt.Sprintf("%s fleet, seed %d", kind, seed))
		}
	}
}

// holds replays a schedule for the fleet and returns 1 if it had violations.
func holds(t *testing.T, inv *inventory.Inventory, seed uint64, name string) (broken int) {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 7))
	groups := sharing.Groups(inv)
	plans := randomPlans(rng, inv, groups, rng.IntN(4))
	opts := variants[rng.IntN(len(variants))]
	if err := verify(inv, groups, plans...); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	sched := moves.Schedule(context.Background(), inv, groups, plans, opts)
	a := newAudit(inv, groups, plans, opts, sched)
	if wrong := a.run(); len(wrong) > 0 {
		t.Errorf("%s, %+v:%s", name, opts, lines(wrong))
	}
	return min(len(a.transient()), 1)
}
