package apply_test

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/planner"
)

// While a copy hangs, and nobody is kept out for it, apply ends as soon as it is asked to:
// so does the copy, and the unit stays where it was.
func TestHangingCopyIsStopped(t *testing.T) {
	t.Parallel()
	r := newRig(t, 2, cyrustest.Settings{})
	from, to := r.Stores[0].Master(), r.Stores[1].Master()
	must(t, from.Fill(t.Context(), []cyrustest.Mailbox{{Name: "user.anna", Messages: 3}}))
	j := &journal{left: -1}
	u := unit("anna", "s1", "s2", "anna")
	for how, asks := range map[string]func(asked *atomic.Bool, interrupt func()){
		"--stop":    func(asked *atomic.Bool, _ func()) { asked.Store(true) },
		"interrupt": func(_ *atomic.Bool, interrupt func()) { interrupt() },
	} {
		ctx, interrupt := context.WithCancel(t.Context())
		var asked atomic.Bool
		o := r.options(j)
		o.Limits.Poll = 50 * time.Millisecond
		o.Gates.Asked = func(context.Context) (bool, error) { return asked.Load(), nil }
		copies := func(words []string) bool { return slices.Contains(words, "anna") && slices.Contains(words, "-u") }
		var waited func() time.Duration
		run, paused := o.Run, false
		o.Run = func(ctx context.Context, server inventory.ServerID, input string, words ...string) (string, error) {
			if copies(words) && !paused {
				paused = true
				must(t, to.Pause())
				time.AfterFunc(time.Second, func() { waited(); asks(&asked, interrupt) })
			}
			return run(ctx, server, input, words...)
		}
		waited = idle(o, func(server inventory.ServerID, words []string) bool {
			return copies(words) || string(server) == to.Name && words == nil
		})
		results, err := apply.CarryOut(ctx, []course.Unit{*u}, false, o)
		must(t, err)
		if took := waited(); results[0].Outcome != course.Stopped || !strings.Contains(results[0].Why, map[string]string{"--stop": "stopped by interlace apply --stop", "interrupt": "interrupted"}[how]) || strings.Contains(results[0].Why, "database") || took > 10*time.Second {
			t.Errorf("%s: waited for %v: %s, %s\n%v", how, took, results[0].Outcome, results[0].Why, j)
		}
		if last := j.steps[len(j.steps)-1]; last.Step != monitor.StepCopy || last.State != monitor.StepBegan {
			t.Errorf("%s: it is at %s %s", how, last.Step, last.State)
		}
		processes, err := run(t.Context(), "", "", "ps", "-A", "-ww", "-o", "args=")
		if must(t, err); strings.Contains(processes, from.Dir+"/conf/interlace-") {
			t.Errorf("%s: the copy goes on: %s", how, processes)
		}
		must(t, to.Resume())
		interrupt()
	}
	if _, err := login(t.Context(), from, "anna"); err != nil {
		t.Error(err)
	}
	if results, err := apply.CarryOut(t.Context(), []course.Unit{*u}, false, r.options(j)); err != nil || results[0].Outcome != course.Moved {
		t.Errorf("resumed: %+v, %v\n%v", results, err, j)
	}
	r.look(t, "anna", 0, 1)
}

// While the seed of a replica hangs, by the operator's command or by replication, apply ends
// as soon as it is asked to, and the seed goes on later.
func TestHangingSeedIsStopped(t *testing.T) {
	t.Parallel()
	op := newOperator(t)
	people(t, op.on("m"))
	j := &journal{left: -1}
	u := alteration(planner.Seed, "n", "m", 2)
	for _, how := range []string{"seed_command", "sync_client"} {
		var asked atomic.Bool
		o := op.options(j)
		o.Limits.Poll = 50 * time.Millisecond
		o.Gates.Asked = func(context.Context) (bool, error) { return asked.Load(), nil }
		var waited func() time.Duration
		hangs := func() {
			time.AfterFunc(500*time.Millisecond, func() { waited(); asked.Store(true) })
		}
		if how == "seed_command" {
			o.Layouts.Seed = func(ctx context.Context, _ *apply.Order) error {
				hangs()
				<-ctx.Done()
				return context.Cause(ctx)
			}
		} else {
			at(o, "-u", func() { must(t, op.on("n").Pause()); hangs() })
		}
		waited = idle(o, func(server inventory.ServerID, words []string) bool {
			return slices.Contains(words, "-u") || server == "n" && words == nil
		})
		results, err := apply.CarryOut(t.Context(), []course.Unit{*u}, false, o)
		must(t, err)
		if took := waited(); results[0].Outcome != course.Stopped || !strings.Contains(results[0].Why, "stopped by interlace apply --stop") || took > 10*time.Second {
			t.Fatalf("%s: waited for %v: %s, %s\n%v", how, took, results[0].Outcome, results[0].Why, j)
		}
		processes, err := run(t.Context(), "", "", "ps", "-A", "-ww", "-o", "args=")
		if must(t, err); strings.Contains(processes, op.on("m").Dir+"/conf/interlace-") {
			t.Errorf("%s: the copy goes on: %s", how, processes)
		}
	}
	must(t, op.on("n").Resume())
	if results, err := apply.CarryOut(t.Context(), []course.Unit{*u}, false, op.options(j)); err != nil || results[0].Outcome != course.Finished {
		t.Errorf("resumed: %+v, %v\n%v", results, err, j)
	}
	op.inventory = course.Follow(op.inventory, u, j.steps)
	op.check(t, "master m, replica r, replica n")
}

// Whom a run that was killed has left kept out does not wait for units that can't begin.
func TestWhoIsKeptOutComesFirst(t *testing.T) {
	t.Parallel()
	r := newRig(t, 2, cyrustest.Settings{})
	must(t, r.Stores[0].Master().Fill(t.Context(), []cyrustest.Mailbox{{Name: "user.anna", Messages: 3}, {Name: "user.ben", Messages: 3}}))
	units := []course.Unit{*unit("anna", "s1", "s2", "anna"), *unit("ben", "s1", "s2", "ben")}
	units[0].Wave, units[1].Wave = 1, 2
	j := r.killedInDelta(t, &units[1])
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	o := r.options(j)
	o.Gates.Closed = func(time.Time) string { return "the window is closed" }
	var order []string
	o.Progress = func(p apply.Progress) {
		if order = append(order, p.Unit.Name); p.Outcome == course.Waiting {
			cancel()
		}
	}
	results, err := apply.CarryOut(ctx, units, false, o)
	if must(t, err); results[0].Outcome != course.Waiting || results[1].Outcome != course.Moved || order[0] != "ben" {
		t.Errorf("%v: %+v\n%v", order, results, j)
	}
	r.look(t, "ben", 0, 1)
}
