package apply

import (
	"context"
	"slices"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/planner"
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
	back, err := journal.Steps(ctx, u.Plan, backName(u, from))
	if err != nil {
		return nil, err
	}
	return a.after(back)
}

// account reads what has become of a unit on its own.
func (u *Unit) account(records []monitor.StepRecord) (*Account, error) {
	c, err := courseOf(u)
	if err != nil {
		return nil, err
	}
	a := &Account{Fate: Unbegun, Records: records}
	if !begun(records) {
		return a, nil
	}
	a.At = records[len(records)-1].At
	next := c.Next(records, false)
	at, rest := slices.Index(c.Steps, next.Step), slices.Index(c.Steps, c.Rest)
	switch {
	case next.Verb == End && next.Back:
		a.Fate = TakenBack
	case next.Verb == End, rest >= 0 && !next.Back && at >= rest:
		a.Fate = InEffect
		if routed, known := ended(records, monitor.StepRoute); known {
			a.At = routed
		}
		a.Left = u.Do == nil && next.Verb != End && at <= slices.Index(c.Steps, monitor.StepDeleteSource)
	default:
		a.Fate, a.Left = UnderWay, u.Do == nil
		e := effectsOf(records)
		a.Out = e.source && e.target || u.Do != nil && !c.pauses(next.Step)
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

// Whereabouts is on which store somebody is whom units have moved, by what is written down
// of them.
type Whereabouts struct {
	Store inventory.StoreID
	// Since is when mail and clients were sent there, and Plan by which plan; zero where that
	// was not yet done.
	Since time.Time
	Plan  string
	// Left are other stores that have mailboxes of the same names too, or may have:
	// originals that are kept, and copies that are being made.
	Left []inventory.StoreID
}

// Find tells where those are whom units have moved, which come from any number of plans.
// Who was never begun to be moved is not in the answer.
func Find(ctx context.Context, units []Unit, journal Written) (map[inventory.UserID]Whereabouts, error) {
	found := map[inventory.UserID]Whereabouts{}
	for i := range units {
		if units[i].Do != nil {
			continue
		}
		for _, u := range append(Reverse(&units[i]), units[i]) {
			records, err := journal.Steps(ctx, u.Plan, u.Name)
			if err != nil {
				return nil, err
			}
			a, err := u.account(records)
			if err != nil {
				return nil, err
			}
			for _, c := range u.Moves {
				w := found[c.User]
				w.take(&c, u.Plan, a, u.Executed(records))
				found[c.User] = w
			}
		}
	}
	for user, w := range found {
		if w.Store == "" {
			delete(found, user)
			continue
		}
		slices.Sort(w.Left)
		w.Left = slices.DeleteFunc(slices.Compact(w.Left), func(s inventory.StoreID) bool { return s == w.Store })
		found[user] = w
	}
	return found, nil
}

// take enters what one unit has done with somebody, in any order of units.
func (w *Whereabouts) take(c *planner.UserChange, plan string, a *Account, executed bool) {
	switch {
	case executed:
		if w.Since.IsZero() || a.At.After(w.Since) {
			w.Store, w.Since, w.Plan = c.To, a.At, plan
		}
		if a.Left {
			w.Left = append(w.Left, c.From)
		}
	case a.Fate == UnderWay:
		if w.Store == "" {
			w.Store = c.From
		}
		w.Left = append(w.Left, c.To)
	}
}
