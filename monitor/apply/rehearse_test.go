package apply_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/host"
	"github.com/interlacemail/interlace/planner"
)

// told are the steps of a rehearsal, with what they would run and route.
func told(r *apply.Rehearsal) string {
	var b strings.Builder
	for _, s := range r.Steps {
		fmt.Fprintf(&b, "%s %s\n", s.Verb, s.Step)
		for _, c := range s.Commands {
			switch {
			case c.Order != nil:
				fmt.Fprintf(&b, "  order %s %s %s\n", c.Order.Act, c.Server, c.Order.Role)
			case c.Removes != "":
				fmt.Fprintf(&b, "  remove %s on %s\n", c.Removes, c.Server)
			case !c.Own:
				fmt.Fprintf(&b, "  %s private:%v on %s\n", inventory.Paste(c.Words...), c.Private, c.Server)
			}
		}
		for _, route := range s.Routes {
			fmt.Fprintf(&b, "  route %s to %s\n", route.User, route.To.Server)
		}
	}
	return b.String()
}

// What is rehearsed of a move, there or back, is told in one order, with its routes, and
// nothing of it is done.
func TestRehearse(t *testing.T) {
	t.Parallel()
	r := newRig(t, 2, cyrustest.Settings{})
	ctx := t.Context()
	from, to := r.Stores[0].Master(), r.Stores[1].Master()
	must(t, from.Fill(ctx, []cyrustest.Mailbox{
		{Name: "user.anna", Messages: 3},
		{Name: "team", Messages: 1},
		{Name: "team.x"},
		{Name: "user.carl"},
		{Name: "user.anna.Work", ACL: []cyrustest.Right{{Identifier: "carl", Rights: "lrswi"}}},
	}))
	r.inventory.Users = []inventory.User{{Name: "anna", Store: "s1"}, {Name: "team", Store: "s1", Kind: inventory.Shared}}
	must(t, r.Settle(ctx))
	u := unit("all", "s1", "s2", "anna", "team")
	rehearse := func(o *apply.Options, back bool) *apply.Rehearsal {
		t.Helper()
		a, err := apply.Rehearse(ctx, u, nil, back, o)
		must(t, err)
		b, err := apply.Rehearse(ctx, u, nil, back, o)
		must(t, err)
		if told(a) != told(b) {
			t.Errorf("it is told in two ways:\n%s\n%s", told(a), told(b))
		}
		return a
	}
	before := rehearse(r.options(&journal{left: -1}), false)
	out := "-m 'the mailbox is being moved (" + host.FileName(u.Plan, u.Name) + ")'"
	deny := func(in *cyrustest.Instance, words, user string) string {
		return fmt.Sprintf("  /usr/lib/cyrus/bin/cyr_deny -C %s %s -- %s private:false on %s\n", in.Conf, words, user, in.Name)
	}
	for _, want := range []string{
		"do deny_target\n" + deny(to, out, "anna") + deny(r.Stores[1].Replicas()[0], out, "anna") + "do copy\n",
		".conf -n interlace -v -u -- anna private:true on " + from.Name,
		"do route\n  route anna to " + to.Name + "\n  route team to " + to.Name + "\ndo allow_target\n" + deny(to, "-a", "anna"),
		"-f -- anna private:false on " + from.Name + "\n  remove team.x on " + from.Name + "\n  remove team on " + from.Name + "\ndo allow_source\n",
	} {
		if !strings.Contains(told(before), want) {
			t.Errorf("%s\nlacks\n%s", told(before), want)
		}
	}
	if want := "carl, who stays on s1 and may write to what moves, is kept out of s1 meanwhile, for 20m0s at most, and does not find it"; !strings.Contains(before.Text, want) {
		t.Errorf("%q lacks %q", before.Text, want)
	}

	j := r.killedAfter(t, u, "deny_source")
	back := rehearse(r.options(j), true)
	for _, want := range []string{
		"undo deny_source\n" + deny(from, "-a", "anna") + deny(from, "-a", "carl") + deny(r.Stores[0].Replicas()[0], "-a", "anna") + deny(r.Stores[0].Replicas()[0], "-a", "carl") + "undo copy\n",
		"/usr/lib/cyrus/bin/sync_reset -C " + to.Conf + " -f -- anna private:false on " + to.Name + "\n  remove team.x on " + to.Name + "\n  remove team on " + to.Name + "\n", "undo deny_target\n" + deny(to, "-a", "anna"), "undo check\n",
	} {
		if !strings.Contains(told(back), want) {
			t.Errorf("%s\nlacks\n%s", told(back), want)
		}
	}
	if _, err := login(ctx, from, "anna"); err == nil {
		t.Error("a rehearsal lets users in")
	}
	if got := talk(t, to, "", `LIST "" "*"`); !strings.Contains(got, "team") || !strings.Contains(got, "anna") {
		t.Errorf("a rehearsal removes what was copied: %s", got)
	}
	outcome, err := r.options(j).Carry(ctx, u, true)
	if outcome != course.Back {
		t.Errorf("%s, %v", outcome, err)
	}
	if none := rehearse(r.options(&journal{left: -1}), true); len(none.Steps) > 0 {
		t.Errorf("what never began would be undone: %s", told(none))
	}
}

