package course

import (
	"slices"

	"github.com/interlacemail/interlace/monitor"
)

// Executed reports whether a unit of which this is written down is in effect, or may be:
// the facts of the fleet may show it.
func (u *Unit) Executed(records []monitor.StepRecord) bool {
	c, err := Of(u)
	if err != nil || len(records) == 0 {
		return false
	}
	a := c.Next(records, false)
	if u.Do == nil && a.Verb != End { // the facts follow the routes
		at, route := slices.Index(c.Steps, a.Step), slices.Index(c.Steps, monitor.StepRoute)
		return at > route || at == route && (a.Again || a.Back)
	}
	return c.Past(a)
}

// Past reports whether the pivot of a unit of which this is written down is behind it: nothing
// takes it back any more.
func (u *Unit) Past(records []monitor.StepRecord) bool {
	c, err := Of(u)
	return err == nil && len(records) > 0 && c.Past(c.Next(records, false))
}

// Rests reports whether nothing is to be done about a unit but to delete the originals.
func (u *Unit) Rests(records []monitor.StepRecord) bool {
	c, err := Of(u)
	return err == nil && c.Next(records, false).Verb == Settle
}

// Fresh reports whether a unit of which this is written down is not begun, or has come back
// and would begin anew.
func (u *Unit) Fresh(records []monitor.StepRecord) bool {
	c, err := Of(u)
	if err != nil || len(records) == 0 {
		return true
	}
	a := c.Next(records, false)
	return a.Verb == End && a.Back
}

// Refused reports whether a unit of which this is written down is back since its check has failed
// when it was begun last.
func (u *Unit) Refused(records []monitor.StepRecord) bool {
	c, err := Of(u)
	if err != nil || !u.Fresh(records) {
		return false
	}
	_, failed := Last(c.Attempt(records), c.Steps[0], monitor.StepFailed)
	return failed
}

// Settled reports whether nothing is to be done about a unit but to delete the originals, now
// or when their time is over, even if that has begun.
func (u *Unit) Settled(records []monitor.StepRecord) bool {
	c, err := Of(u)
	if err != nil {
		return false
	}
	return c.Rested(c.Next(records, false))
}

// Held reports whether a unit of which this is written down must not be left where it is:
// users are kept out, or it is on its way back, or is with back.
func (u *Unit) Held(records []monitor.StepRecord, back bool) bool {
	c, err := Of(u)
	if err != nil {
		return false
	}
	a := c.Next(records, back)
	return a.Verb == Undo || a.Verb == Do && !c.Rested(a) && (!c.Pauses(a.Step) || a.Again && a.Step == c.Hold)
}

// Pivot is the step from which on there is no way back; empty: there is none.
func (u *Unit) Pivot() monitor.Step {
	c, err := Of(u)
	if err != nil {
		return ""
	}
	return c.Pivot
}

// OnlyOn reports whether a unit of which this is written down can't be taken back any more, and
// is not done.
func (u *Unit) OnlyOn(records []monitor.StepRecord) bool {
	c, err := Of(u)
	if err != nil || len(records) == 0 {
		return false
	}
	a := c.Next(records, true)
	return a.Verb == Do && c.Past(a)
}

// Ahead reports whether there is something to do about a unit now or, with back, to undo. It
// may have come back, and is then begun anew.
func (u *Unit) Ahead(records []monitor.StepRecord, back bool) bool {
	c, err := Of(u)
	if err != nil {
		return false
	}
	a := c.Next(records, back)
	return a.Verb == Do || a.Verb == Undo || a.Verb == End && a.Back && !back
}
