package apply_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/planner"
)

// routedTo has some users routed to these places, and all others to an instance of s1, but for those
// whom an apply has routed since.
func routedTo(server inventory.ServerID, some map[inventory.UserID]apply.Destination, since map[inventory.UserID]inventory.ServerID) func(o *apply.Options) {
	return func(o *apply.Options) {
		o.Live.Served = func(_ context.Context, _ *inventory.Inventory, users []inventory.UserID) (map[inventory.UserID]apply.Destination, error) {
			routed := map[inventory.UserID]apply.Destination{}
			for _, u := range users {
				at, is := some[u]
				switch {
				case since[u] != "":
					routed[u] = apply.Destination{Store: "s1", Server: since[u]}
				case is:
					routed[u] = at
				default:
					routed[u] = apply.Destination{Store: "s1", Server: server}
				}
			}
			return routed, nil
		}
	}
}

// Two stores have instances on one server. A route that is an address tells which one is meant, and
// one that names the server does not. Who is let in on both, and routed to the other store, is not
// routed by a promotion, whatever the facts say; and who is denied there, as erik is, and is known to
// be routed there, is, but not whom a move has left there, as gil; of whom that is not known, as of
// finn, it is told.
func TestRoutesNameInstances(t *testing.T) {
	t.Parallel()
	op := newOperator(t)
	ctx := t.Context()
	people(t, op.on("m"))
	both := []cyrustest.Mailbox{{Name: "user.carl"}, {Name: "user.dora"}}
	must(t, op.on("m").Fill(ctx, slices.Concat(both, []cyrustest.Mailbox{{Name: "user.erik"}, {Name: "user.finn"}, {Name: "user.gil"}})))
	for _, user := range []string{"erik", "finn", "gil"} {
		_, err := op.on("m").Tool(ctx, "cyr_deny", "-m", "locked", user)
		must(t, err)
	}
	left := func(o *apply.Options) {
		o.Whereabouts = func(context.Context) (map[inventory.UserID]course.Whereabouts, error) {
			return map[inventory.UserID]course.Whereabouts{"gil": {Store: "s2", Since: time.Now(), Plan: "p"}}, nil
		}
	}
	_, err := op.cyrus.Do(ctx, "create", "s2", "q", []string{"q"})
	must(t, err)
	q := op.cyrus.On("s2", "q")
	must(t, q.Fill(ctx, both))
	op.inventory.Stores = append(op.inventory.Stores, inventory.Store{Name: "s2", Instances: []inventory.Instance{
		{Server: "q", Role: inventory.Master, IMAP: q.IMAP, IMAPDConf: q.Conf}, {Server: "m", Role: inventory.Replica}, {Server: "r", Role: inventory.Replica},
	}})
	op.inventory.Users = []inventory.User{{Name: "carl", Store: "s2"}, {Name: "dora", Store: "s1"}}
	here, there := apply.Destination{Store: "s1", Server: "m"}, apply.Destination{Store: "s2", Server: "m"}

	drop := alteration(planner.Drop, "r", "", 1)
	for at, want := range map[apply.Destination]string{
		{Store: "s1", Server: "r"}: "user carl is routed to the replica on r, which is to be removed",
		{Server: "r"}:              "user carl is let in on s1 and on s2, and it is not known which one they use: let interlace discover --routed find out",
	} {
		outcome, _, err := op.carry(t, drop, &journal{left: -1}, routedTo("m", map[inventory.UserID]apply.Destination{"carl": at}, nil))
		if outcome != course.Back || err == nil || !strings.Contains(err.Error(), want) || len(op.orders) > 0 {
			t.Errorf("a drop with carl routed to %s: %s, %v, after %v", at, outcome, err, op.orders)
		}
	}

	for i, test := range []struct {
		carl, dora apply.Destination
		routed     string // who of them is, and empty: it does not begin
	}{
		{here, there, "carl"},
		{there, apply.Destination{Server: "q"}, "none"},
		{apply.Destination{Server: "m"}, here, ""},
	} {
		old, fresh := inventory.ServerID("m"), inventory.ServerID("r")
		if op.layout() != "master m, replica r" {
			old, fresh = fresh, old
		}
		swap := func(at apply.Destination) apply.Destination {
			if at.Server == "m" {
				at.Server = old
			}
			return at
		}
		clear(op.routes)
		some := map[inventory.UserID]apply.Destination{"carl": swap(test.carl), "dora": swap(test.dora), "finn": {Server: old}}
		j := &journal{left: -1}
		outcome, _, err := op.carry(t, alteration(planner.Promote, fresh, old, 2), j, routedTo(old, some, op.routes), left)
		if test.routed == "" {
			if outcome != course.Back || err == nil || !strings.Contains(err.Error(), "user carl is let in on s1 and on s2") {
				t.Errorf("%d: %s, %v\n%v", i, outcome, err, j)
			}
			continue
		}
		got := "none"
		for _, u := range []inventory.UserID{"carl", "dora"} {
			if op.routes[u] != "" {
				got = string(u)
			}
		}
		if outcome != course.Finished || got != test.routed {
			t.Errorf("%d: %s, %v: %v are routed\n%v", i, outcome, err, op.routes, j)
		}
		if op.routes["erik"] != fresh || op.routes["finn"] != "" || op.routes["gil"] != "" || strings.Count(j.String(), "user erik is denied there, and routed all the same") != 1 {
			t.Errorf("%d: of those who are denied %v are routed\n%v", i, op.routes, j)
		}
		if want := "user finn is denied there, and routed to the name of a server on which other stores are, too: that is left as it is, and whoever lets them in again on s1 has to route them to its new master"; strings.Count(j.String(), want) != 1 || (&course.Result{Unit: alteration(planner.Promote, fresh, old, 2), Outcome: outcome, Records: j.steps}).Dangling() != want {
			t.Errorf("%d: that finn is left as he is routed is not told\n%v", i, j)
		}
		if says := strings.Contains(j.String(), "dora is routed to s2, and let in there, and not on s1"); says != (test.dora != here) {
			t.Errorf("%d: that dora is on s2 is told: %v\n%v", i, says, j)
		}
	}
}

// Who is routed to a third store, and let in there, is not moved, also where that has an instance on
// the server of the old one.
func TestWhoIsElsewhereIsNotMoved(t *testing.T) {
	t.Parallel()
	r := anna(t)
	must(t, r.Settle(t.Context()))
	s1 := r.inventory.Store("s1")
	third := r.inventory.Stores[s1].Instances[1] // it has what the master has
	third.Server = r.inventory.Stores[s1].Instances[0].Server
	r.inventory.Stores = append(r.inventory.Stores, inventory.Store{Name: "s3", Instances: []inventory.Instance{third}})
	for at, refused := range map[apply.Destination]bool{{Store: "s3", Server: third.Server}: true, {Server: third.Server}: false, {Store: "s1", Server: third.Server}: false} {
		o := r.options(&journal{left: -1})
		routedTo(third.Server, map[inventory.UserID]apply.Destination{"anna": at}, nil)(o)
		_, err := o.Check(t.Context(), unit("anna", "s1", "s2", "anna"))
		if says := strings.Contains(fmt.Sprint(err), "user anna is routed to s3, and let in there, and not on s1"); says != refused || err != nil && !refused {
			t.Errorf("routed to %s: %v", at, err)
		}
	}
}
