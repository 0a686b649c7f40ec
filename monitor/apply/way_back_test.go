package apply_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/monitor/course"
)

// downs are servers that can't be reached, for programs and for logins: such that say so,
// and, where that is true, such that say nothing.
type downs map[string]bool

// fails is what becomes of an attempt to reach a server.
func (d downs) fails(ctx context.Context, server inventory.ServerID) error {
	silent, down := d[string(server)]
	if !down {
		return nil
	}
	if silent {
		<-ctx.Done()
	}
	return errDown
}

var errDown = errors.New("no route to host")

// in has an apply see these servers as down, and ask the processes of the others for roles.
func (d downs) in(o *apply.Options) {
	dial, run := o.Dial, o.Run
	o.Dial = func(ctx context.Context, in inventory.Instance, as inventory.UserID) (*cyrus.Client, error) {
		if err := d.fails(ctx, in.Server); err != nil {
			return nil, err
		}
		return dial(ctx, in, as)
	}
	o.Run = func(ctx context.Context, server inventory.ServerID, input string, words ...string) (string, error) {
		if err := d.fails(ctx, server); err != nil {
			return "", err
		}
		return run(ctx, server, input, words...)
	}
	o.Live.Roles = func(ctx context.Context, s *inventory.Store) error {
		for _, in := range s.Instances {
			out, err := o.Run(ctx, in.Server, "", "ps", "-A", "-ww", "-o", "args=")
			if err == nil && !strings.Contains(out, "imapd -C "+in.IMAPDConf) && !strings.Contains(out, "master -C "+in.IMAPDConf) {
				err = fmt.Errorf("nothing with %s runs", in.IMAPDConf)
			}
			if err != nil {
				return fmt.Errorf("%s: %w: %w", in.Server, apply.ErrUnreached, err)
			}
		}
		return nil
	}
}

// waited returns what tells for how long anybody has waited for these servers since it was asked
// last, however long the machine takes for the rest.
func (d downs) waited(o *apply.Options) func() time.Duration {
	var w stopwatch
	waiting := 0
	inFlight(o, func(server inventory.ServerID, _ []string, by int) {
		if _, down := d[string(server)]; down {
			w.run(func() bool { waiting += by; return waiting > 0 })
		}
	})
	return w.took
}

// at has something happen once, right before a program with this word runs.
func at(o *apply.Options, word string, happens func()) {
	run, done := o.Run, false
	o.Run = func(ctx context.Context, server inventory.ServerID, input string, words ...string) (string, error) {
		if slices.Contains(words, word) && !done {
			done = true
			happens()
		}
		return run(ctx, server, input, words...)
	}
}

