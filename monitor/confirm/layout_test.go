package confirm_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/confirm"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/planner"
)

// Changes of a layout are in effect where instances are, and in the roles, that the plan
// has them, and the copies are equal.
func TestConfirmLayout(t *testing.T) {
	r := newRig(t)
	running := map[inventory.ServerID]confirm.Running{"s1m": {Runs: true, Role: inventory.Master}, "s1r": {Runs: true, Role: inventory.Replica}}
	plan := func(master inventory.ServerID, replicas []inventory.ServerID, changes ...planner.LayoutChange) *planner.Layout {
		return &planner.Layout{ID: "l", Stores: []planner.Placement{{Store: "s1", Master: master, Replicas: replicas}}, Changes: changes}
	}
	check := func(what string, p *planner.Layout, want map[monitor.PromiseName]monitor.Fulfilment) {
		t.Helper()
		o := r.options()
		o.Running = func(_ context.Context, in inventory.Instance) (confirm.Running, error) {
			return running[in.Server], nil
		}
		found, err := confirm.Plan(t.Context(), p, []planner.Plan{p}, o)
		r.must(err)
		for _, promise := range found.Promises {
			if verdict, asked := want[promise.Name]; asked && promise.Verdict != verdict {
				t.Errorf("%s: %s is %s, not %s: %+v", what, promise.Name, promise.Verdict, verdict, promise.Doubts)
			}
		}
	}
	seeded := plan("s1m", []inventory.ServerID{"s1r"}, planner.LayoutChange{ID: "c1", Do: planner.Seed, Store: "s1", Server: "s1r", From: "s1m"})
	check("seeded", seeded, map[monitor.PromiseName]monitor.Fulfilment{"changes": monitor.Met, "copies": monitor.Met, "caught_up": monitor.Met})
	promoted := plan("s1r", []inventory.ServerID{"s1m"}, planner.LayoutChange{ID: "c1", Do: planner.Promote, Store: "s1", Server: "s1r", From: "s1m"})
	check("not promoted", promoted, map[monitor.PromiseName]monitor.Fulfilment{"changes": monitor.Unmet})
	dropped := plan("s1m", nil, planner.LayoutChange{ID: "c1", Do: planner.Drop, Store: "s1", Server: "s1r"})
	check("not dropped", dropped, map[monitor.PromiseName]monitor.Fulfilment{"changes": monitor.Unmet, "copies": monitor.Met})

	r.do(r.replica("s1"), "anna", "SELECT INBOX", `UID STORE 1 +FLAGS (\Flagged)`)
	check("seeded, and written to", seeded, map[monitor.PromiseName]monitor.Fulfilment{"changes": monitor.Met, "copies": monitor.Unmet})

	r.must(r.replica("s1").Stop())
	delete(running, "s1r")
	check("not seeded", seeded, map[monitor.PromiseName]monitor.Fulfilment{"changes": monitor.Unmet, "copies": monitor.UnknownFulfilment})
	check("dropped", dropped, map[monitor.PromiseName]monitor.Fulfilment{"changes": monitor.Met})
}

// The figures of a plan are those of the fleet as it is found, where the plan was the last
// one and instances are where it has them.
func TestConfirmFigures(t *testing.T) {
	cyrustest.Need(t)
	r := newRig(t)
	r.carryOut()
	live := r.inventory.Clone()
	for i := range live.Stores {
		live.Stores[i].Capacity[0] = 100
	}
	for i := range live.Users {
		live.Users[i].Store, live.Users[i].Load[0] = "s2", 30
	}
	for _, c := range []struct {
		promised float64
		live     *inventory.Inventory
		after    bool // another plan comes behind it
		want     string
	}{
		{0.6, live, false, "met 60.0 %"}, {0.59, live, false, "met 60.0 %"}, {0.5, live, false, "unmet 60.0 %"}, {0.6, nil, false, "unknown not computed"}, {0.5, live, true, ""},
	} {
		r.plan.Promises.PeakUtilisation = planner.Known(c.promised)
		o := r.options()
		o.Live = c.live
		with := []planner.Plan{r.plan}
		if c.after {
			with = append(with, &planner.Assignment{ID: "q"})
		}
		found, err := confirm.Plan(t.Context(), r.plan, with, o)
		r.must(err)
		got := ""
		for _, p := range found.Promises {
			if p.Name == "peak_utilisation" {
				got = strings.TrimSpace(string(p.Verdict) + " " + p.Found)
			}
		}
		if got != c.want {
			t.Errorf("promised %v: %q, want %q", c.promised, got, c.want)
		}
	}
}

