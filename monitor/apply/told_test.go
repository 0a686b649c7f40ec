package apply_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/monitor/course"
)

// lagging routes users in a directory that is read late.
type lagging struct {
	*rig
	t     *testing.T
	delay time.Duration
	user  string
	fails func(to inventory.ServerID) bool // it takes nothing
	halts bool                             // it takes what leads to the new store, and fails

	mu     sync.Mutex
	told   []inventory.ServerID
	at     []time.Time
	bounce bool // who was seen to be routed to the new store had nothing there
}

// seen is what can be read of it.
func (l *lagging) seen() inventory.ServerID {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := inventory.ServerID(l.Stores[0].Master().Name)
	for i := range l.told {
		if time.Since(l.at[i]) > l.delay {
			at = l.told[i]
		}
	}
	return at
}

// last is where it was told last that the user is.
func (l *lagging) last() inventory.ServerID {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.told) == 0 {
		return ""
	}
	return l.told[len(l.told)-1]
}

// tell has it know where the user is.
func (l *lagging) tell(to inventory.ServerID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.told, l.at = append(l.told, to), append(l.at, time.Now())
}

// in has an apply use it.
func (l *lagging) in(o *apply.Options) {
	o.Route = func(_ context.Context, routes []apply.Route) error {
		to := routes[0].To.Server
		if l.fails != nil && l.fails(to) {
			return errors.New("the hook fails")
		}
		l.tell(to)
		if l.halts && string(to) == l.Stores[1].Master().Name {
			return errors.New("the hook fails")
		}
		if now := l.seen(); now != to {
			return apply.Unseen{Err: fmt.Errorf("%s is routed to %s", l.user, now)}
		}
		return nil
	}
	o.Live.Served = func(context.Context, *inventory.Inventory, []inventory.UserID) (map[inventory.UserID]apply.Destination, error) {
		now, fresh := l.seen(), l.Stores[1].Master()
		if string(now) == fresh.Name && talk(l.t, fresh, "", `LIST "" "user.`+l.user+`"`) == "" {
			l.bounce = true
		}
		return map[inventory.UserID]apply.Destination{inventory.UserID(l.user): {Server: now}}, nil
	}
}

