package apply_test

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/planner"
)

// people fills a store with users, one of whom has a hostile name, and a shared tree.
func people(t *testing.T, in *cyrustest.Instance) {
	t.Helper()
	boxes := []cyrustest.Mailbox{{Name: "shared"}, {Name: "shared.team", Messages: 2, Quota: 5000}}
	for _, user := range []string{"anna", "ben", "$(id)"} {
		boxes = append(boxes, cyrustest.Mailbox{Name: "user." + user, Messages: 3, Quota: 100000}, cyrustest.Mailbox{Name: "user." + user + ".Work", Messages: 1})
	}
	must(t, in.Fill(t.Context(), boxes))
}

// wholeStore is a plan by which a store moves: a replica is made on n and promoted, and the old
// master is dropped.
func wholeStore() []course.Unit {
	return course.Units([]planner.Plan{&planner.Layout{
		ID: "p", Stores: []planner.Placement{{Store: "s1", Master: "n", Replicas: []inventory.ServerID{"r"}}},
		Changes: []planner.LayoutChange{
			{ID: "c1", Do: planner.Seed, Store: "s1", Server: "n", From: "m"},
			{ID: "c2", Do: planner.Promote, Store: "s1", Server: "n", From: "m"},
			{ID: "c3", Do: planner.Drop, Store: "s1", Server: "m"},
		},
	}}, nil)
}

// finished fails where a unit is not at its end.
func finished(t *testing.T, results []course.Result, j *journal) {
	t.Helper()
	for _, r := range results {
		if r.Outcome != course.Finished {
			t.Fatalf("%s: %s, %s\n%v", r.Unit.Name, r.Outcome, r.Why, j)
		}
	}
}

// A whole store moves in one plan: a replica is made on a new server, promoted, and the old
// one is dropped. Users are routed by the addresses of instances, of which the run knows that of
// the one that it has made. Whoever carries the plan on with the inventory of before finds all done.
func TestWholeStore(t *testing.T) {
	t.Parallel()
	op := newOperator(t)
	people(t, op.on("m"))
	_, err := op.on("m").Tool(t.Context(), "cyr_deny", "-m", "locked", "ben")
	must(t, err)
	units := wholeStore()
	j := &journal{left: -1}
	for range 2 {
		o := op.options(j)
		o.Groups = &inventory.ShareGroups{} // with which rules are checked
		o.Live.Served = func(_ context.Context, fleet *inventory.Inventory, users []inventory.UserID) (map[inventory.UserID]apply.Destination, error) {
			op.mu.Lock()
			defer op.mu.Unlock()
			routed := map[inventory.UserID]apply.Destination{}
			for _, u := range users {
				if u == "ben" {
					continue // who is denied is routed nowhere
				}
				at := fleet.Stores[0].On(cmp.Or(op.routes[u], "m"))
				if at == nil || at.IMAP != op.on(at.Server).IMAP {
					t.Errorf("%s is routed to %s, of which the run does not know where it is", u, op.routes[u])
					continue
				}
				routed[u] = apply.Destination{Store: "s1", Server: at.Server}
			}
			return routed, nil
		}
		results, err := apply.CarryOut(t.Context(), units, false, o)
		must(t, err)
		finished(t, results, j)
	}
	if want := []string{"create s1 n replica", "start s1 n replica", "stop s1 m master", "promote s1 n master", "start s1 m replica", "remove s1 m replica"}; !slices.Equal(op.orders, want) {
		t.Errorf("the operator was told to %v, not to %v", op.orders, want)
	}
	op.follow(t, units, j)
	op.check(t, "master n, replica r")
	for user, in := range map[string]bool{"anna": true, "$(id)": true, "ben": false} {
		if routed := op.serves(user) == op.on("n"); routed != in {
			t.Errorf("%s is routed to the new master: %v", user, routed)
		}
		if _, err := login(t.Context(), op.on("n"), user); (err == nil) != in {
			t.Errorf("%s logs in: %v", user, err)
		}
	}
}

// Whatever kills a promotion, it comes to the same end.
func TestPromoteWhateverKillsIt(t *testing.T) {
	t.Parallel()
	op := newOperator(t)
	people(t, op.on("m"))
	from, to := "m", "r"
	for n := 0; ; n++ {
		if !soak() && n != 5 && n != 9 && n < 16 {
			continue
		}
		killed := false
		for _, before := range []bool{true, false} {
			if !soak() && before != (n == 9) {
				continue
			}
			must(t, op.on(serverID(from)).Fill(t.Context(), []cyrustest.Mailbox{{Name: fmt.Sprintf("user.late%d%v", n, before), Messages: 2}}))
			j := &journal{left: n, before: before}
			outcome, dead, err := op.carry(t, alteration(planner.Promote, serverID(to), serverID(from), 2), j)
			if outcome != course.Finished {
				t.Fatalf("killed at record %d, before %v: %s, %v\n%v", n, before, outcome, err, j.steps)
			}
			killed = killed || dead
			from, to = to, from
			op.check(t, "master "+from+", replica "+to)
		}
		if !killed && n > 12 {
			break
		}
	}
}