// Of what a later plan has changed since, an earlier one promises nothing any more, and says
// whose it is; what is still its own is judged.
func TestConfirmLayoutChangedSince(t *testing.T) {
	r := newRig(t)
	running := map[inventory.ServerID]confirm.Running{"s1m": {Runs: true, Role: inventory.Master}, "s1r": {Runs: true, Role: inventory.Replica}, "s2r": {Runs: true, Role: inventory.Replica}}
	first := &planner.Layout{
		ID: "p", Stores: []planner.Placement{{Store: "s1", Master: "s1r", Replicas: []inventory.ServerID{"s1m"}}, {Store: "s2", Master: "s2m", Replicas: []inventory.ServerID{"s2r"}}},
		Changes: []planner.LayoutChange{
			{ID: "c1", Do: planner.Promote, Store: "s1", Server: "s1r", From: "s1m"}, {ID: "c2", Do: planner.Seed, Store: "s2", Server: "s2r", From: "s2m"},
		},
	}
	second := &planner.Layout{
		ID: "q", Stores: []planner.Placement{{Store: "s1", Master: "s1m", Replicas: []inventory.ServerID{"s1r"}}},
		Changes: []planner.LayoutChange{{ID: "c1", Do: planner.Promote, Store: "s1", Server: "s1m", From: "s1r"}},
	}
	units := course.Units([]planner.Plan{first, second}, nil)
	begin := time.Now().Add(-time.Hour)
	done := func(u *course.Unit, step monitor.Step, minutes int) {
		r.must(r.AddStep(t.Context(), &monitor.StepRecord{Plan: u.Plan, Unit: u.Name, Step: step, State: monitor.StepDone, At: begin.Add(time.Duration(minutes) * time.Minute)}))
	}
	done(&units[0], monitor.StepProveSends, 1)
	done(&units[1], monitor.StepServe, 2)
	check := func(what string, p *planner.Layout, want string) {
		t.Helper()
		o := r.options()
		o.Others = units
		o.Running = func(_ context.Context, in inventory.Instance) (confirm.Running, error) {
			return running[in.Server], nil
		}
		found, err := confirm.Plan(t.Context(), p, []planner.Plan{p}, o)
		r.must(err)
		if got := found.Promises[0]; string(got.Verdict)+": "+got.Found != want {
			t.Errorf("%s: %s: %s, want %s\n%+v", what, got.Verdict, got.Found, want, got.Doubts)
		}
	}
	check("before", first, "unmet: 1 change made, 1 not so")
	done(&units[2], monitor.StepProveSends, 3)
	check("changed since", first, "met: 1 change made; 2 instances were changed since by plan q")
	check("the later one", second, "met: 1 change made")
	delete(running, "s2r")
	check("its own is gone", first, "unmet: 0 changes made, 1 not so; 2 instances were changed since by plan q")
}

// What is counted are the changes of a plan, of which one may concern two instances, and several
// the same; what was not begun is that, and nobody is to look for an address of it.
func TestConfirmCountsChanges(t *testing.T) {
	r := newRig(t)
	r.inventory.Servers = append(r.inventory.Servers, inventory.Server{Name: "new", State: inventory.Active, Capacity: inventory.Load{1e12, 100}})
	r.inventory.Sort()
	promote := planner.LayoutChange{ID: "c2", Do: planner.Promote, Store: "s1", Server: "s1r", From: "s1m"}
	drop := planner.LayoutChange{ID: "c3", Do: planner.Drop, Store: "s1", Server: "s1m"}
	seeds := &planner.Layout{
		ID: "p", Stores: []planner.Placement{{Store: "s1", Master: "s1r", Replicas: []inventory.ServerID{"new"}}},
		Changes: []planner.LayoutChange{promote, drop, {ID: "c4", Do: planner.Seed, Store: "s1", Server: "new", From: "s1r"}},
	}
	follows := &planner.Layout{
		ID: "p", Stores: []planner.Placement{{Store: "s1", Master: "s1r", Replicas: []inventory.ServerID{"new"}}},
		Changes: []planner.LayoutChange{{ID: "c1", Do: planner.Seed, Store: "s1", Server: "s1r", From: "s1m"}, promote, drop},
	}
	both := map[inventory.ServerID]confirm.Running{"s1m": {Runs: true, Role: inventory.Master}, "s1r": {Runs: true, Role: inventory.Replica}}
	promoted := map[inventory.ServerID]confirm.Running{"s1m": {Runs: true, Role: inventory.Replica}, "s1r": {Runs: true, Role: inventory.Master}}
	for _, c := range []struct {
		what    string
		plan    *planner.Layout
		done    int // units
		running map[inventory.ServerID]confirm.Running
		want    string
	}{
		{"a promotion is made", seeds, 1, promoted, "unmet: 1 change made, 2 not so"},
		{"a seed is made", follows, 1, both, "unmet: 1 change made, 2 not so"},
		{"a promotion of what was seeded", follows, 2, promoted, "unmet: 2 changes made, 1 not so"},
		{"by hand", follows, 0, promoted, "unmet: 2 changes made, 1 not so"},
		{"by hand, and not promoted", follows, 0, both, "unmet: not carried out: nothing of it was begun"},
		{"nothing of seeds", seeds, 0, both, "unmet: not carried out: nothing of it was begun"},
	} {
		r.steps = nil
		for i, u := range course.Units([]planner.Plan{c.plan}, nil)[:c.done] {
			step := map[planner.Verb]monitor.Step{planner.Seed: monitor.StepServe, planner.Promote: monitor.StepProveSends}[u.Do.Do]
			r.must(r.AddStep(t.Context(), &monitor.StepRecord{Plan: u.Plan, Unit: u.Name, Step: step, State: monitor.StepDone, At: time.Now().Add(time.Duration(i) * time.Second)}))
		}
		o := r.options()
		o.Running = func(_ context.Context, in inventory.Instance) (confirm.Running, error) {
			return c.running[in.Server], nil
		}
		found, err := confirm.Plan(t.Context(), c.plan, []planner.Plan{c.plan}, o)
		r.must(err)
		if got := found.Promises[0]; !strings.HasPrefix(string(got.Verdict)+": "+got.Found, c.want) {
			t.Errorf("%s: %s: %s, want %s\n%+v", c.what, got.Verdict, got.Found, c.want, got.Doubts)
		}
		text := fmt.Sprintf("%+v", found.Promises[0])
		if strings.Contains(text, "address") || (c.plan == seeds && c.done > 0) != strings.Contains(text, "Server:new Mailbox: Expected:the replica Found:never begun Next:interlace apply carries out") {
			t.Errorf("%s: %s", c.what, text)
		}
	}
}