// Who routes and has taken the routes to the new store, which can be seen late only, has to take
// those back before anybody is let in where he was, whatever can be seen, also after a kill; and
// what was copied stays until routes to it are not to be feared any more. So it does where the routes
// were written by what fails, and fails on the way back, too, until that is taken, or is seen for long,
// while all are let in where they are seen.
func TestRoutesAreSeenLate(t *testing.T) {
	t.Parallel()
	r := newRig(t, 2, cyrustest.Settings{})
	j := &journal{left: -1}
	from, to := r.Stores[0].Master(), r.Stores[1].Master()
	for i, test := range []string{"late", "never", "killed", "fails back", "halts", "forgets"} {
		t.Run(test, func(t *testing.T) {
			t.Parallel()
			user := fmt.Sprintf("u%d", i)
			must(t, from.Fill(t.Context(), []cyrustest.Mailbox{{Name: "user." + user, Messages: 3}}))
			o := r.options(j)
			o.Denied = 16 * time.Second
			l := &lagging{rig: r, t: t, user: user, delay: 6 * time.Second}
			if test == "never" {
				l.delay = time.Hour
			}
			l.in(o)
			pass, out := passing(o), time.Time{}
			o.Progress = func(p apply.Progress) { // routing has 3 seconds
				switch {
				case p.Outcome == course.Waiting && test == "never":
					pass(2 * o.Denied)
				case p.Verb != course.Do:
				case p.Step == monitor.StepDenySource:
					out = time.Now()
				case p.Step == monitor.StepRoute:
					pass(max(0, 9*time.Second-time.Since(out)))
				}
			}
			u := unit(user, "s1", "s2", user)
			switch test {
			case "killed":
				ctx, kill := context.WithCancelCause(t.Context())
				route := o.Route
				o.Route = func(ctx context.Context, routes []apply.Route) error {
					err := route(ctx, routes)
					kill(errCrash) // before that is written down
					return err
				}
				if outcome, err := o.Carry(ctx, u, false); outcome != course.Stopped || !errors.Is(err, errCrash) {
					t.Fatalf("%s, %v\n%v", outcome, err, j)
				}
				o.Route = route
				time.Sleep(2 * time.Second)
			case "fails back":
				left := 2
				l.fails = func(to inventory.ServerID) bool {
					if string(to) == from.Name {
						left--
					}
					return left >= 0 && string(to) == from.Name
				}
			case "halts", "forgets":
				l.halts, l.fails = true, func(to inventory.ServerID) bool { return string(to) == from.Name }
				for range 2 {
					if outcome, err := o.Carry(t.Context(), u, false); outcome != course.Broken || !strings.Contains(fmt.Sprint(err), "user "+user+" is let in where they were; their copies on s2 stay for now, where nobody is let in: nobody has taken the way back of their routes, and mail may be sent there yet: the hook fails") {
						t.Errorf("%s, %v\n%v", outcome, err, j)
					}
					pass(2 * o.Denied)
				}
				if _, err := login(t.Context(), from, user); err != nil {
					t.Errorf("%v\n%v", err, j)
				}
				if copied := talk(t, to, "", `LIST "" "user.`+user+`"`); copied == "" {
					t.Error("what was copied is gone")
				}
				if test == "halts" {
					l.fails = nil
					break
				}
				l.tell(inventory.ServerID(from.Name)) // by hand
				time.Sleep(l.delay + time.Second)
				pass(25 * time.Hour)
			}
			if outcome, err := o.Carry(t.Context(), u, test == "killed"); outcome != course.Back {
				t.Errorf("%s, %v\n%v", outcome, err, j)
			}
			for seen := time.Now().Add(l.delay); test != "never" && time.Now().Before(seen); time.Sleep(100 * time.Millisecond) {
				_, err := o.Live.Served(t.Context(), o.Inventory, nil)
				must(t, err)
			}
			if at := l.last(); string(at) != from.Name || l.bounce {
				t.Errorf("told to %s last, and mail would bounce: %v\n%v", at, l.bounce, j)
			}
			servedAlone(t, from, to, user)
		})
	}
}

// While what was copied stays for routes that may lead to it, and nobody is kept out, apply ends as
// soon as it is asked to, and the rest is done later.
func TestWaitForRoutesIsStopped(t *testing.T) {
	t.Parallel()
	r, u := anna(t), unit("anna", "s1", "s2", "anna")
	from, to := r.Stores[0].Master(), r.Stores[1].Master()
	j := &journal{left: -1}
	o := r.options(j)
	l := &lagging{rig: r, t: t, user: "anna", delay: time.Hour}
	l.in(o)
	route := o.Route
	o.Route = func(ctx context.Context, routes []apply.Route) error {
		j.left, j.before = 0, true // it is killed before that is written down
		_ = route(ctx, routes)
		return nil
	}
	if outcome, err := o.Carry(t.Context(), u, false); outcome != course.Stopped || !errors.Is(err, errCrash) {
		t.Fatalf("%s, %v\n%v", outcome, err, j)
	}
	j.left, o.Route = -1, route
	var asked atomic.Bool
	o.Limits.Poll, o.Gates.Asked = 50*time.Millisecond, func(context.Context) (bool, error) { return asked.Load(), nil }
	pass, waits := passing(o), time.Time{}
	o.Progress = func(p apply.Progress) {
		if p.Outcome == course.Waiting {
			waits = time.Now()
			asked.Store(true)
		}
	}
	done := carryOut(t, o, u, true)
	if done.Outcome != course.Stopped || !strings.Contains(done.Why, "stopped by interlace apply --stop") || waits.IsZero() || time.Since(waits) > 10*time.Second {
		t.Errorf("waited since %v: %s, %s\n%v", waits, done.Outcome, done.Why, j)
	}
	if _, err := login(t.Context(), from, "anna"); err != nil || !done.Out().IsZero() {
		t.Errorf("kept out since %v: %v", done.Out(), err)
	}
	if copied := talk(t, to, "", `LIST "" "user.anna"`); copied == "" {
		t.Error("what was copied is gone")
	}
	asked.Store(false)
	pass(2 * o.Denied)
	if done := carryOut(t, o, u, false); done.Outcome != course.Back {
		t.Errorf("resumed: %s, %s\n%v", done.Outcome, done.Why, j)
	}
	servedAlone(t, from, to, "anna")
}

