package apply_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/monitor/course"
)

// Who was moved back is at home, whichever instance of his store leads it by now: nothing has
// him denied there, and what is left of both ways ends. Of who was moved on by others it does not
// matter where he is routed, and nobody is to be denied where he was taken back by hand.
func TestNobodyIsDeniedAtHome(t *testing.T) {
	t.Parallel()
	r := newRig(t, 2, cyrustest.Settings{})
	ctx := t.Context()
	from, to := r.Stores[0], r.Stores[1]
	o := r.options(&journal{left: -1})
	o.Live.Served = func(_ context.Context, _ *inventory.Inventory, users []inventory.UserID) (map[inventory.UserID]apply.Destination, error) {
		served := map[inventory.UserID]apply.Destination{}
		for _, u := range users {
			served[u] = apply.Destination{Server: r.routed(string(u))}
		}
		return served, nil
	}
	carry := func(o *apply.Options, u *course.Unit, want course.Outcome) string {
		t.Helper()
		outcome, err := o.Carry(ctx, u, false)
		if outcome != want {
			t.Errorf("%s: %s, %v\n%v", u.Name, outcome, err, o.Journal)
		}
		if err == nil {
			return ""
		}
		return err.Error()
	}
	moved := func(user string) *course.Unit {
		t.Helper()
		must(t, from.Master().Fill(ctx, []cyrustest.Mailbox{{Name: "user." + user, Messages: 3}}))
		must(t, r.Settle(ctx))
		r.reroute(user, from.Master())
		u := unit(user, "s1", "s2", user)
		carry(o, u, course.Moved)
		return u
	}
	promoted := func(store int) { slices.Reverse(r.inventory.Stores[store].Instances) }

	home := moved("anna")
	back := course.Reverse(home)
	carry(o, &back[0], course.Moved)
	promoted(0)
	r.reroute("anna", from.Replicas()[0])
	carry(later(o), home, course.Finished)
	carry(later(o), &back[0], course.Finished)
	for _, in := range from.Instances {
		if _, err := login(ctx, in, "anna"); err != nil {
			t.Errorf("anna is kept out of %s, where she lives: %v", in.Name, err)
		}
	}
	promoted(0)
	must(t, r.Settle(ctx))

	on := moved("ben")
	promoted(1)
	r.reroute("ben", from.Master()) // the server has another store too, to which he was moved on
	carry(later(o), on, course.Finished)
	promoted(1)

	kept := moved("carl")
	promoted(1)
	r.reroute("carl", from.Master())
	for _, in := range from.Instances {
		_, err := in.Tool(ctx, "cyr_deny", "-a", "carl")
		must(t, err)
	}
	want := "user carl is routed to " + from.Master().Name + " and let in there: what is on s1 is in use, and not deleted"
	if told := carry(later(o), kept, course.Blocked); !strings.Contains(told, want) || strings.Contains(told, "cyr_deny") {
		t.Errorf("%s\nis not %s", told, want)
	}
	r.reroute("carl", to.Replicas()[0])
	if told := carry(later(o), kept, course.Blocked); !strings.Contains(told, "user carl has to be denied on "+from.Master().Name+": ") {
		t.Error(told)
	}
}