// The orders of a promotion are told, there and back, and nobody is given one; the words in
// which its users are routed are those that were decided at first.
func TestRehearsePromotion(t *testing.T) {
	t.Parallel()
	op := newOperator(t)
	people(t, op.on("m"))
	must(t, op.fleet.Settle(t.Context()))
	u, j := alteration(planner.Promote, "r", "m", 2), &journal{left: -1}
	r, err := apply.Rehearse(t.Context(), u, nil, false, op.options(j))
	must(t, err)
	if want := "do stop\n  order stop m master\ndo drain\ndo promote\n  order promote r master\ndo route\n  route $(id) to r\n  route anna to r\n  route ben to r\ndo serve\n  order start m replica\n"; !strings.Contains(told(r), want) || len(r.Refused) > 0 {
		t.Errorf("%v\n%s\nlacks\n%s", r.Refused, told(r), want)
	}
	words := "old"
	options := func() *apply.Options {
		o := op.options(j)
		o.Name = func(_ context.Context, _ *inventory.Inventory, routes []apply.Route) ([]apply.Route, error) {
			for i := range routes {
				routes[i].Names = course.RouteNames{From: words, To: words + string(routes[i].User)}
			}
			return routes, nil
		}
		return o
	}
	for !strings.Contains(j.String(), "promote done") {
		j.left = 1 // it is killed after each step
		if _, err := options().CarryChange(t.Context(), u); !errors.Is(err, errCrash) {
			t.Fatalf("%v\n%v", err, j)
		}
	}
	j.left, op.orders, words = -1, nil, "another"
	r, err = apply.Rehearse(t.Context(), u, nil, false, options())
	must(t, err)
	if routes := r.Steps[0].Routes; r.Steps[0].Step != monitor.StepRoute || len(routes) != 3 || routes[1].Names != (course.RouteNames{From: "old", To: "oldanna"}) {
		t.Errorf("the routes are told anew: %+v", r.Steps[0])
	}
	r, err = apply.Rehearse(t.Context(), u, nil, true, op.options(j))
	must(t, err)
	if want := "undo promote\n  order stop r master\n  order start r replica\nundo drain\nundo stop\n  order start m master\n"; !strings.HasPrefix(told(r), want) || len(op.orders) > 0 {
		t.Errorf("%s\nlacks\n%s\nand the operator was told to %v", told(r), want, op.orders)
	}
}

// All that would keep a unit waiting now is told at once.
func TestRehearsedWaits(t *testing.T) {
	t.Parallel()
	evening := time.Date(2026, 11, 27, 22, 0, 0, 0, time.UTC)
	o := &apply.Options{
		Inventory: &inventory.Inventory{}, Journal: &journal{left: -1}, Now: func() time.Time { return evening.Add(time.Hour) },
		Run: onServer("a", nil), Limits: apply.Limits{StopFile: "/run/stop", UsersPerNight: 2},
		Gates: apply.Gates{
			Night: func(time.Time) (began, ends time.Time) { return evening, evening.Add(24 * time.Hour) }, Closed: func(time.Time) string { return "it is day" },
			Begun: func(_ context.Context, since time.Time) ([]apply.Begun, error) {
				if !since.Equal(evening) {
					return nil, errors.New("another night")
				}
				return []apply.Begun{{Plan: "other", Unit: "x", Users: 1}, {Plan: "other", Unit: "x, back to s1", Users: 1, Back: true}, {Plan: "p", Unit: "all", Users: 9}}, nil
			},
			Lags: func(context.Context) ([]monitor.Lag, error) {
				return []monitor.Lag{{Store: "s2", Verdict: monitor.Stopped}}, nil
			},
		},
	}
	o.Inventory.Stores = []inventory.Store{{Name: "s1", Instances: []inventory.Instance{{Server: "a"}}}, {Name: "s2", Instances: []inventory.Instance{{Server: "b"}}}}
	u := unit("all", "s1", "s2", "anna", "ben")
	earlier := []*apply.Rehearsal{
		{Unit: unit("before", "s1", "s2", "carl")},
		{Unit: unit("refused", "s1", "s2", "dora", "emil"), Refused: []string{"other facts"}},
		{Unit: unit("later", "s1", "s2", "fritz"), NextNight: true},
	}
	got := strings.Join(o.Waits(t.Context(), u, earlier), "\n")
	want := "stopped by /run/stop on a\nit is day\n2 users move this night already (1 of them back, which counts too) and 1 more before, and no more than 2 may: " +
		"until 2026-11-28 22:00 UTC, or with a larger --users-per-night\nstore s2 is behind: stopped (interlace lag)"
	if got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

// What runs under a lock is shown as it could be run by hand, once for each user.
func TestInside(t *testing.T) {
	got := apply.Inside(strings.Fields(`flock -E 75 -w 600 /conf/x.lock timeout -k 10 60 xargs -r -d \n -n 1 -- /bin/cyr_deny -C /conf -a --`), "anna\na b\n")
	want := [][]string{{"/bin/cyr_deny", "-C", "/conf", "-a", "--", "anna"}, {"/bin/cyr_deny", "-C", "/conf", "-a", "--", "a b"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%q", got)
	}
	got = apply.Inside(strings.Fields("flock -E 75 -w 600 /conf/x.lock timeout -k 10 60 /bin/sync_client -u -- anna"), "")
	if want := [][]string{{"/bin/sync_client", "-u", "--", "anna"}}; !reflect.DeepEqual(got, want) {
		t.Errorf("%q", got)
	}
}
