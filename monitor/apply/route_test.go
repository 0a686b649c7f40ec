package apply_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/monitor/course"
)

// In which words users are routed is decided once, when a unit begins, and told by the
// rehearsal; who is routed back is routed by the name that stood there before, whether a
// step is taken back or the whole move.
func TestRoutedByName(t *testing.T) {
	t.Parallel()
	r := newRig(t, 2, cyrustest.Settings{})
	ctx := t.Context()
	must(t, r.Stores[0].Master().Fill(ctx, []cyrustest.Mailbox{{Name: "user.anna", Messages: 3}}))
	u := unit("anna", "s1", "s2", "anna")
	here, there, written := "mx-anna", "mx-new", ""
	options := func(j *journal) *apply.Options {
		o := r.options(j)
		o.Name = func(_ context.Context, _ *inventory.Inventory, routes []apply.Route) ([]apply.Route, error) {
			routes[0].Names = course.RouteNames{From: here, To: cmp.Or(routes[0].Was, there)}
			return routes, nil
		}
		o.Route = func(_ context.Context, routes []apply.Route) error {
			written = fmt.Sprintf("%s: %s,%s", routes[0].To.Server, routes[0].Names.From, routes[0].Names.To)
			return nil
		}
		return o
	}
	want := func(what, line string, store int) {
		t.Helper()
		if line = r.Stores[store].Master().Name + ": " + line; written != line {
			t.Errorf("%s: %s, want %s", what, written, line)
		}
	}
	rehearsed := func(what, line string, u *course.Unit, j *journal, back bool) {
		t.Helper()
		would, err := apply.Rehearse(ctx, u, nil, back, options(j))
		must(t, err)
		got := ""
		for _, s := range would.Steps {
			for _, route := range s.Routes {
				got += route.Names.From + "," + route.Names.To
			}
		}
		if got != line {
			t.Errorf("%s is rehearsed as %s, want %s", what, got, line)
		}
	}
	j := &journal{left: -1}
	rehearsed("forth", "mx-anna,mx-new", u, j, false)
	for !strings.Contains(j.String(), "route done") {
		j.left = 1 // it is killed after each step
		if _, err := options(j).Carry(ctx, u, false); !errors.Is(err, errCrash) {
			t.Fatalf("%v\n%v", err, j)
		}
		if strings.Contains(j.String(), "check done") {
			here, there = "another", "another"
		}
	}
	want("forth", "mx-anna,mx-new", 1)
	j.left = -1
	rehearsed("undone", "mx-new,mx-anna", u, j, true)
	if outcome, err := options(j).Carry(ctx, u, true); outcome != course.Back {
		t.Errorf("%s, %v", outcome, err)
	}
	want("undone", "mx-new,mx-anna", 0)
	must(t, r.Settle(ctx)) // the replica follows

	j, here, there = &journal{left: -1}, "mx-anna", "mx-new"
	if outcome, err := options(j).Carry(ctx, u, false); outcome != course.Moved {
		t.Fatalf("%s, %v\n%v", outcome, err, j)
	}
	want("once more", "mx-anna,mx-new", 1)
	here, there = "mx-new", "another"
	back := &course.Reverse(u)[0]
	rehearsed("back", "mx-new,mx-anna", back, j, false)
	if outcome, err := options(j).Carry(ctx, back, false); outcome != course.Moved {
		t.Errorf("%s, %v\n%v", outcome, err, j)
	}
	want("back", "mx-new,mx-anna", 0)
}