// Whatever stops answering while users are kept out, before they are sent to their new
// store: they are let in again where they were, in time. What can't be undone then is told,
// and is when all answer again. With INTERLACE_SOAK it is tried with more.
func TestNobodyWaitsForWhatIsDown(t *testing.T) {
	t.Parallel()
	r := newRig(t, 2, cyrustest.Settings{})
	ctx := t.Context()
	from, to := r.Stores[0], r.Stores[1]
	down := downs{}
	set := func(in *cyrustest.Instance, how string, off bool) {
		switch {
		case !off && (how == "down" || how == "silent"):
			delete(down, in.Name)
		case how == "down" || how == "silent":
			down[in.Name] = how == "silent"
		case how == "killed" && off:
			must(t, in.Kill())
		case how == "killed":
			must(t, in.Start(ctx))
		case off:
			must(t, in.Pause())
		default:
			must(t, in.Resume())
		}
	}
	for i, test := range []struct {
		how    string
		what   *cyrustest.Instance
		want   course.Outcome
		says   string
		denied time.Duration
		soak   bool
	}{
		{"killed", to.Master(), course.Back, "", 8 * time.Second, true},
		{"killed", to.Replicas()[0], course.Back, "does not answer as it should", 8 * time.Second, false},
		{"killed", from.Replicas()[0], course.Back, "does not answer as it should", 8 * time.Second, true},
		{"stopped", to.Master(), course.Back, "did not end within", 6 * time.Second, false},
		{"stopped", to.Replicas()[0], course.Back, "did not end within", 6 * time.Second, true},
		{"down", to.Master(), course.Broken, "no route to host", 8 * time.Second, false},
		{"down", to.Replicas()[0], course.Broken, "on s2, where they are not, users ", 8 * time.Second, true},
		{"down", from.Replicas()[0], course.Broken, "are let in on the master of s1, on " + from.Master().Name + "; still kept out of the replica on " + from.Replicas()[0].Name, 8 * time.Second, false},
		{"silent", to.Master(), course.Broken, "whether what is on s2 is in use is not known", 45 * time.Second, true},
		{"silent", from.Replicas()[0], course.Broken, "are let in on the master of s1", 45 * time.Second, true},
	} {
		if test.soak && !soak() {
			continue
		}
		user := fmt.Sprintf("u%d", i)
		must(t, from.Master().Fill(ctx, []cyrustest.Mailbox{{Name: "user." + user, Messages: 3}}))
		must(t, r.Settle(ctx))
		r.reroute(user, from.Master())
		j := &journal{left: -1}
		o := r.options(j)
		o.Denied = test.denied
		down.in(o)
		var kept atomic.Int64
		in := make(chan struct{})
		at(o, "-O", func() {
			set(test.what, test.how, true)
			began := time.Now()
			go func() {
				defer close(in)
				for ; ; time.Sleep(20 * time.Millisecond) {
					if _, err := login(ctx, from.Master(), user); err == nil || ctx.Err() != nil {
						kept.Store(int64(time.Since(began)))
						return
					}
				}
			}()
		})
		u := unit(user, "s1", "s2", user)
		outcome, err := o.Carry(ctx, u, false)
		if outcome != test.want || err == nil || !strings.Contains(err.Error(), test.says) ||
			test.want == course.Broken && !strings.Contains(err.Error(), "interlace apply --resume --yes, or --rollback --yes, does the rest when it answers again") {
			t.Errorf("%s, %s: %s, %v, want %s, %s\n%v", test.how, test.what.Name, outcome, err, test.want, test.says, j)
		}
		<-in
		if took := time.Duration(kept.Load()); took > test.denied {
			t.Errorf("%s, %s: the user was kept out for %v, and %v is allowed\n%v", test.how, test.what.Name, took, test.denied, j)
		}
		set(test.what, test.how, false)
		if test.want == course.Broken {
			if outcome, err := o.Carry(ctx, u, i%2 == 0); outcome != course.Back {
				t.Errorf("%s, %s, and well again: %s, %v\n%v", test.how, test.what.Name, outcome, err, j)
			}
		}
		r.look(t, user, 1, 0)
		must(t, r.Settle(ctx))
		for _, in := range r.Instances() {
			if denied, err := in.Tool(ctx, "cyr_deny", "-l"); err == nil && strings.Contains(denied, user) {
				t.Errorf("%s, %s: on %s is denied: %s", test.how, test.what.Name, in.Name, denied)
			}
		}
		if left := talk(t, to.Master(), "", `LIST "" "user.*"`); left != "" {
			t.Errorf("%s, %s: a copy is left: %s", test.how, test.what.Name, left)
		}
	}
}

