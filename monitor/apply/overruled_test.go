package apply_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/monitor/course"
)

// Whom the operator denies on the old store while he is kept out there, or lets in, is not
// moved, until somebody is let in on the new store: the operator's denial holds where he is.
func TestOperatorOverrules(t *testing.T) {
	t.Parallel()
	r := newRig(t, 2, cyrustest.Settings{})
	ctx := t.Context()
	from, replica, to := r.Stores[0].Master(), r.Stores[0].Replicas()[0], r.Stores[1].Master()
	unpaid, in := []string{"-m", "unpaid"}, []string{"-a"}
	for user, test := range map[string]struct {
		on     *cyrustest.Instance
		routes bool // while users are routed, and not when all is copied
		args   []string
		says   string
	}{
		"denied":        {from, false, unpaid, `prove_replica: user denied is denied on ` + from.Name + ` by somebody else meanwhile, who says "unpaid"`},
		"denied-behind": {replica, false, unpaid, "user denied-behind is denied on " + replica.Name + " by somebody else"},
		"let-in":        {from, false, in, "user let-in was let in again on " + from.Name + " by somebody else"},
		"denied-late":   {from, true, unpaid, "allow_target: user denied-late is denied on " + from.Name + " by somebody else"},
		"let-in-late":   {from, true, in, "user let-in-late was let in again on " + from.Name + " by somebody else"},
	} {
		must(t, from.Fill(ctx, []cyrustest.Mailbox{{Name: "user." + user, Messages: 3}}))
		r.reroute(user, from)
		j := &journal{left: -1}
		o := r.options(j)
		overrule := func() {
			_, err := test.on.Tool(ctx, "cyr_deny", append(test.args, user)...)
			must(t, err)
		}
		route := o.Route
		o.Route = func(ctx context.Context, routes []apply.Route) error {
			if test.routes && routes[0].To.Server == inventory.ServerID(to.Name) {
				overrule()
			}
			return route(ctx, routes)
		}
		if !test.routes {
			at(o, "-O", overrule)
		}
		outcome, err := o.Carry(ctx, unit(user, "s1", "s2", user), false)
		if outcome != course.Back || err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %s, %v, want %s\n%v", user, outcome, err, test.says, j)
		}
		if got := r.routed(user); got != inventory.ServerID(from.Name) {
			t.Errorf("%s is routed to %s", user, got)
		}
		out, err := test.on.Tool(ctx, "cyr_deny", "-l")
		if must(t, err); strings.Contains(out, user+" ") != (test.args[0] == "-m") || strings.Contains(out, "being moved") {
			t.Errorf("%s: on %s is denied: %s", user, test.on.Name, out)
		}
		if left := talk(t, to, "", `LIST "" "user.`+user+`"`); left != "" {
			t.Errorf("a copy is left: %s", left)
		}
	}
}

// Whom the operator denies on the old store in the very moment in which he is let in on the
// new one is told.
func TestOperatorIsTooLate(t *testing.T) {
	t.Parallel()
	r := anna(t)
	ctx := t.Context()
	from := r.Stores[0].Master()
	j := &journal{left: -1}
	o := r.options(j)
	o.Live.Kick = func(context.Context) error {
		_, err := from.Tool(ctx, "cyr_deny", "-m", "unpaid", "anna")
		return err
	}
	u := unit("anna", "s1", "s2", "anna")
	says := "user anna is denied on " + from.Name + ` by somebody else meanwhile, who says "unpaid", which does not hold on the new store`
	if outcome, err := o.Carry(ctx, u, false); outcome != course.Stuck || err == nil || !strings.Contains(err.Error(), says) {
		t.Errorf("%s, %v, want %s\n%v", outcome, err, says, j)
	}
	o.Now = func() time.Time { return time.Now().Add(time.Hour) }
	if outcome, err := o.Carry(ctx, u, false); outcome != course.Moved || !strings.Contains(j.String(), says) {
		t.Errorf("%s, %v, want %s\n%v", outcome, err, says, j)
	}
}

// An original whose denial the operator has replaced is not moved back to: he would be kept
// out there.
func TestReplacedDenialIsNotMovedBackTo(t *testing.T) {
	t.Parallel()
	r := newRig(t, 2, cyrustest.Settings{})
	ctx := t.Context()
	from := r.Stores[0].Master()
	must(t, from.Fill(ctx, []cyrustest.Mailbox{{Name: "user.anna", Messages: 3}}))
	o := r.options(&journal{left: -1})
	u := unit("anna", "s1", "s2", "anna")
	carry := func(u *course.Unit, want course.Outcome, says string) string {
		t.Helper()
		done, err := apply.CarryOut(ctx, []course.Unit{*u}, false, o)
		if err != nil || done[0].Outcome != want || !strings.Contains(done[0].Why, says) {
			t.Fatalf("%v, %v, want %s, %s\n%v", done, err, want, says, o.Journal)
		}
		return done[0].Why
	}
	carry(u, course.Moved, "")
	back := course.Reverse(u)
	_, err := from.Tool(ctx, "cyr_deny", "-m", "unpaid", "anna")
	must(t, err)
	carry(&back[0], course.Back, "user anna is denied on "+from.Name+" already (cyr_deny -l shows it)")
	r.look(t, "anna", 0, 1)
	_, err = from.Tool(ctx, "cyr_deny", "-a", "anna")
	must(t, err)
	told := carry(&back[0], course.Back, "user anna has to be denied on "+from.Name+": ")
	_, command, _ := strings.Cut(told, "has to be denied on "+from.Name+": ")
	_, err = cyrustest.Program(ctx, "", "sh", "-c", command)
	must(t, err)
	carry(&back[0], course.Moved, "")
	r.look(t, "anna", 1, 0)
}