// What a command has copied to a new replica is as the journal has proven it: damaged where the seed
// stays at that, and of an earlier seed, of which only messages were read, not known to be all.
func TestConfirmSeededByCommand(t *testing.T) {
	r := newRig(t)
	seed := &planner.Layout{
		ID: "l", Stores: []planner.Placement{{Store: "s1", Master: "s1m", Replicas: []inventory.ServerID{"s1r"}}},
		Changes: []planner.LayoutChange{{ID: "c1", Do: planner.Seed, Store: "s1", Server: "s1r", From: "s1m"}},
	}
	u := course.Units([]planner.Plan{seed}, nil)[0]
	type record struct {
		step  monitor.Step
		state monitor.StepState
		text  string
	}
	spool, accounts := record{monitor.StepProveSpool, monitor.StepDone, "7 messages were read whole"}, record{monitor.StepProveAccounts, monitor.StepDone, "2 users were compared"}
	serve := record{monitor.StepServe, monitor.StepDone, ""}
	for _, c := range []struct {
		what    string
		records []record
		want    monitor.Fulfilment // empty: nothing is said of it
		text    string
	}{
		{"damaged", []record{accounts, {monitor.StepProveSpool, monitor.StepFailed, "user.anna: 1 file not as delivered"}}, monitor.Unmet, "prove_spool failed: user.anna: 1 file not as delivered Next:nothing is promoted or dropped until that is mended"},
		{"without scripts", []record{{monitor.StepProveAccounts, monitor.StepFailed, "no script is run"}}, monitor.Unmet, "prove_accounts failed: no script is run"},
		{"proven", []record{accounts, spool, serve}, monitor.Met, "1 new replica read whole; c1 seed s1 on s1r: 7 messages were read whole; 2 users were compared"},
		{"read only", []record{spool, serve}, monitor.UnknownFulfilment, "what users have beside messages was not looked at"},
		{"replicated", []record{{monitor.StepProveAccounts, monitor.StepDone, ""}, {monitor.StepProveSpool, monitor.StepDone, ""}, serve}, "", ""},
	} {
		journal := &steps{}
		for i, s := range append([]record{{monitor.StepSeed, monitor.StepDone, ""}}, c.records...) {
			journal.list = append(journal.list, monitor.StepRecord{Plan: u.Plan, Unit: u.Name, Step: s.step, State: s.state, Text: inventory.Text(s.text), At: time.Now().Add(time.Duration(i) * time.Second)})
		}
		o := r.options()
		o.Journal = journal
		found, err := confirm.Plan(t.Context(), seed, []planner.Plan{seed}, o)
		r.must(err)
		var said monitor.Fulfilment
		for _, p := range found.Promises {
			if p.Name == monitor.PromiseSpool {
				if said = p.Verdict; !strings.Contains(fmt.Sprintf("%+v", p), c.text) {
					t.Errorf("%s: not told is %q: %+v", c.what, c.text, p)
				}
			}
		}
		if said != c.want {
			t.Errorf("%s: %q, not %q", c.what, said, c.want)
		}
	}
}

// steps is a journal of one unit.
type steps struct{ list []monitor.StepRecord }

func (s *steps) Steps(context.Context, string, string) ([]monitor.StepRecord, error) {
	return s.list, nil
}

func (s *steps) Applies(context.Context, bool) ([]monitor.Apply, error) { return nil, nil }
