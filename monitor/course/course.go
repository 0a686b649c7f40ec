package course

import (
	"slices"

	"github.com/interlacemail/interlace/monitor"
)

// Course is the sequence of steps of a unit.
type Course struct {
	Steps []monitor.Step
	// Pivot is the step from which on there is no way back, and Rest the one before
	// which the unit waits for a later day. Empty: there is none.
	Pivot, Rest monitor.Step
	// Hold is the step from whose beginning on users are kept out, up to the rest or the
	// end: in between nobody stops or waits. Empty: there is none.
	Hold monitor.Step
	// Cut are steps that may take hours while nobody is kept out, and are ended in the
	// middle where somebody asks for the end: they are begun again later.
	Cut []monitor.Step
	// Stay are steps before the pivot that need not be undone, and at which a unit stays that
	// fails, until somebody has it go on or back: what is before them took long, and what they
	// have found may be mended.
	Stay []monitor.Step
}

// Past reports whether the pivot has begun: there is no way back.
func (c *Course) Past(a Action) bool {
	at, pivot := slices.Index(c.Steps, a.Step), slices.Index(c.Steps, c.Pivot)
	switch {
	case a.Back, pivot < 0:
		return false
	case a.Verb == End:
		return true
	}
	return at > pivot || at == pivot && (a.Again || a.Failures > 0)
}

// Pauses reports whether a unit may be left, for minutes or for days, before a step.
func (c *Course) Pauses(step monitor.Step) bool {
	at, hold, rest := slices.Index(c.Steps, step), slices.Index(c.Steps, c.Hold), slices.Index(c.Steps, c.Rest)
	if rest < 0 {
		rest = len(c.Steps)
	}
	return hold < 0 || at <= hold || at == rest
}

// Rested reports whether the unit has come to the step before which it rests: nothing is left
// but what may be done at any time.
func (c *Course) Rested(a Action) bool {
	rest := slices.Index(c.Steps, c.Rest)
	return rest >= 0 && a.Verb != End && !a.Back && slices.Index(c.Steps, a.Step) >= rest
}

// Verb says what to do next about a unit.
type Verb string

// Verbs.
const (
	Do     Verb = "do"     // the step
	Undo   Verb = "undo"   // the step
	Settle Verb = "settle" // nothing until the step may be done: the unit rests before it
	End    Verb = "end"    // nothing: all steps are done, or all that was done is undone
)

// Action is what is to be done next about a unit.
type Action struct {
	Verb Verb
	Step monitor.Step
	// Again tells that the step, or its undoing, began before and did not come to an end
	// that is known: it may be in effect.
	Again bool
	// Failures is how often the step failed since the one before it was done.
	Failures int
	// Back tells that the unit is on its way back, or has come back.
	Back bool
}

// Next returns what is to be done next about a unit of which this is written down, in the
// order in which it was. With back it is to be taken back, if that is still possible.
//
// A step that failed before the pivot turns the unit back, but for those at which it stays:
// that step, if it began, and all before it are undone, the last one first. So does the pivot
// if it could not begin, or has failed with nobody let in. What else failed is done again.
// Where it is written down that the unit is to be taken back it goes on as with back. After a
// unit has come back a new record of its first step begins anew.
func (c *Course) Next(records []monitor.StepRecord, back bool) Action {
	at := c.stand(records)
	if back && !at.back && at.reversible {
		at.turn()
	}
	switch {
	case at.back && at.step < 0:
		return Action{Verb: End, Back: true}
	case at.back:
		return Action{Verb: Undo, Step: c.Steps[at.step], Again: at.began, Failures: at.failures, Back: true}
	case at.step == len(c.Steps):
		return Action{Verb: End}
	case c.Steps[at.step] == c.Rest && !at.began && at.failures == 0:
		return Action{Verb: Settle, Step: c.Rest}
	}
	return Action{Verb: Do, Step: c.Steps[at.step], Again: at.began, Failures: at.failures}
}

// standing is where a unit is.
type standing struct {
	step       int  // to be done next or, on the way back, to be undone next; -1 where it has come back
	began      bool // that began
	failures   int  // of it
	back       bool // the unit is on its way back
	reversible bool // the pivot has not begun
}

// turn lets the unit go back. A step that began may be in effect, and is undone too.
func (s *standing) turn() {
	s.back = true
	if !s.began {
		s.step--
	}
	s.began, s.failures = false, 0
}

// stand reads where the unit is.
func (c *Course) stand(records []monitor.StepRecord) standing {
	at := standing{reversible: true}
	pivot := slices.Index(c.Steps, c.Pivot)
	for i := range records {
		step := slices.Index(c.Steps, records[i].Step)
		switch records[i].State {
		case monitor.StepBegan:
			if at.back {
				at = standing{reversible: true}
			}
			at.step, at.began = step, true
			at.reversible = pivot < 0 || step < pivot
		case monitor.StepDone:
			at.step, at.began, at.failures = step+1, false, 0
		case monitor.StepFailed:
			at.failures++
			stays := slices.Contains(c.Stay, records[i].Step)
			if !at.back && !stays && (at.reversible || records[i].Data == AreOut) {
				at.turn()
				break
			}
			at.began = false
		case monitor.StepRecalled:
			if !at.back && at.reversible {
				at.turn()
			}
		case monitor.StepUndoing:
			at.back, at.step, at.began = true, step, true
		case monitor.StepUndone:
			at.back, at.step, at.began, at.failures = true, step-1, false, 0
		}
	}
	return at
}

// Attempt is what is written down since the unit began last.
func (c *Course) Attempt(records []monitor.StepRecord) []monitor.StepRecord {
	for i, r := range slices.Backward(records) {
		if r.Step == c.Steps[0] && r.State == monitor.StepBegan {
			return records[i:]
		}
	}
	return records
}

// Switches reports whether users may be routed, or roles changed, in the last attempt.
func (c *Course) Switches(records []monitor.StepRecord) bool {
	if a := c.Next(records, false); a.Verb == End && a.Back {
		return false
	}
	on := map[monitor.Step]bool{}
	for _, r := range c.Attempt(records) {
		if r.Step == monitor.StepRoute || r.Step == monitor.StepPromote {
			on[r.Step] = r.State != monitor.StepUndone
		}
	}
	return on[monitor.StepRoute] || on[monitor.StepPromote]
}
