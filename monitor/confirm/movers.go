package confirm

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/planner"
)

// mover is a user or a shared tree that a plan moves.
type mover struct {
	planner.UserChange
	unit     string
	keeper   *course.Unit // for which the mover is denied where a copy is kept
	owner    cyrus.Owner
	from, to *inventory.Store
	// certain tells that the journal knows the mover to be on the new store.
	certain bool
	// back tells that the mover was taken back: it is to be on the store where it was, which
	// is the one it goes to here. Left tells that the other one keeps a copy, denied.
	back, left bool
	// kept are copies of the mover that the journal knows to be kept.
	kept []copyKept
	// name is the one by which the mover was routed to where he is to be, if it is another
	// than that of the place which he left.
	name string
}

// copyKept is a copy that is kept on a store.
type copyKept struct {
	*course.Kept
	store *inventory.Store
}

// keptOn returns what is kept of the mover on a store; nil: nothing is known to be.
func (m *mover) keptOn(store inventory.StoreID) *copyKept {
	for i := range m.kept {
		if m.kept[i].Store == store {
			return &m.kept[i]
		}
	}
	return nil
}

// tree is 1 for a shared tree, else 0.
func (m *mover) tree() int {
	if m.owner.Shared {
		return 1
	}
	return 0
}

// doubt begins what is to be said of a mover.
func (m *mover) doubt(verdict monitor.Fulfilment) monitor.Doubt {
	return monitor.Doubt{Verdict: verdict, Unit: inventory.Text(m.unit), User: inventory.Text(m.User), Store: inventory.Text(m.To)}
}

// movers returns those whom the units move, and enters those of whose stores nothing is
// known.
func (c *checking) movers(t *tally) []mover {
	var list []mover
	for i := range c.units {
		for _, change := range c.units[i].Moves {
			m := mover{UserChange: change, unit: c.units[i].Name, keeper: &c.units[i], owner: ownerOf(c.target, change.User)}
			if a := c.accounts[m.part()]; a != nil {
				m.certain, m.left = a.Fate == course.InEffect || a.Fate == course.TakenBack, a.Left
				m.name = nameIn(a, change.User)
			}
			w := c.Moved[change.User]
			for k := range w.Kept {
				if s := c.target.Store(w.Kept[k].Store); s >= 0 {
					m.kept = append(m.kept, copyKept{&w.Kept[k], &c.target.Stores[s]})
				}
			}
			if s := c.target.Store(change.From); s >= 0 {
				m.from = &c.target.Stores[s]
			}
			c.livesOn(&m)
			if s := c.target.Store(m.To); s >= 0 && len(c.target.Stores[s].Instances) > 0 {
				m.to = &c.target.Stores[s]
				list = append(list, m)
				continue
			}
			d := m.doubt(monitor.UnknownFulfilment)
			d.Expected = fmt.Sprintf("moved from %s to %s", change.From, change.To)
			d.Found, d.Next = fmt.Sprintf("the inventory has no instance of %s", change.To), "interlace show stores lists what there is"
			t.doubt(d)
		}
	}
	return list
}

// nameIn is the name by which somebody was routed to where he is to be, as the journal has
// it; empty: it does not tell that place from the one which he left.
func nameIn(a *course.Account, user inventory.UserID) string {
	names := course.NamesOf(a.Records)[user]
	switch {
	case names.From == names.To:
		return ""
	case a.Fate == course.TakenBack && !a.Way:
		return names.From
	}
	return names.To
}

// wayBack is the unit that has moved somebody back who was moved, if one has.
func (c *checking) wayBack(m *mover) *course.Unit {
	for _, u := range course.Reverse(m.keeper) {
		if u.Moves[0].To == m.From {
			return &u
		}
	}
	return m.keeper
}

// people returns those who are no shared trees: nobody is sent to a tree.
func people(movers []mover) []inventory.UserID {
	var users []inventory.UserID
	for i := range movers {
		if !movers[i].owner.Shared {
			users = append(users, movers[i].User)
		}
	}
	return users
}

// denials asks the instances of old stores, and of those that keep copies, that still have
// somebody who moved.
func (c *checking) denials(ctx context.Context, movers []mover, found survey) denials {
	denied := denials{}
	for i := range movers {
		m := &movers[i]
		if m.owner.Shared {
			continue
		}
		var stores []*inventory.Store
		if m.from != nil {
			stores = append(stores, m.from)
		}
		for _, k := range m.kept {
			stores = append(stores, k.store)
		}
		for _, s := range stores {
			for _, in := range s.Instances {
				if at := (instance{s.Name, in.Server}); found[at].owners[m.owner] {
					c.deniedOn(ctx, denied, at, in)
				}
			}
		}
	}
	return denied
}

// deniedOn returns who is denied on an instance, which is asked once.
func (c *checking) deniedOn(ctx context.Context, known denials, at instance, in inventory.Instance) denial {
	d, asked := known[at]
	if asked {
		return d
	}
	if d.err = errUnasked; c.Denied != nil {
		d.users, d.err = c.Denied(ctx, in)
	}
	known[at] = d
	return d
}

var errUnasked = errors.New("nobody can be asked")

// proven returns the users of whom it was confirmed before that nothing was lost: the
// units that had no doubt then.
func (c *checking) proven() map[inventory.UserID]bool {
	proven := map[inventory.UserID]bool{}
	for i := range c.Earlier {
		e := &c.Earlier[i]
		at := slices.IndexFunc(e.Promises, func(p monitor.Promise) bool { return p.Name == monitor.PromiseNothing })
		if at < 0 {
			continue
		}
		doubted := map[string]bool{}
		for _, p := range e.Promises {
			if p.Name != monitor.PromiseNothing && p.Name != monitor.PromiseChanges {
				continue
			}
			for _, d := range p.Doubts {
				doubted[string(d.User)] = true
			}
		}
		for k := range c.units {
			if e.Unit != "" && e.Unit != c.units[k].Name {
				continue
			}
			for _, m := range c.units[k].Moves {
				proven[m.User] = proven[m.User] || !doubted[string(m.User)]
			}
		}
	}
	return proven
}
