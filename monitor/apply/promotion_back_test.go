package apply_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/planner"
)

// A replica for which nothing was ever logged, not even by it, is promoted.
func TestPromotionOfWhatNeverLogged(t *testing.T) {
	t.Parallel()
	op := newOperator(t)
	people(t, op.on("m"))
	must(t, op.fleet.Settle(t.Context()))
	must(t, os.RemoveAll(op.on("r").Dir+"/conf/sync"))
	op.must(t, alteration(planner.Promote, "r", "m", 2), before(apply.ActStart, func(context.Context) {
		must(t, os.RemoveAll(op.on("r").Dir+"/conf/sync"))
	}))
}

// refusing lets the operator's hook fail at an act: before it has done anything, or when
// it has done all.
func refusing(act apply.Act, done bool) func(*apply.Options) {
	return func(o *apply.Options) {
		hook := o.Layouts.Hook
		o.Layouts.Hook = func(ctx context.Context, order *apply.Order) (string, error) {
			if order.Act != act {
				return hook(ctx, order)
			}
			if done {
				if out, err := hook(ctx, order); err != nil {
					return out, err
				}
			}
			return "", errors.New("no such day")
		}
	}
}

// passing returns what lets time pass in a moment, however long the machine takes for the rest.
func passing(o *apply.Options) func(time.Duration) {
	var passed atomic.Int64
	o.Now = func() time.Time { return time.Now().Add(time.Duration(passed.Load())) }
	return func(d time.Duration) { passed.Add(int64(d)) }
}

// A promotion whose hook fails has the old master started again, however far it came.
func TestPromotionTakenBack(t *testing.T) {
	t.Parallel()
	op := newOperator(t)
	people(t, op.on("m"))
	for _, done := range []bool{false, true} {
		j := &journal{left: -1}
		u := alteration(planner.Promote, "r", "m", 2)
		outcome, _, err := op.carry(t, u, j, refusing(apply.ActPromote, done))
		if outcome != course.Back || err == nil || !strings.Contains(err.Error(), "instance_hook promote s1 on r: no such day") {
			t.Errorf("done before it failed %v: %s, %v\n%v", done, outcome, err, j)
		}
		op.check(t, "master m, replica r")
		if _, err := login(t.Context(), op.on("m"), "anna"); err != nil || op.serves("anna") != op.on("m") {
			t.Errorf("done before it failed %v: anna is not served by the old master: %v", done, err)
		}
		if r := (course.Result{Unit: u, Records: j.steps}); !r.Out().IsZero() || !r.Denied().Known {
			t.Errorf("kept out since %v, for %v", r.Out(), r.Denied())
		}
	}
	j := &journal{left: -1}
	outcome, _, err := op.carry(t, alteration(planner.Promote, "r", "m", 2), j, func(o *apply.Options) {
		o.Denied, o.Expected = time.Minute, time.Minute
		pass := passing(o)
		o.Progress = func(p apply.Progress) {
			if p.Step == monitor.StepPromote && p.Verb == course.Do {
				pass(57 * time.Second)
			}
		}
		hook := o.Layouts.Hook
		o.Layouts.Hook = func(ctx context.Context, order *apply.Order) (string, error) {
			if order.Act != apply.ActPromote {
				return hook(ctx, order)
			}
			<-ctx.Done()
			return "", context.Cause(ctx)
		}
	})
	if outcome != course.Back || err == nil || !strings.Contains(err.Error(), "the users have been kept out for longer than 1m0s") {
		t.Errorf("a hook that hangs: %s, %v\n%v", outcome, err, j)
	}
	op.check(t, "master m, replica r")
	op.must(t, alteration(planner.Promote, "r", "m", 2))
	op.check(t, "master r, replica m")
}

// What was written to the new master is not lost by starting the old one again, and it is
// told that the store is offline.
func TestPromotionWrittenTo(t *testing.T) {
	t.Parallel()
	op := newOperator(t)
	people(t, op.on("m"))
	j := &journal{left: -1}
	u := alteration(planner.Promote, "r", "m", 2)
	outcome, _, err := op.carry(t, u, j, func(o *apply.Options) {
		hook := o.Layouts.Hook
		o.Layouts.Hook = func(ctx context.Context, order *apply.Order) (string, error) {
			out, err := hook(ctx, order)
			if order.Act == apply.ActPromote {
				talk(t, op.on("r"), "anna", "CREATE INBOX.New")
				err = errors.Join(err, errors.New("no such day"))
			}
			return out, err
		}
	})
	if outcome != course.Broken || err == nil || !strings.Contains(err.Error(), "to start m again would lose that") || op.on("m").Runs() {
		t.Errorf("%s, %v, the old master runs: %v\n%v", outcome, err, op.on("m").Runs(), j)
	}
	if r := (course.Result{Unit: u, Records: j.steps}); r.Out().IsZero() {
		t.Error("it is not told that the store is offline")
	}
}

// Where the routes can't be changed it is tried for as long as users may be kept out, and
// then there is no way back.
func TestPromotionNotRouted(t *testing.T) {
	t.Parallel()
	op := newOperator(t)
	people(t, op.on("m"))
	asked := 0
	u, j := alteration(planner.Promote, "r", "m", 2), &journal{left: -1}
	hang := func(o *apply.Options) {
		o.Denied, o.Expected = time.Minute, time.Minute
		pass := passing(o)
		o.Route = func(context.Context, []apply.Route) error {
			if asked++; asked == 4 {
				pass(time.Minute)
			}
			return errors.New("no such directory")
		}
	}
	outcome, _, err := op.carry(t, u, j, hang)
	if outcome != course.Stuck || err == nil || !strings.Contains(err.Error(), "no such directory") || asked != 4+2 { // while there is time, and once in each further pass
		t.Errorf("%s, %v, asked %d times\n%v", outcome, err, asked, j)
	}
	if r := (course.Result{Unit: u, Records: j.steps}); r.Out().IsZero() {
		t.Error("it is not told that users are kept out")
	}
	for at, out := range map[apply.Destination]bool{{Server: "r"}: false, {Server: "m"}: true, {Store: "s1"}: true} { // the store's name says nothing of the server
		o := op.options(j)
		o.Live.Served = func(_ context.Context, _ *inventory.Inventory, users []inventory.UserID) (map[inventory.UserID]apply.Destination, error) {
			routed := map[inventory.UserID]apply.Destination{}
			for _, user := range users {
				routed[user] = at
			}
			return routed, nil
		}
		if since := apply.KeptOut(t.Context(), u, j.steps, o); since.IsZero() == out {
			t.Errorf("routed to %s, users are kept out since %v", at, since)
		}
	}
	if outcome, _, err := op.carry(t, u, j); outcome != course.Finished {
		t.Errorf("gone on with: %s, %v", outcome, err)
	}
	op.check(t, "master r, replica m")
}
