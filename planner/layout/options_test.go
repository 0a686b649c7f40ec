package layout_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/fixtures"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/sharing"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/layout"
)

func fleet() *inventory.Inventory {
	return fixtures.Fleet(3, fixtures.Mixed, fixtures.Size{Servers: 15, StoresPerServer: 6, Users: 900, Legal: true})
}

func TestBudgetsAreKept(t *testing.T) {
	inv := fleet()
	free := optimize(t, inv, layout.Options{})
	for _, part := range []int64{0, 2, 10, 50} {
		bytes := free.BytesCopied * part / 100
		plan := optimize(t, inv, layout.Options{MaxBytes: &bytes})
		if plan.BytesCopied > bytes {
			t.Errorf("%d bytes copied, %d allowed", plan.BytesCopied, bytes)
		}
		if plan.Promises.WorstSingle.Utilisation.Value > plan.Before.WorstSingle.Utilisation.Value {
			t.Errorf("with %d bytes the worst failure rises from %v to %v", bytes, plan.Before.WorstSingle, plan.Promises.WorstSingle)
		}
		changes := len(free.Changes) * int(part) / 100
		if plan = optimize(t, inv, layout.Options{MaxChanges: &changes}); len(plan.Changes) > changes {
			t.Errorf("%d changes, %d allowed", len(plan.Changes), changes)
		}
		users := free.UsersInterrupted * int(part) / 100
		if plan = optimize(t, inv, layout.Options{MaxInterrupted: &users}); plan.UsersInterrupted > users {
			t.Errorf("%d users interrupted, %d allowed", plan.UsersInterrupted, users)
		}
	}
}

// With three replicas in other orders, what the budgets count is what the plan
// does.
func TestBudgetsCountEveryPromotion(t *testing.T) {
	reordered := 0
	for seed := range seeds(40) {
		inv := roomy(fixtures.Tiny(seed), 4)
		inv.Copies = 3
		free := optimize(t, inv, layout.Options{})
		for _, c := range free.Changes {
			if c.Do == planner.Promote {
				reordered++
			}
		}
		users := free.UsersInterrupted / 2
		changes := len(free.Changes) / 2
		plan := optimize(t, inv, layout.Options{MaxInterrupted: &users, MaxChanges: &changes})
		if plan.UsersInterrupted > users || len(plan.Changes) > changes {
			t.Errorf("seed %d: %d users interrupted and %d changes, %d and %d allowed", seed, plan.UsersInterrupted, len(plan.Changes), users, changes)
		}
	}
	if reordered == 0 {
		t.Fatal("no plan promotes anything")
	}
}

// A looser budget for interruptions gives no worse plan, but for what the search
// may leave for fewer changes.
func TestMoreInterruptionsNeverHelpLess(t *testing.T) {
	inv := fleet()
	free := optimize(t, inv, layout.Options{})
	last := math.Inf(1)
	for _, part := range []int{1, 2, 5, 10, 20, 50, 100} {
		users := free.UsersInterrupted * part / 100
		plan := optimize(t, inv, layout.Options{MaxInterrupted: &users})
		got := plan.Promises.WorstSingle.Utilisation.Value
		if plan.UsersInterrupted > users {
			t.Errorf("%d users interrupted, %d allowed", plan.UsersInterrupted, users)
		}
		if got > 1.01*last {
			t.Errorf("worst failure %v for %d interruptions, %v for fewer", got, users, last)
		}
		last = min(last, got)
	}
}

// A budget that the best plan keeps anyway changes nothing about it.
func TestABudgetThatDoesNotBindChangesNothing(t *testing.T) {
	inv := fleet()
	free := optimize(t, inv, layout.Options{})
	bytes, changes, users := free.BytesCopied, len(free.Changes), free.UsersInterrupted
	plan := optimize(t, inv, layout.Options{MaxBytes: &bytes, MaxChanges: &changes, MaxInterrupted: &users})
	if got, want := plan.Promises.WorstSingle.Utilisation.Value, free.Promises.WorstSingle.Utilisation.Value; got > want {
		t.Errorf("worst failure %v within what the plan with %v costs", got, want)
	}
}

// What serves a store whose master is down is no replica on the way.
func TestNoRoomIsMissedForWhatServesAlready(t *testing.T) {
	load := func(io float64) inventory.Load { return inventory.Load{0, io} }
	inv := inventory.New()
	inv.Resources = inventory.DefaultResources()
	for _, name := range []inventory.ServerID{"m1", "m2", "m3"} {
		inv.Servers = append(inv.Servers, inventory.Server{Name: name, State: inventory.Active, Slots: inventory.Unlimited, Capacity: inventory.Load{1e12, 1000}})
	}
	inv.Servers[1].State = inventory.Down
	for name, on := range map[inventory.StoreID][]inventory.ServerID{"s1": {"m2", "m1"}, "s2": {"m3", "m1"}} {
		st := inventory.Store{Name: name, State: inventory.Active, Base: load(map[inventory.StoreID]float64{"s1": 600, "s2": 300}[name])}
		for i, server := range on {
			st.Instances = append(st.Instances, inventory.Instance{Server: server, Role: [...]inventory.Role{inventory.Master, inventory.Replica}[i]})
		}
		inv.Stores = append(inv.Stores, st)
	}
	inv.Sort()
	plan := optimize(t, inv, layout.Options{Drain: []planner.Subject{"server:m2"}})
	if len(plan.Violations) > 0 || len(plan.Changes) == 0 {
		t.Errorf("changes %+v, violations %v", plan.Changes, plan.Violations)
	}
}

