package apply_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
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

// in has an apply use it.
func (l *lagging) in(o *apply.Options) {
	o.Route = func(_ context.Context, routes []apply.Route) error {
		to := routes[0].To.Server
		if l.fails != nil && l.fails(to) {
			return errors.New("the hook fails")
		}
		l.mu.Lock()
		l.told, l.at = append(l.told, to), append(l.at, time.Now())
		l.mu.Unlock()
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
// what was copied stays until routes to it are not to be feared any more.
func TestRoutesAreSeenLate(t *testing.T) {
	t.Parallel()
	r := newRig(t, 2, cyrustest.Settings{})
	j := &journal{left: -1}
	from, to := r.Stores[0].Master(), r.Stores[1].Master()
	for i, test := range []string{"late", "never", "killed", "fails back"} {
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
				case p.Verb != course.Do:
				case p.Step == monitor.StepDenySource:
					out = time.Now()
				case p.Step == monitor.StepRoute:
					pass(max(0, 9*time.Second-time.Since(out)))
				}
				if test == "never" && p.Verb == course.Undo && p.Step == monitor.StepCopy {
					pass(2 * o.Denied)
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
			if _, err := login(t.Context(), from, user); err != nil {
				t.Errorf("%v\n%v", err, j)
			}
			if left := talk(t, to, "", `LIST "" "user.`+user+`"`); left != "" {
				t.Errorf("a copy is left: %s", left)
			}
		})
	}
}
