package course

import (
	"context"
	"slices"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// Fate is what has become of a unit, or of what of it came from one store, as the journal
// has it.
type Fate string

// Fates.
const (
	Unbegun   Fate = "unbegun"    // nothing is written down of it
	UnderWay  Fate = "under_way"  // it goes on or back, and users may be denied
	InEffect  Fate = "in_effect"  // it is carried out; the original may be kept
	TakenBack Fate = "taken_back" // all is as it was before; what was moved back may have left a copy
)

// Account is what the journal tells of a unit, or of what of it came from one store.
type Account struct {
	Fate Fate
	// Records are those of the unit, or of its way back where that has begun.
	Records []monitor.StepRecord
	// At is when it came to that: of a unit that is carried out when users were routed
	// anew, of one taken back when they were let in again, else when it last went on.
	At time.Time
	// Left tells that mailboxes of the same names are, or may be, on the other store too,
	// denied: the old one of what is in effect, the new one of what was taken back.
	Left bool
	// Out tells that users are, or may be, kept out of both stores.
	Out bool
	// GivenUp tells that somebody has asked for it to be taken back, and that nothing of it is in
	// effect: it is not begun again.
	GivenUp bool
	// Way tells that the account is one of the way back of what was carried out.
	Way bool
}

// Written is what was written down of carrying out units.
type Written interface {
	Steps(ctx context.Context, plan, unit string) ([]monitor.StepRecord, error)
}

// AccountOf returns what the journal tells of what of a unit came from a store; of a change
// of a layout it does not matter which one.
func AccountOf(ctx context.Context, u *Unit, from inventory.StoreID, journal Written) (*Account, error) {
	own, err := journal.Steps(ctx, u.Plan, u.Name)
	if err != nil {
		return nil, err
	}
	a, err := u.account(own)
	if err != nil || u.Do != nil {
		return a, err
	}
	back, err := journal.Steps(ctx, u.Plan, BackName(u, from))
	if err != nil {
		return nil, err
	}
	return a.after(back)
}

// account reads what has become of a unit on its own.
func (u *Unit) account(records []monitor.StepRecord) (*Account, error) {
	c, err := Of(u)
	if err != nil {
		return nil, err
	}
	a := &Account{Fate: Unbegun, Records: records}
	a.GivenUp = u.WasGivenUp(records)
	last := lastOfAStep(records)
	if last == nil {
		return a, nil
	}
	a.At = last.At
	next := c.Next(records, false)
	at := slices.Index(c.Steps, next.Step)
	switch {
	case next.Verb == End && next.Back:
		a.Fate = TakenBack
	case next.Verb == End, c.Rested(next):
		a.Fate = InEffect
		if routed, known := Ended(records, monitor.StepRoute); known {
			a.At = routed
		}
		a.Left = u.Do == nil && next.Verb != End && at <= slices.Index(c.Steps, monitor.StepDeleteSource)
	default:
		a.Fate, a.Left = UnderWay, u.Do == nil
		e := EffectsOf(records)
		a.Out = e.Source && e.Target || u.Do != nil && !c.Pauses(next.Step)
	}
	return a, nil
}

// after returns what has become of a unit whose way back has these records.
func (a *Account) after(back []monitor.StepRecord) (*Account, error) {
	way, err := (&Unit{}).account(back)
	if err != nil {
		return nil, err
	}
	switch way.Fate {
	case InEffect:
		way.Fate = TakenBack
	case UnderWay:
	default:
		return a, nil
	}
	way.Way = true
	return way, nil
}
