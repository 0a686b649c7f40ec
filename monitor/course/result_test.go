package course_test

import (
	"testing"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/planner"
)

// How long users were kept out is from when they were first denied to when they were let
// in, wherever that was.
func TestDenied(t *testing.T) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	r := &course.Result{Unit: &course.Unit{}, Outcome: course.Moved}
	if r.Denied().Known || r.Expected().Known || !r.Since().IsZero() || r.Step() != "" {
		t.Errorf("of one that has not begun: %+v", r)
	}
	add := func(step monitor.Step, state monitor.StepState, seconds int, text string) {
		r.Records = append(r.Records, monitor.StepRecord{Step: step, State: state, At: at.Add(time.Duration(seconds) * time.Second), Text: inventory.Text(text)})
	}
	add(monitor.StepCopy, monitor.StepDone, 1, "users are expected to be denied for 1m5s; not copied: squat")
	add(monitor.StepDenySource, monitor.StepBegan, 10, "")
	if r.Denied().Known {
		t.Errorf("they are kept out, and were for %v", r.Denied())
	}
	add(monitor.StepDenySource, monitor.StepUndone, 14, "")
	if r.Denied() != inventory.Known(4) {
		t.Errorf("taken back they were kept out for %v", r.Denied())
	}
	add(monitor.StepDenySource, monitor.StepBegan, 20, "")
	add(monitor.StepDenySource, monitor.StepBegan, 22, "")
	add(monitor.StepRoute, monitor.StepDone, 25, "")
	add(monitor.StepAllowTarget, monitor.StepDone, 27, "")
	if r.Denied() != inventory.Known(7) || r.Expected() != inventory.Known(65) {
		t.Errorf("kept out for %v, expected %v", r.Denied(), r.Expected())
	}
	if kept := r.Kept(time.Hour); !kept.Equal(at.Add(time.Hour + 25*time.Second)) {
		t.Errorf("the originals are kept until %v", kept)
	}
}

// What somebody has taken back by hand keeps nobody out, whatever was last done of it, and has
// changed nothing that lasts.
func TestTakenBackByHand(t *testing.T) {
	u := &course.Unit{Plan: "p", Name: "c1", Do: &planner.LayoutChange{Do: planner.Promote, Store: "s1", Server: "r", From: "m"}}
	var records []monitor.StepRecord
	add := func(step monitor.Step, states ...monitor.StepState) {
		for _, state := range states {
			records = append(records, monitor.StepRecord{Plan: "p", Unit: "c1", Step: step, State: state, At: time.Unix(int64(len(records)), 0)})
		}
	}
	for _, step := range course.OfPromote.Steps[:5] {
		add(step, monitor.StepBegan, monitor.StepDone)
	}
	add(monitor.StepRoute, monitor.StepBegan, monitor.StepFailed, monitor.StepRecalled)
	out := func(overtaken bool) bool {
		return !(&course.Result{Unit: u, Records: records, Overtaken: overtaken}).Out().IsZero()
	}
	if !out(false) || out(true) || !course.OfPromote.Switches(records) {
		t.Error("before: who is kept out is not as it was")
	}
	add(monitor.StepCheck, monitor.StepUndone)
	if out(false) || course.OfPromote.Switches(records) || u.Stands(records) != course.Back || !u.WasGivenUp(records) {
		t.Errorf("%s, kept out: %v", u.Stands(records), out(false))
	}
}