// Where it is known that nobody was told of routes that failed, what was copied is removed at once,
// though the way back can't be told to anybody either.
func TestNobodyWasToldOfRoutes(t *testing.T) {
	t.Parallel()
	r, u := anna(t), unit("anna", "s1", "s2", "anna")
	from, to := r.Stores[0].Master(), r.Stores[1].Master()
	o := r.options(&journal{left: -1})
	l := &lagging{rig: r, t: t, user: "anna"}
	l.in(o)
	o.Denied = 16 * time.Second
	o.Route = func(context.Context, []apply.Route) error { return apply.Untold{Err: errors.New("it is read-only")} }
	o.Progress = func(p apply.Progress) {
		if p.Outcome == course.Waiting {
			t.Errorf("it waits: %s", p.Why)
		}
	}
	if outcome, err := o.Carry(t.Context(), u, false); outcome != course.Back || !strings.Contains(fmt.Sprint(err), "it is read-only") {
		t.Errorf("%s, %v\n%v", outcome, err, o.Journal)
	}
	servedAlone(t, from, to, "anna")
}

// That a unit which could not be taken back is, when routing works again, is no failure of the run that
// does it. What was copied is not among what somebody may paste before.
func TestBackWhenRoutingWorksAgain(t *testing.T) {
	t.Parallel()
	r := anna(t)
	from, to := r.Stores[0].Master(), r.Stores[1].Master()
	o := r.options(&journal{left: -1})
	l := &lagging{rig: r, t: t, user: "anna"}
	l.in(o)
	route := o.Route
	o.Denied = 16 * time.Second
	o.Route = func(context.Context, []apply.Route) error { return errors.New("the hook fails") }
	u, other := unit("anna", "s1", "s2", "anna"), unit("ben", "s1", "s2", "ben")
	if outcome, err := o.Carry(t.Context(), u, false); outcome != course.Broken {
		t.Fatalf("%s, %v\n%v", outcome, err, o.Journal)
	}
	would, err := apply.Rehearse(t.Context(), u, nil, false, o)
	must(t, err)
	step := would.Steps[0]
	if step.Step != monitor.StepCopy || step.Verb != course.Undo || len(step.Commands) > 0 || len(step.Routes) != 1 || !strings.Contains(strings.Join(would.Waits, "\n"), "what was copied is removed when the way back of the routes has been taken") {
		t.Errorf("rehearsed: %+v, waits for %q", step, would.Waits)
	}
	o.Route, o.Limits.Failures = route, 1
	pass := passing(o)
	o.Progress = func(p apply.Progress) {
		if p.Outcome == course.Waiting {
			pass(2 * o.Denied)
		}
	}
	results, err := apply.CarryOut(t.Context(), []course.Unit{*u, *other}, false, o)
	must(t, err)
	if results[0].Outcome != course.Back || results[1].Outcome != course.Moved {
		t.Errorf("%s, %s; %s, %s\n%v", results[0].Outcome, results[0].Why, results[1].Outcome, results[1].Why, o.Journal)
	}
	servedAlone(t, from, to, "anna")
}

// servedAlone has a user let in where he was, with nothing of him left where he was to be moved.
func servedAlone(t *testing.T, from, to *cyrustest.Instance, user string) {
	t.Helper()
	if _, err := login(t.Context(), from, user); err != nil {
		t.Error(err)
	}
	if left := talk(t, to, "", `LIST "" "user.`+user+`"`); left != "" {
		t.Errorf("a copy is left: %s", left)
	}
}
