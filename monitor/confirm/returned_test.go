package confirm_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/monitor/confirm"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/host"
	"github.com/interlacemail/interlace/planner"
)

// promised checks the plan: the promises with their verdicts are these, and of all that is
// not met it is said these things, and nothing of what must not be.
func (r *rig) promised(what, promises string, said ...string) {
	r.Helper()
	o := r.options()
	o.Live = r.inventory
	if r.barred != "" {
		o.Barred = map[string]string{"panna to s2": r.barred}
	}
	var err error
	o.Moved, err = course.Find(r.Context(), append(course.Units([]planner.Plan{r.plan}, nil), r.others...), r)
	r.must(err)
	found, err := confirm.Plan(r.Context(), r.plan, append(r.with, r.plan), o)
	r.must(err)
	var verdicts, texts []string
	for _, p := range found.Promises {
		verdicts = append(verdicts, fmt.Sprintf("%s %s", p.Name, p.Verdict))
		texts = append(texts, p.Found)
		for _, d := range p.Doubts {
			texts = append(texts, fmt.Sprintf("%s %s %s: %s, found %s; %s", d.Verdict, d.User, d.Server, d.Expected, d.Found, strings.TrimSuffix(d.Next+": "+string(d.Command), ": ")))
		}
	}
	all := strings.Join(texts, "\n")
	if got := strings.Join(verdicts, ", "); got != promises {
		r.Errorf("%s: %s, want %s\n%s", what, got, promises, all)
	}
	for _, text := range said {
		if not, is := strings.CutPrefix(text, "!"); strings.Contains(all, not) == is {
			r.Errorf("%s: %q in\n%s", what, text, all)
		}
	}
}

// A change of a store that was taken back is to have left it as it was.
func TestConfirmLayoutTakenBack(t *testing.T) {
	r := newRig(t)
	r.ended = time.Now()
	check := func(what string, change planner.LayoutChange, replicas []inventory.ServerID, want monitor.Fulfilment, text string) {
		t.Helper()
		p := &planner.Layout{ID: "p", Stores: []planner.Placement{{Store: "s1", Master: "s1m", Replicas: replicas}}, Changes: []planner.LayoutChange{change}}
		if change.Do == planner.Promote {
			p.Stores[0] = planner.Placement{Store: "s1", Master: "s1r", Replicas: []inventory.ServerID{"s1m"}}
		}
		u := course.Units([]planner.Plan{p}, nil)[0]
		r.steps = nil
		for _, state := range []monitor.StepState{monitor.StepBegan, monitor.StepUndoing, monitor.StepUndone} {
			step := monitor.StepCheck
			r.must(r.AddStep(t.Context(), &monitor.StepRecord{Plan: "p", Unit: u.Name, Step: step, State: state, At: time.Now()}))
		}
		o := r.options()
		o.Running = func(_ context.Context, in inventory.Instance) (confirm.Running, error) {
			return confirm.Running{Runs: true, Role: in.Role}, nil
		}
		found, err := confirm.Plan(t.Context(), p, []planner.Plan{p}, o)
		r.must(err)
		if len(found.Promises) != 1 || found.Promises[0].Name != monitor.PromiseTakenBack || found.Verdict != want || !strings.Contains(fmt.Sprintf("%+v", found.Promises), text) {
			t.Errorf("%s: %+v, want %s with %s", what, found.Promises, want, text)
		}
	}
	promote := planner.LayoutChange{ID: "c1", Do: planner.Promote, Store: "s1", Server: "s1r", From: "s1m"}
	check("promoted", promote, nil, monitor.Met, "2 are as before; c1 promote s1 on s1r: taken back on 20")
	seed := planner.LayoutChange{ID: "c1", Do: planner.Seed, Store: "s1", Server: "s1r", From: "s1m"}
	check("seeded, and there", seed, []inventory.ServerID{"s1r"}, monitor.Unmet, "find out what came between")
	r.must(r.replica("s1").Stop())
	check("promoted, and one is silent", promote, nil, monitor.Unmet, "nothing that runs")
	check("seeded, and gone", seed, nil, monitor.Met, "2 are as before; c1 seed s1 on s1r: taken back on 20")
	drop := planner.LayoutChange{ID: "c1", Do: planner.Drop, Store: "s1", Server: "s1r"}
	check("dropped, and silent", drop, nil, monitor.Unmet, "nothing that runs")
	r.must(r.master("s1").Stop())
	check("seeded and gone, and the master is silent", seed, nil, monitor.Unmet, "Server:s1m Mailbox: Expected:the master Found:nothing that runs; taken back on 20")
}

