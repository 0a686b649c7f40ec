package course_test

import (
	"testing"

	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
)

// Routes of the last attempt are told, and taken, but where it is written down that they are not.
func TestToldRoutes(t *testing.T) {
	step := func(step monitor.Step, state monitor.StepState, data string) monitor.StepRecord {
		return monitor.StepRecord{Step: step, State: state, Data: data}
	}
	check, began, done := step(monitor.StepCheck, monitor.StepBegan, ""), step(monitor.StepRoute, monitor.StepBegan, ""), step(monitor.StepRoute, monitor.StepDone, "")
	failed := func(data string) monitor.StepRecord { return step(monitor.StepRoute, monitor.StepFailed, data) }
	for _, test := range []struct {
		of          string
		records     []monitor.StepRecord
		told, taken bool
	}{
		{"before the route", []monitor.StepRecord{check}, false, false},
		{"killed", []monitor.StepRecord{check, began}, true, true},
		{"done", []monitor.StepRecord{check, began, done}, true, true},
		{"taken, and not seen", []monitor.StepRecord{check, began, failed("")}, true, true},
		{"not taken", []monitor.StepRecord{check, began, failed(course.Untaken)}, true, false},
		{"not told", []monitor.StepRecord{check, began, failed(course.Untold)}, false, false},
		{"killed, and not taken then", []monitor.StepRecord{check, began, began, failed(course.Untaken)}, true, true},
		{"not taken, and not told then", []monitor.StepRecord{check, began, failed(course.Untaken), began, failed(course.Untold)}, true, false},
		{"the attempt before", []monitor.StepRecord{check, began, done, check, began, failed(course.Untold)}, false, false},
	} {
		if told, taken := course.ToldRoutes(test.records); told != test.told || taken != test.taken {
			t.Errorf("%s: told %v, taken %v", test.of, told, taken)
		}
	}
}