// From the switch on users are let in on the new store's master whatever else is down, and
// the unit comes to its end when that is back.
func TestSwitchNeedsOneMaster(t *testing.T) {
	t.Parallel()
	r := newRig(t, 2, cyrustest.Settings{})
	ctx := t.Context()
	from, to := r.Stores[0], r.Stores[1]
	for i, test := range []struct {
		what string
		want course.Outcome
		says string
	}{
		{to.Replicas()[0].Name, course.Moved, "still kept out of the replica on " + to.Replicas()[0].Name},
		{from.Master().Name, course.Stuck, "what came late to s1 is looked for later"},
		{from.Replicas()[0].Name, course.Stuck, "are let in on the master of s1"},
	} {
		user, down := fmt.Sprintf("u%d", i), downs{}
		must(t, from.Master().Fill(ctx, []cyrustest.Mailbox{
			{Name: "user." + user, Messages: 3, ACL: []cyrustest.Right{{Identifier: "zed", Rights: "lrswi"}}}, {Name: "user.zed", Messages: 1},
		}[:1+i/2]))
		j := &journal{left: -1}
		o := r.options(j)
		down.in(o)
		route := o.Route
		o.Route = func(ctx context.Context, routes []apply.Route) error {
			down[test.what] = false
			return route(ctx, routes)
		}
		u := unit(user, "s1", "s2", user)
		outcome, err := o.Carry(ctx, u, false)
		if said := fmt.Sprint(err, j); outcome != test.want || !strings.Contains(said, test.says) {
			t.Errorf("%s is down: %s, want %s, %s: %s", test.what, outcome, test.want, test.says, said)
		}
		r.look(t, user, 0, 1)
		delete(down, test.what)
		if outcome, err := o.Carry(ctx, u, true); outcome != course.Moved {
			t.Errorf("%s is back: %s, %v\n%v", test.what, outcome, err, j)
		}
		late := later(o)
		if outcome, err := late.Carry(ctx, u, false); outcome != course.Finished {
			t.Errorf("%s is back: %s, %v\n%v", test.what, outcome, err, j)
		}
		for _, in := range r.Instances() {
			if denied, err := in.Tool(ctx, "cyr_deny", "-l"); err == nil && (strings.Contains(denied, user) || strings.Contains(denied, "zed")) {
				t.Errorf("%s is back: on %s is denied: %s", test.what, in.Name, denied)
			}
		}
	}
}