// Users whose old and new store have one name are not moved, and nothing is done. Who is
// known to be routed as before by the name need not be routed back, though both stores are
// on one server.
func TestNamesThatDoNotTell(t *testing.T) {
	t.Parallel()
	r := newRig(t, 2, cyrustest.Settings{})
	ctx := t.Context()
	must(t, r.Stores[0].Master().Fill(ctx, []cyrustest.Mailbox{{Name: "user.anna", Messages: 3}}))
	u, j := unit("anna", "s1", "s2", "anna"), &journal{left: -1}
	o := r.options(j)
	o.Name = func(context.Context, *inventory.Inventory, []apply.Route) ([]apply.Route, error) {
		return nil, errors.New("imap1 is both")
	}
	outcome, err := o.Carry(ctx, u, false)
	if outcome != course.Back || err == nil || !strings.Contains(err.Error(), "check: imap1 is both") || strings.Contains(j.String(), "deny_target") {
		t.Errorf("%s, %v\n%v", outcome, err, j)
	}

	inventoryOf(r, 0).Server, inventoryOf(r, 1).Server = "imap1", "imap1"
	now := ""
	for name, want := range map[string]string{"old": "is let in where they were; their copies on s2 stay", "new": "is kept out everywhere"} {
		must(t, r.Settle(ctx))
		j = &journal{left: -1}
		o = r.options(j)
		o.Denied = 4 * time.Second
		o.Name = func(_ context.Context, _ *inventory.Inventory, routes []apply.Route) ([]apply.Route, error) {
			routes[0].Names = course.RouteNames{From: "old", To: "new"}
			return routes, nil
		}
		o.Route = func(context.Context, []apply.Route) error {
			now = name
			return errors.New("the hook fails")
		}
		o.Live.Named = func(context.Context, []inventory.UserID) (map[inventory.UserID]string, error) {
			return map[inventory.UserID]string{"anna": now}, nil
		}
		o.Live.Served = func(context.Context, *inventory.Inventory, []inventory.UserID) (map[inventory.UserID]apply.Destination, error) {
			return map[inventory.UserID]apply.Destination{"anna": {Server: "imap1"}}, nil
		}
		if outcome, err := o.Carry(ctx, u, false); outcome != course.Broken || !strings.Contains(err.Error(), "user anna "+want) {
			t.Errorf("routed to %s: %s, %v, want %s\n%v", name, outcome, err, want, j)
		}
		o.Route = func(context.Context, []apply.Route) error { return nil }
		if outcome, err := o.Carry(ctx, u, true); outcome != course.Back {
			t.Errorf("%s, %v\n%v", outcome, err, j)
		}
	}
}

// A hook that fails both ways, and has done nothing, keeps nobody out with whom a shared tree
// moves, unless the tree is known to be routed elsewhere; and of whom it has routed to a third
// place it is told that on the way back.
func TestHookFailsBothWays(t *testing.T) {
	t.Parallel()
	r := newRig(t, 2, cyrustest.Settings{})
	ctx := t.Context()
	must(t, r.Stores[0].Master().Fill(ctx, []cyrustest.Mailbox{
		{Name: "user.anna", Messages: 3}, {Name: "team", Messages: 1, ACL: []cyrustest.Right{{Identifier: "anna", Rights: "lrswipte"}}},
	}))
	r.inventory.Users = []inventory.User{{Name: "anna"}, {Name: "team", Kind: inventory.Shared}}
	u := unit("anna", "s1", "s2", "anna", "team")
	for _, test := range []struct {
		users, trees string // to which they are routed by the hook
		want         string
		from         string
	}{
		{"old", "", "is let in where they were; their copies on s2 stay", "new"},
		{"old", "old", "is let in where they were; their copies on s2 stay", "new"},
		{"old", "new", "is kept out everywhere", "new"},
		{"third", "", "is kept out everywhere", "third"},
	} {
		must(t, r.Settle(ctx))
		j := &journal{left: -1}
		o := r.options(j)
		o.Denied = 4 * time.Second
		o.Name = func(_ context.Context, _ *inventory.Inventory, routes []apply.Route) ([]apply.Route, error) {
			for i := range routes {
				routes[i].Names = course.RouteNames{From: "old", To: "new"}
			}
			return routes, nil
		}
		back := ""
		o.Route = func(_ context.Context, routes []apply.Route) error {
			if routes[0].Names.To == "old" {
				back = routes[0].Names.From
			}
			return errors.New("the hook fails")
		}
		o.Live.Named = func(_ context.Context, users []inventory.UserID) (map[inventory.UserID]string, error) {
			names := map[inventory.UserID]string{}
			for _, u := range users {
				if names[u] = test.users; u == "team" {
					names[u] = test.trees
				}
			}
			return names, nil
		}
		outcome, err := o.Carry(ctx, u, false)
		if outcome != course.Broken || !strings.Contains(err.Error(), "user anna "+test.want) || back != test.from {
			t.Errorf("routed to %q and %q: %s, %v, from %q\n%v", test.users, test.trees, outcome, err, back, j)
		}
		o.Route = func(context.Context, []apply.Route) error { return nil }
		if outcome, err := o.Carry(ctx, u, true); outcome != course.Back {
			t.Errorf("%s, %v\n%v", outcome, err, j)
		}
		r.reroute("anna", r.Stores[0].Master())
		r.look(t, "anna", 1, 0)
	}
}

// inventoryOf is the master of a store in the inventory.
func inventoryOf(r *rig, store int) *inventory.Instance {
	return &r.inventory.Stores[store].Instances[0]
}