func serverID(name string) inventory.ServerID { return inventory.ServerID(name) }

// While a store moves mail keeps arriving and a user is connected: everything that was
// accepted is there once, and nothing bounces.
func TestWholeStoreUnderMail(t *testing.T) {
	t.Parallel()
	op := newOperator(t)
	people(t, op.on("m"))
	r := &relay{op: op, users: []string{"anna", "ben"}}
	stop := r.start(t)
	op.must(t, alteration(planner.Seed, "n", "m", 2))
	j := op.must(t, alteration(planner.Promote, "n", "m", 2))
	op.must(t, alteration(planner.Drop, "m", "", 2))
	stop()
	r.account(t)
	if r.putOff == 0 {
		t.Error("no mail was put off, so this test shows nothing")
	}
	op.check(t, "master n, replica r")
	t.Logf("%v", j)
}

// Whatever kills the making of a replica, or its removal, it comes to the same end.
func TestSeedAndDropWhateverKillsIt(t *testing.T) {
	t.Parallel()
	op := newOperator(t)
	people(t, op.on("m"))
	for n := 0; ; n++ {
		if !soak() && n != 3 && n != 6 && n < 13 {
			continue
		}
		killed := false
		for _, before := range []bool{true, false} {
			if !soak() && before != (n%2 == 0) {
				continue
			}
			for _, u := range []*course.Unit{alteration(planner.Seed, "n", "m", 2), alteration(planner.Drop, "n", "", 2)} {
				j := &journal{left: n, before: before}
				outcome, dead, err := op.carry(t, u, j)
				if outcome != course.Finished {
					t.Fatalf("%s, killed at record %d, before %v: %s, %v\n%v", u.Name, n, before, outcome, err, j)
				}
				killed = killed || dead
				want := "master m, replica r"
				if u.Do.Do == planner.Seed {
					want += ", replica n"
				}
				op.check(t, want)
			}
		}
		if !killed && n > 12 {
			break
		}
	}
}

// Where the hook has removed a replica with all its files nothing is said of its claims.
func TestDroppedWithItsFiles(t *testing.T) {
	t.Parallel()
	op := newOperator(t)
	o := op.options(&journal{left: -1})
	o.Groups = &inventory.ShareGroups{}
	results, err := apply.CarryOut(t.Context(), []course.Unit{*alteration(planner.Drop, "r", "", 1)}, false, o)
	must(t, err)
	if r := &results[0]; r.Outcome != course.Finished || r.Claims != "" {
		t.Errorf("%s, %s, claims: %s\n%v", r.Outcome, r.Why, r.Claims, o.Journal)
	}
	if files, err := filepath.Glob(filepath.Join(op.on("m").Dir, "conf", "interlace-*")); err != nil || len(files) > 0 {
		t.Errorf("left on the master: %v, %v", files, err)
	}
}

// A new store gets its first master and then a replica.
func TestNewStore(t *testing.T) {
	t.Parallel()
	op := newOperator(t)
	op.inventory.Stores = append(op.inventory.Stores, inventory.Store{Name: "s2"})
	units := course.Units([]planner.Plan{&planner.Layout{
		ID: "p", Stores: []planner.Placement{{Store: "s2", Master: "n", Replicas: []inventory.ServerID{"q"}}},
		Changes: []planner.LayoutChange{
			{ID: "c1", Do: planner.Create, Store: "s2", Server: "n"},
			{ID: "c2", Do: planner.Seed, Store: "s2", Server: "q", From: "n"},
		},
	}}, nil)
	j := &journal{left: -1}
	results, err := apply.CarryOut(t.Context(), units, false, op.options(j))
	must(t, err)
	finished(t, results, j)
	must(t, op.cyrus.On("s2", "n").Fill(t.Context(), []cyrustest.Mailbox{{Name: "user.carl", Messages: 2}}))
	must(t, op.fleet.Settle(t.Context()))
	if _, err := login(t.Context(), op.cyrus.On("s2", "q"), "carl"); err != nil {
		t.Error(err)
	}
}