// paste has a shell run a command as the account of Cyrus.
func (r *rig) paste(command inventory.Text) {
	r.Helper()
	if out, err := cyrustest.Program(r.Context(), "", "sh", "-c", string(command)); err != nil {
		r.Fatal(command, out, err)
	}
}

// back takes those who were moved back.
func (r *rig) back() {
	r.Helper()
	done, err := apply.CarryOut(r.Context(), course.Reverse(&course.Units([]planner.Plan{r.plan}, nil)[0]), false, r.applying())
	if err != nil || len(done) != 1 || done[0].Outcome != course.Moved {
		r.Fatalf("taken back: %+v, %v", done, err)
	}
}

// Of a plan that was taken back nothing is promised but that all is as it was, and no
// order follows from what it was to be.
func TestConfirmTakenBack(t *testing.T) {
	r := newRig(t)
	r.plan.Promises.PeakUtilisation = planner.Known(0.5)
	r.routes = map[inventory.UserID]string{"anna": "s1m", "ben": "s1m"}

	// It fails, and comes back by itself.
	o := r.applying()
	o.Denied = time.Nanosecond
	done, err := apply.CarryOut(t.Context(), course.Units([]planner.Plan{r.plan}, nil), false, o)
	if err != nil || done[0].Outcome != course.Back {
		t.Fatalf("%+v, %v", done, err)
	}
	r.promised("come back", "taken_back met, changes unmet, peak_utilisation unknown",
		"2 are as before; anna to s2: taken back on 20", ", since deny_source failed\n", "moved from s1 to s2, found taken back on 20", "; deny_source failed: ", "interlace apply --resume --yes begins it again", "interlace apply --resume --give-up --yes gives it up", "!--rollback", "!send the user", "!cyr_deny")
	r.barred = "facts have changed since its plan was made"
	r.promised("come back, and facts have changed", "taken_back met, changes unmet, peak_utilisation unknown",
		"; not begun again: facts have changed since its plan was made; interlace apply --resume --give-up --yes gives up", "!begins it again", "!--rollback")
	r.barred = ""
	r.ended = time.Now()
	r.promised("given up", "taken_back met", "2 are as before; anna to s2: taken back on 20")
	r.tool(r.master("s1"), "cyr_deny", "--", "ben")
	r.promised("denied where he was", "taken_back unmet", "unmet ben s1m: let in again, as before, found denied, for another reason: \"", "; if nobody needs that denial, run on s1m: /usr/lib/cyrus/bin/cyr_deny -C ", "1 is as before, 1 not so")
	in := r.inventory.Stores[0].Instances[0]
	r.paste(denying(&in, &course.Units([]planner.Plan{r.plan}, nil)[0], "ben"))
	allow := host.AllowCommand("/usr/lib/cyrus/bin", in.IMAPDConf, "ben")
	r.promised("still denied for its unit", "taken_back unmet", "found still denied for anna to s2; run on s1m: "+string(allow))
	r.tool(r.master("s1"), "cyr_deny", "-m", "the mailbox is being moved", "--", "ben")
	r.promised("denied by an older version", "taken_back unmet", "found denied by an older interlace, which did not write down for which unit; if nobody needs that denial, run on s1m: "+string(allow))
	r.paste(allow)
	r.routes["anna"] = "s2m"
	r.promised("routed to where it was to be", "taken_back unmet", `unmet anna s1m: sent to s1 on s1m, found sent to "s2m"; send the user there`, "!old place")
	r.routes["anna"] = "s1m"
	r.must(r.master("s2").Fill(t.Context(), []cyrustest.Mailbox{{Name: "user.ben"}}))
	r.promised("left on the new store", "taken_back unmet", "unmet ben s2m: on s1 only, found there too, though it was taken back; find out whether anything there is newer")
	r.tool(r.master("s2"), "sync_reset", "-f", "ben")
	r.promised("as before", "taken_back met")

	// It is begun again, killed while users are kept out, and gone on with.
	r.ended, r.killed = time.Time{}, monitor.StepPush
	if done, err := apply.CarryOut(t.Context(), course.Units([]planner.Plan{r.plan}, nil), false, r.applying()); err != nil || done[0].Outcome != course.Stopped {
		t.Fatalf("%+v, %v", done, err)
	}
	r.promised("killed", "changes unmet, placement unknown, routing unknown, nothing_lost unknown, shares unknown, copies unknown, caught_up unknown, peak_utilisation unknown",
		"found under way, and kept out; by the journal prove_target done", "leave routes and denials as they are", "!send the user", "!cyr_deny")
	r.killed = ""
	r.carryOut()
	r.promised("carried out", "changes met, placement met, routing met, nothing_lost met, shares met, copies met, caught_up met, peak_utilisation unknown")

	// A layout plan with which it is carried out and that has come back has changed no master.
	with := &planner.Layout{
		ID: "q", Stores: []planner.Placement{{Store: "s2", Master: "s2r", Replicas: []inventory.ServerID{"s2m"}}},
		Changes: []planner.LayoutChange{{ID: "c1", Do: planner.Promote, Store: "s2", Server: "s2r", From: "s2m"}, {ID: "c2", Do: planner.Drop, Store: "s1", Server: "s1r"}},
	}
	for _, state := range []monitor.StepState{monitor.StepBegan, monitor.StepUndone} {
		r.must(r.AddStep(t.Context(), &monitor.StepRecord{Plan: "q", Unit: course.Units([]planner.Plan{with}, nil)[0].Name, Step: monitor.StepCheck, State: state, At: time.Now()}))
	}
	r.with = []planner.Plan{with}
	r.promised("carried out with one that was not", "changes met, placement met, routing met, nothing_lost met, shares met, copies met, caught_up met, peak_utilisation unknown")
	r.with = nil

	// It is moved back, and what was on the new store is kept there.
	r.back()
	r.promised("moved back", "taken_back met", "2 are as before; anna to s2: taken back on 20", "with what had come since")
	r.tool(r.master("s2"), "cyr_deny", "-a", "--", "anna")
	deny := denying(&r.inventory.Stores[1].Instances[0], &course.Reverse(&course.Units([]planner.Plan{r.plan}, nil)[0])[0], "anna")
	r.promised("let in where it was taken from", "taken_back unmet", "unmet anna s2m: kept there and denied, found kept and not denied", "on s2m: "+string(deny))
	r.paste(deny)

	// Another plan moves one of them on, and this one says nothing of her any more.
	other := &planner.Assignment{ID: "q", Changes: []planner.UserChange{{ID: "c1", Do: planner.Move, User: "anna", Group: "anna", From: "s1", To: "s3"}}}
	r.others = course.Units([]planner.Plan{other}, nil)
	if done, err := apply.CarryOut(t.Context(), r.others, false, r.applying()); err != nil || done[0].Outcome != course.Moved {
		t.Fatalf("%+v, %v", done, err)
	}
	r.promised("moved on", "taken_back met, changes met", "1 is as before; anna to s2: taken back", "nothing of the kind; 1 user was moved on since by plan q")
	r.routes["ben"] = "s2"
	r.promised("routed there", "taken_back unmet, changes met", `unmet ben s1m: sent to s1 on s1m, found sent to "s2"; send the user there`)
}

