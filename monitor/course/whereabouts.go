package course

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/planner"
)

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
	// Kept are those of the copies there that are kept for their time after a move, by store,
	// in the order of the names of these.
	Kept []Kept
}

// Kept is a copy that a unit keeps, denied, on the store which it has moved somebody from.
type Kept struct {
	Store inventory.StoreID
	// Plan and Unit are those that keep it, and Way tells that this was a way back.
	Plan, Unit string
	Way        bool
	// Since is when mail and clients were sent elsewhere.
	Since time.Time
}

// On returns what is kept on a store; nil: nothing is.
func (w *Whereabouts) On(store inventory.StoreID) *Kept {
	for i := range w.Kept {
		if w.Kept[i].Store == store {
			return &w.Kept[i]
		}
	}
	return nil
}

// Onward reports whether a later plan has moved somebody on to a third store since a change had
// him routed anew.
func (w *Whereabouts) Onward(c *planner.UserChange, routed time.Time) bool {
	return w.Since.After(routed) && w.Store != c.From && w.Store != c.To
}

// Stands reports whether somebody is where plans have moved him last, as far as is known: he was not
// found elsewhere since, and the store has not left the inventory. Found is as of when users are
// where that has them; zero: nobody was found.
func (w *Whereabouts) Stands(inv *inventory.Inventory, found time.Time) bool {
	return w.Since.After(found) && inv.Store(w.Store) >= 0
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
				w.take(&c, &u, a, u.Executed(records))
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
		w.Kept = slices.DeleteFunc(w.Kept, func(k Kept) bool { return k.Store == w.Store })
		slices.SortFunc(w.Kept, func(a, b Kept) int { return cmp.Or(cmp.Compare(a.Store, b.Store), b.Since.Compare(a.Since)) })
		w.Kept = slices.CompactFunc(w.Kept, func(a, b Kept) bool { return a.Store == b.Store }) // the last one keeps it
		found[user] = w
	}
	return found, nil
}

// take enters what one unit has done with somebody, in any order of units.
func (w *Whereabouts) take(c *planner.UserChange, u *Unit, a *Account, executed bool) {
	switch {
	case executed:
		staying := StayingOf(a.Records)
		if w.Since.IsZero() || a.At.After(w.Since) {
			w.Store, w.Since, w.Plan = c.To, a.At, u.Plan
		}
		if a.Left || staying.Has(c.From, c.User) {
			w.Left = append(w.Left, c.From)
		}
		if routed, known := Ended(a.Records, monitor.StepRoute); known && a.Left {
			w.Kept = append(w.Kept, Kept{c.From, u.Plan, u.Name, u.Back, routed})
		}
	case a.Fate == UnderWay:
		if w.Store == "" {
			w.Store = c.From
		}
		w.Left = append(w.Left, c.To)
	}
}