// Routing that does not work is tried again while there is time. Then the unit turns back,
// and so do the routes; only where that fails, too, users are kept out, until it works, or where they are
// known to be routed as before let in there, and the copy stays.
func TestRouteIsTakenBack(t *testing.T) {
	t.Parallel()
	r := newRig(t, 2, cyrustest.Settings{})
	j := &journal{left: -1}
	from, to := r.Stores[0].Master(), r.Stores[1].Master()
	for i, test := range []struct {
		name        string
		forth, back int // how often it fails; negative: always
		hangs       bool
		served      bool // a query says where users are routed
		halfway     bool // it routes the users, and fails all the same
		want        course.Outcome
	}{
		{"fails at first", 2, 0, false, false, false, course.Moved},
		{"hangs at first", 1, 0, true, false, false, course.Moved},
		{"fails", -1, 0, false, false, false, course.Back},
		{"fails halfway", -1, 1, false, true, true, course.Back},
		{"hangs", -1, 1, true, false, false, course.Back},
		{"fails both ways", -1, -1, false, false, false, course.Broken},
		{"fails both ways, and routes nobody", -1, -1, false, true, false, course.Broken},
		{"fails both ways, halfway", -1, -1, false, true, true, course.Broken},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			user := fmt.Sprintf("u%d", i)
			must(t, from.Fill(ctx, []cyrustest.Mailbox{{Name: "user." + user, Messages: 3}}))
			r.reroute(user, from)
			o := r.options(j)
			// However long the machine has taken until then, routing has 3 seconds.
			o.Denied = 16 * time.Second
			pass, out := passing(o), time.Time{}
			o.Progress = func(p apply.Progress) {
				switch {
				case p.Outcome == course.Waiting:
					pass(2 * o.Denied) // routes that were not seen are not to be feared any more
				case p.Verb != course.Do:
				case p.Step == monitor.StepDenySource:
					out = time.Now()
				case p.Step == monitor.StepRoute:
					pass(max(0, 9*time.Second-time.Since(out)))
				}
			}
			route, forth, back := o.Route, test.forth, test.back
			o.Route = func(ctx context.Context, routes []apply.Route) error {
				left := &forth
				if routes[0].To.Server == inventory.ServerID(from.Name) {
					left = &back
				}
				if *left == 0 {
					return route(ctx, routes)
				}
				*left--
				if test.halfway && left == &forth {
					must(t, route(ctx, routes))
				}
				if test.hangs {
					<-ctx.Done()
					return fmt.Errorf("the hook: %w", context.Cause(ctx))
				}
				return errors.New("the hook fails")
			}
			if test.served {
				o.Live.Served = func(context.Context, *inventory.Inventory, []inventory.UserID) (map[inventory.UserID]apply.Destination, error) {
					return map[inventory.UserID]apply.Destination{inventory.UserID(user): {Server: r.routed(user)}}, nil
				}
			}
			u := unit(user, "s1", "s2", user)
			outcome, err := o.Carry(ctx, u, false)
			if outcome != test.want || test.want == course.Back && (err == nil || !strings.Contains(err.Error(), map[bool]string{true: "routing did not end within", false: "the hook fails"}[test.hangs])) {
				t.Errorf("%s: %s, %v, want %s\n%v", test.name, outcome, err, test.want, j)
			}
			if test.hangs && strings.Count(fmt.Sprint(err), "did not end") > 1 {
				t.Errorf("%s: it is told twice: %v", test.name, err)
			}
			if test.want == course.Broken {
				says := "user " + user + " is kept out everywhere"
				if test.served && !test.halfway {
					says = "user " + user + " is let in where they were; their copies on s2 stay for now, where nobody is let in"
					r.look(t, user, 1, 0)
				}
				if !strings.Contains(err.Error(), says) {
					t.Errorf("%s: %v", test.name, err)
				}
				if out, err := login(ctx, to, user); err == nil {
					t.Errorf("%s: the user is let in on the copy: %v", test.name, out)
				}
				back = 0
				if outcome, err := o.Carry(ctx, u, false); outcome != course.Back {
					t.Errorf("%s, and works again: %s, %v\n%v", test.name, outcome, err, j)
				}
			}
			if test.want == course.Moved {
				r.look(t, user, 0, 1)
				return
			}
			r.look(t, user, 1, 0)
			if left := talk(t, to, "", `LIST "" "user.`+user+`"`); left != "" {
				t.Errorf("%s: a copy is left: %s", test.name, left)
			}
		})
	}
}

// Up to the moment in which the users are let in on the new store all can be taken back.
func TestRolledBackAfterTheRoute(t *testing.T) {
	t.Parallel()
	r := newRig(t, 2, cyrustest.Settings{})
	ctx := t.Context()
	must(t, r.Stores[0].Master().Fill(ctx, []cyrustest.Mailbox{{Name: "user.anna", Messages: 3}}))
	j := &journal{left: -1}
	o := r.options(j)
	route := o.Route
	o.Route = func(ctx context.Context, routes []apply.Route) error {
		if err := route(ctx, routes); err != nil || j.left >= 0 {
			return err
		}
		j.left = 0 // it is killed when that is written down
		return nil
	}
	u := unit("anna", "s1", "s2", "anna")
	if outcome, err := o.Carry(ctx, u, false); outcome != course.Stopped || !errors.Is(err, errCrash) {
		t.Fatalf("%s, %v\n%v", outcome, err, j)
	}
	if !u.Executed(j.steps) {
		t.Error("who is routed to the new store does not count as moved")
	}
	j.left = -1
	o.Route = route
	if outcome, err := o.Carry(ctx, u, true); outcome != course.Back {
		t.Fatalf("%s, %v\n%v", outcome, err, j)
	}
	if r.look(t, "anna", 1, 0); u.Executed(j.steps) {
		t.Error("who came back counts as moved")
	}
}