// Of who was never begun, and is given up, nothing is promised but that he is where he was, though
// the rest of the plan goes on.
func TestConfirmGivenUp(t *testing.T) {
	r := newRig(t)
	r.must(r.master("s1").Fill(t.Context(), []cyrustest.Mailbox{{Name: "user.carl", Messages: 1}}))
	r.must(r.Stores[0].Settle(t.Context()))
	r.inventory.Users = append(r.inventory.Users, inventory.User{Name: "carl", Store: "s1"})
	r.carryOut()
	r.routes["carl"] = "s1m"
	r.plan.Changes = append(r.plan.Changes, planner.UserChange{ID: "c3", Do: planner.Move, User: "carl", Group: "carl", From: "s1", To: "s2"})
	r.promised("not begun", "changes unmet, placement unknown, routing unknown, nothing_lost unknown, shares unknown, copies unknown, caught_up unknown",
		"unmet carl : moved from s1 to s2, found never begun; interlace apply carries out what is left of the plan")
	recall := &monitor.StepRecord{Plan: "p", Unit: "carl to s2", Step: monitor.StepCheck, State: monitor.StepRecalled, Data: "1", Text: "what was not begun", At: time.Now()}
	r.must(r.AddStep(t.Context(), recall))
	r.promised("given up", "taken_back met, changes met, placement met, routing met, nothing_lost met, shares met, copies met, caught_up met",
		"1 is as before; carl to s2: never begun, and given up", "!carries out what is left", "!the plan is given up")
	r.routes["carl"] = "s2m"
	r.promised("given up, and routed to the new store", "taken_back unmet, changes met, placement met, routing met, nothing_lost met, shares met, copies met, caught_up met",
		`unmet carl s1m: sent to s1 on s1m, found sent to "s2m"`)
}

