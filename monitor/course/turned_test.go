package course_test

import (
	"strconv"
	"testing"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
)

// A unit was taken back for what failed before that, in its last attempt, not for what failed on the way.
func TestTurnedBy(t *testing.T) {
	var records []monitor.StepRecord
	for _, add := range []struct {
		step  monitor.Step
		state monitor.StepState
		want  string
	}{
		{monitor.StepCheck, monitor.StepBegan, ""},
		{monitor.StepCheck, monitor.StepDone, ""},
		{monitor.StepRoute, monitor.StepBegan, ""},
		{monitor.StepRoute, monitor.StepFailed, "2"},
		{monitor.StepRoute, monitor.StepBegan, "2"},
		{monitor.StepRoute, monitor.StepFailed, "4"},
		{monitor.StepRoute, monitor.StepUndoing, "4"},
		{monitor.StepRoute, monitor.StepUndone, "4"},
		{monitor.StepCopy, monitor.StepUndoing, "4"},
		{monitor.StepCopy, monitor.StepFailed, "4"},
		{monitor.StepCopy, monitor.StepUndone, "4"},
		{monitor.StepCheck, monitor.StepBegan, ""},
		{monitor.StepCheck, monitor.StepFailed, "11"},
	} {
		failures := len(records) - 1
		records = append(records, monitor.StepRecord{Step: add.step, State: add.state, Text: inventory.Text(strconv.Itoa(failures))})
		by := course.TurnedBy(records)
		if got := textOf(by); got != add.want {
			t.Errorf("after %s %s: by %q, want %q", add.step, add.state, got, add.want)
		}
	}
}

func textOf(r *monitor.StepRecord) string {
	if r == nil {
		return ""
	}
	return string(r.Text)
}
