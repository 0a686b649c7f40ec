package main

import (
	"context"
	"slices"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/history"
	"github.com/interlacemail/interlace/planner"
)

// standing are facts as they stand by now: those of the inventory with what the journal says that
// plans have changed since.
type standing struct {
	*facts
	// overruled are stores of which changes up to a time are not believed: somebody has changed
	// these by hand since, as the inventory and the processes show.
	overruled map[inventory.StoreID]time.Time
	// doubts say of which stores it is not known which instances they have, and why.
	doubts map[inventory.StoreID]string
}

// factsNow returns facts as they stand by now, by the journal where there is one.
func (a *app) factsNow(ctx context.Context, f *facts) (*standing, error) {
	if a.withoutDatabase() {
		return &standing{facts: f}, nil
	}
	h, err := a.openJournal(ctx, false)
	if err != nil {
		return nil, err
	}
	defer h.Close()
	return a.standing(ctx, h, f)
}

// standing returns the facts as they stand by now. Where the inventory shows other instances of a
// store than what plans have changed, and none is changing it, the processes decide.
func (a *app) standing(ctx context.Context, h *history.History, f *facts) (*standing, error) {
	units, lasting, err := lastingOf(ctx, h)
	if err != nil {
		return nil, err
	}
	return a.standingBy(ctx, h, f, units, lasting)
}

// standingBy returns the same by some units of the journal, and what lasts of them.
func (a *app) standingBy(ctx context.Context, h *history.History, f *facts, units []course.Unit, lasting []course.Lasting) (*standing, error) {
	s := &standing{overruled: map[inventory.StoreID]time.Time{}, doubts: map[inventory.StoreID]string{}}
	units = s.leaveOut(f.Inventory, lasting, units)
	of, err := disputed(ctx, h, f.Inventory, units, s.believed(lasting))
	if err != nil {
		return nil, err
	}
	a.decideLayouts(ctx, f, of, s)
	inv, err := course.Standing(ctx, f.Inventory, f.found, s.believed(lasting), units, h)
	if err != nil {
		return nil, err
	}
	now := *f
	now.Inventory, s.facts = inv, &now
	return s, ctx.Err()
}

// leaveOut has no changes be believed of stores that plans have brought to servers which the
// inventory does not have any more, up to the last one of these plans, and returns the units without
// those that are about to. What later plans have changed since counts.
func (s *standing) leaveOut(inv *inventory.Inventory, lasting []course.Lasting, units []course.Unit) []course.Unit {
	nowhere := func(u *course.Unit) bool {
		return u.Do != nil && u.Do.Do != planner.Drop && inv.Server(u.Do.Server) < 0
	}
	for i := range lasting {
		gone := &lasting[i]
		if !nowhere(gone.Unit) {
			continue
		}
		for k := range lasting {
			if l := &lasting[k]; l.Plan == gone.Plan && l.Do.Store == gone.Do.Store {
				s.overruled[l.Do.Store] = later(s.overruled[l.Do.Store], l.At)
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(units), func(u course.Unit) bool { return nowhere(&u) })
}

// believed are the changes that nobody has changed by hand since.
func (s *standing) believed(lasting []course.Lasting) []course.Lasting {
	return slices.DeleteFunc(slices.Clone(lasting), func(l course.Lasting) bool { return !l.At.After(s.overruled[l.Do.Store]) })
}