// Who is nowhere any more, and was so before anything of a unit that is given up was changed, since a
// check has not found him, is as before; not as long as an instance does not answer, nor where the
// journal does not tell that: of a unit that was never begun he may have vanished since.
func TestConfirmGoneBefore(t *testing.T) {
	r := newRig(t)
	r.routes = map[inventory.UserID]string{"anna": "s1m", "ben": "s1m"}
	unit := course.Units([]planner.Plan{r.plan}, nil)
	const gone, unbegun = "; on no store, and so before anything was changed: ben", "2 are as before; anna to s2: never begun, and the plan is given up"
	r.ended = time.Now()
	r.promised("given up, and there", "taken_back met", unbegun, "!on no store")
	for _, in := range []*cyrustest.Instance{r.master("s1"), r.replica("s1")} {
		r.tool(in, "sync_reset", "-f", "ben")
	}
	r.promised("removed, and given up", "taken_back unmet", "unmet ben s1m: on s1, as before, found on no store; by the journal nothing of it has begun; ", "find out what became of the mailboxes", "!so before anything")
	r.ended = time.Time{}

	done, err := apply.CarryOut(t.Context(), unit, false, r.applying())
	if err != nil || done[0].Outcome != course.Back {
		t.Fatalf("%+v, %v", done, err)
	}
	r.promised("not given up", "taken_back unmet, changes unmet", "unmet ben s1m: on s1, as before, found on no store", "!so before anything")
	r.ended = time.Now()
	r.promised("not found, and given up", "taken_back met", "2 are as before; anna to s2: taken back on 20", ", since check failed"+gone)
	checked := r.steps
	failed := slices.IndexFunc(checked, func(s monitor.StepRecord) bool { return s.State == monitor.StepFailed })
	r.steps = slices.Clone(checked)
	r.steps[failed].Text = "there is no room on s2m"
	r.promised("it failed at something else", "taken_back unmet", "unmet ben s1m: on s1, as before, found on no store")
	later := checked[0]
	later.Step = monitor.StepDenyTarget
	undone := later
	undone.State = monitor.StepUndone
	r.steps = append([]monitor.StepRecord{later, undone}, checked...)
	r.promised("it had come further before", "taken_back unmet", "unmet ben s1m: on s1, as before, found on no store")
	r.steps = checked
	r.must(r.master("s3").Stop())
	r.promised("a store is silent", "taken_back unmet", "unmet ben s1m: on s1, as before, found on no store")
}
