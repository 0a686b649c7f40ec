package course

import (
	"context"
	"slices"
	"time"

	"github.com/interlacemail/interlace/inventory"
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