func TestMoreBytesNeverHelpLess(t *testing.T) {
	inv := fleet()
	free := optimize(t, inv, layout.Options{})
	none, some := int64(0), free.BytesCopied/3
	a := optimize(t, inv, layout.Options{MaxBytes: &none}).Promises.WorstSingle.Utilisation.Value
	b := optimize(t, inv, layout.Options{MaxBytes: &some}).Promises.WorstSingle.Utilisation.Value
	c := free.Promises.WorstSingle.Utilisation.Value
	if b > a || c > b {
		t.Errorf("worst failure %v for no bytes, %v for a third, %v for all", a, b, c)
	}
	if none, before := a, free.Before.WorstSingle.Utilisation.Value; none >= before {
		t.Errorf("promotions alone improve nothing: %v, before %v", none, before)
	}
}

func TestDrainEmptiesServersAndDomains(t *testing.T) {
	inv := roomy(fleet(), 2)
	rack := inv.Servers[0].Domain("rack").String()
	plan := optimize(t, inv, layout.Options{Gap: 0.1, Drain: []planner.Subject{planner.Subject(rack), "server:" + planner.Subject(inv.Servers[14].Name)}})
	if len(plan.Violations) > 0 {
		t.Fatalf("violations: %v", plan.Violations)
	}
	for _, p := range plan.Stores {
		for _, name := range append([]inventory.ServerID{p.Master}, p.Replicas...) {
			if s := &inv.Servers[inv.Server(name)]; s.Domain("rack").String() == rack || name == inv.Servers[14].Name {
				t.Errorf("store %s is still on %s", p.Store, name)
			}
		}
	}
}

func TestKeepLeavesStoresAndServersAlone(t *testing.T) {
	inv := fleet()
	keepStore, keepServer := inv.Stores[5].Name, inv.Servers[2].Name
	plan := optimize(t, inv, layout.Options{Keep: []planner.Subject{planner.StoreSubject(keepStore), planner.ServerSubject(keepServer)}})
	if len(plan.Changes) == 0 {
		t.Fatal("nothing changes at all")
	}
	for _, c := range plan.Changes {
		st := &inv.Stores[inv.Store(c.Store)]
		if c.Store == keepStore || st.On(keepServer) != nil {
			t.Errorf("%+v changes what is to be kept", c)
		}
	}
}

func TestUnknownSubjectsAreNamedTogether(t *testing.T) {
	inv := fleet()
	_, err := layout.Optimize(context.Background(), inv, sharing.Groups(inv), layout.Options{Drain: []planner.Subject{"server:nosuch", "rack:z9"}})
	if err == nil || !strings.Contains(err.Error(), "server:nosuch") || !strings.Contains(err.Error(), "rack:z9") {
		t.Errorf("error %v", err)
	}
	_, err = layout.Optimize(context.Background(), inv, sharing.Groups(inv), layout.Options{Keep: []planner.Subject{"store:nosuch"}})
	if err == nil || !strings.Contains(err.Error(), "store:nosuch") {
		t.Errorf("error %v", err)
	}
}

func TestCancelledKeepsTheBestSoFar(t *testing.T) {
	inv := fleet()
	ctx, cancel := context.WithCancel(context.Background())
	seen := 0
	plan, err := layout.Optimize(ctx, inv, sharing.Groups(inv), layout.Options{Progress: func(layout.Progress) {
		if seen++; seen == 40 {
			cancel()
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if plan.Stopped != planner.Cancelled {
		t.Errorf("stopped %q", plan.Stopped)
	}
	if plan.Promises.WorstSingle.Utilisation.Value > plan.Before.WorstSingle.Utilisation.Value {
		t.Errorf("the best so far is worse than the start")
	}
	checkSafe(t, 3, inv, plan, false)
}

func TestOneServerHasNoSurvivor(t *testing.T) {
	inv := fleet()
	inv.Servers = inv.Servers[:1]
	for i := range inv.Stores {
		inv.Stores[i].Instances = []inventory.Instance{{Server: inv.Servers[0].Name, Role: inventory.Master}}
	}
	plan := optimize(t, inv, layout.Options{})
	if plan.Promises.WorstSingle.Utilisation.Known || plan.Bounds.WorstSingle.Known || plan.Gap.WorstSingle.Known {
		t.Errorf("one server: promise %v, bound %v, gap %v", plan.Promises.WorstSingle, plan.Bounds.WorstSingle, plan.Gap.WorstSingle)
	}
	if len(plan.Changes) > 0 {
		t.Errorf("%d changes", len(plan.Changes))
	}
}
