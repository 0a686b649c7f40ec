package confirm_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/monitor/confirm"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/planner"
)

// where is where those are whom these units have moved.
func (r *rig) where(units []course.Unit) map[inventory.UserID]course.Whereabouts {
	r.Helper()
	moved, err := course.Find(r.Context(), units, r)
	r.must(err)
	return moved
}

// checks confirms a unit before its originals are deleted, in short: what is not met.
func (r *rig) checks(u *course.Unit, all []course.Unit) error {
	r.Helper()
	o := r.options()
	o.Moved = r.where(all)
	return r.checksBy(u, o)
}

// checksBy is the same by options.
func (r *rig) checksBy(u *course.Unit, o confirm.Options) error {
	r.Helper()
	o.Occasion = monitor.BeforeDeletion
	found, err := confirm.Unit(r.Context(), u, o)
	r.must(err)
	for _, p := range found.Promises {
		for _, d := range p.Doubts {
			err = errors.Join(err, fmt.Errorf("%s %s %s: expected %s, found %s", p.Name, d.User, d.Server, d.Expected, d.Found))
		}
	}
	return err
}

// What two plans keep of who was moved by both is in the way of neither, and goes when its
// time is over; also where one of them has moved somebody on for good.
func TestKeptByTwoPlans(t *testing.T) {
	r := newRig(t)
	r.inventory.Users = append(r.inventory.Users, inventory.User{Name: "dora", Store: "s2"})
	r.inventory.Sort()
	r.inventory.Shares = []inventory.Share{{Owner: "anna", Folder: "Work", Grantee: "dora", Rights: "lr"}} // across stores, before and after
	r.routes = map[inventory.UserID]string{"anna": "s1m", "ben": "s1m"}
	to3 := func(id string, user inventory.UserID) course.Unit {
		return course.Units([]planner.Plan{&planner.Assignment{ID: id, Changes: []planner.UserChange{{ID: "c1", Do: planner.Move, User: user, Group: user, From: "s1", To: "s3"}}}}, nil)[0]
	}
	first := course.Units([]planner.Plan{r.plan}, nil)[0]
	second, third := to3("q", "anna"), to3("w", "ben")
	back := []course.Unit{course.Reverse(&first)[0], course.Reverse(&second)[0]}
	all := []course.Unit{first, second, third}
	carry := func(o *apply.Options, want course.Outcome, units ...course.Unit) {
		t.Helper()
		o.Whereabouts = func(context.Context) (map[inventory.UserID]course.Whereabouts, error) { return r.where(all), nil }
		done, err := apply.CarryOut(t.Context(), units, false, o)
		r.must(err)
		for i := range done {
			if done[i].Outcome != want {
				t.Fatalf("%s: %s, %s", done[i].Unit.Name, done[i].Outcome, done[i].Why)
			}
		}
	}
	carry(r.applying(), course.Moved, first)
	carry(r.applying(), course.Moved, back[0])
	carry(r.applying(), course.Moved, second)
	carry(r.applying(), course.Moved, back[1])
	r.sync("s1")
	back[0].Of = "" // the forward unit is at its end: what it kept is in use again
	for i := range back {
		if err := r.checks(&back[i], all); err != nil {
			t.Errorf("%s: %v", back[i].Name, err)
		}
	}
	r.tool(r.master("s3"), "cyr_deny", "-a", "--", "anna")
	if err := r.checks(&back[0], all); err == nil || !strings.Contains(err.Error(), "placement anna s3m: expected kept there and denied, found kept and not denied") {
		t.Errorf("let in where a copy is kept: %v", err)
	}
	deny := denying(&r.inventory.Stores[2].Instances[0], &back[1], "anna")
	r.paste(deny)

	// Ben is moved on: what is kept of him on s2 is held against what he has on s3.
	carry(r.applying(), course.Moved, third)
	r.do(r.master("s3"), "ben", "STATUS INBOX (MESSAGES)")
	if err := r.checks(&back[0], all); err != nil {
		t.Errorf("moved on: %v", err)
	}
	late := r.applying()
	late.Now = func() time.Time { return time.Now().Add(15 * 24 * time.Hour) }
	late.Live.Quiet = func(context.Context, *inventory.Inventory, inventory.Instance, []inventory.UserID) (bool, bool, time.Time, error) {
		return true, true, time.Time{}, nil
	}
	late.Run = func(ctx context.Context, server inventory.ServerID, input string, words ...string) (string, error) {
		out, err := r.run(ctx, server, input, words...)
		if at := slices.Index(words, "-C"); err == nil && slices.Contains(words, "/usr/lib/cyrus/bin/sync_reset") {
			_, err = r.run(ctx, server, "", "/usr/lib/cyrus/bin/sync_client", "-C", words[at+1], "-r", "-1") // no client runs there
		}
		return out, err
	}
	asked := r.options() // as one run of apply asks
	asked.Moved, asked.Names = r.where(all), &confirm.Names{}
	late.Live.Confirmed = func(_ context.Context, _ *inventory.Inventory, u *course.Unit, _ func(string)) (string, error) {
		return "", r.checksBy(u, asked)
	}
	carry(late, course.Finished, first, second, third, back[0], back[1])
	for store, want := range map[string]string{"s1": "anna", "s2": "", "s3": "ben"} {
		in := r.inventory.Stores[r.inventory.Store(inventory.StoreID(store))].Instances[0]
		out, err := r.options().Denied(t.Context(), in)
		r.must(err)
		var there []string
		for _, user := range []string{"anna", "ben"} {
			c, err := r.master(store).Dial(t.Context())
			r.must(err)
			answers, err := c.Do(`LIST "" "user.` + user + `"`)
			r.must(errors.Join(err, c.Close()))
			if strings.Contains(strings.Join(answers, " "), "user."+user) {
				there = append(there, user)
			}
		}
		if got := strings.Join(there, " "); got != want || len(out) > 0 {
			t.Errorf("%s: there are %s, want %s; denied %v", store, got, want, out)
		}
	}
}
