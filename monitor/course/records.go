package course

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/interlacemail/interlace/monitor"
)

// Read reads what a step that was done left for later ones, and reports whether that is so.
func Read(records []monitor.StepRecord, step monitor.Step, into any) bool {
	for _, r := range slices.Backward(records) {
		if r.Step == step && r.State == monitor.StepDone {
			return r.Data != "" && json.Unmarshal([]byte(r.Data), into) == nil
		}
	}
	return false
}

// Ended returns when a step was last done, if it was.
func Ended(records []monitor.StepRecord, step monitor.Step) (time.Time, bool) {
	return Last(records, step, monitor.StepDone)
}

// Last returns when a step last came to a state, if it did.
func Last(records []monitor.StepRecord, step monitor.Step, state monitor.StepState) (time.Time, bool) {
	for _, r := range slices.Backward(records) {
		if r.Step == step && r.State == state {
			return r.At, true
		}
	}
	return time.Time{}, false
}

// LastFailure returns the record of what failed last; nil: nothing has.
func LastFailure(records []monitor.StepRecord) *monitor.StepRecord {
	for i, r := range slices.Backward(records) {
		if r.State == monitor.StepFailed {
			return &records[i]
		}
	}
	return nil
}

// TurnedBy returns the record of the failure for which a unit was last taken back, or is; what failed on
// the way back is none. Nil: nothing had failed.
func TurnedBy(records []monitor.StepRecord) (by *monitor.StepRecord) {
	back := false
	for i := range records {
		switch r := &records[i]; {
		case r.State == monitor.StepBegan && back:
			back, by = false, nil
		case r.State == monitor.StepFailed && !back:
			by = r
		case r.State == monitor.StepUndoing:
			back = true
		}
	}
	return by
}

// lastOfAStep returns the last record that tells of a step, and not of what somebody has asked
// for; nil: none does.
func lastOfAStep(records []monitor.StepRecord) *monitor.StepRecord {
	for i, r := range slices.Backward(records) {
		if r.State != monitor.StepRecalled && r.State != monitor.StepWithdrawn {
			return &records[i]
		}
	}
	return nil
}

// AreIn is what the record of a step that failed has as its data when users are let in all
// the same, and WereIn what a record has when they were let in before, nobody knows when.
const AreIn, WereIn = "let in", "let in before"

// AreOut is what the record has as its data of a step that failed with nobody let in.
const AreOut = "nobody let in"
