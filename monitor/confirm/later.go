package confirm

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/planner"
)

// change is one of a layout that another plan has made, or is making.
type change struct {
	unit  *course.Unit
	since time.Time
}

// changes reports whether it changes what is on an instance.
func (l *change) changes(at instance) bool {
	do := l.unit.Do
	return do.Store == at.store && (do.Server == at.server || do.Do == planner.Promote && string(do.From) == string(at.server))
}

// laterChanges are those of other plans in the journal, the first one at the head.
func (c *checking) laterChanges(ctx context.Context) ([]change, error) {
	var list []change
	for i := range c.Others {
		u := &c.Others[i]
		if u.Do == nil || u.Plan == c.plan || c.Journal == nil {
			continue
		}
		a, err := course.AccountOf(ctx, u, "", c.Journal)
		if err != nil {
			return nil, err
		}
		if a.Fate == course.InEffect || a.Fate == course.UnderWay {
			list = append(list, change{u, a.At})
		}
	}
	slices.SortStableFunc(list, func(a, b change) int { return a.since.Compare(b.since) })
	return list, nil
}

// followed returns the fleet with what other plans have changed of stores since this plan
// has.
func (c *checking) followed(target *inventory.Inventory) *inventory.Inventory {
	last := map[inventory.StoreID]time.Time{}
	for i := range c.units {
		u := &c.units[i]
		if a := c.accounts[part{u.Name, ""}]; u.Do != nil && a != nil && len(a.Records) > 0 && a.At.After(last[u.Do.Store]) {
			last[u.Do.Store] = a.At
		}
	}
	var since []*course.Unit
	for _, l := range c.later {
		if at, changed := last[l.unit.Do.Store]; changed && l.since.After(at) {
			since = append(since, l.unit)
		}
	}
	if len(since) == 0 {
		return target
	}
	return course.Carried(target, since)
}

// addressed returns the fleet with the addresses that the inventory has of instances which a
// change, or the way back of one, has added.
func (c *checking) addressed(fleet *inventory.Inventory) *inventory.Inventory {
	fleet = fleet.Clone()
	for i := range fleet.Stores {
		s := &fleet.Stores[i]
		known := c.Inventory.Store(s.Name)
		for k := range s.Instances {
			in := &s.Instances[k]
			if known < 0 || in.IMAP != "" {
				continue
			}
			if now := c.Inventory.Stores[known].On(in.Server); now != nil {
				role := in.Role
				*in = *now
				in.Role = role
			}
		}
	}
	return fleet
}

// own returns the spots of which the plan still promises something: others another plan has
// changed since this one has made or taken back its change. It enters which plan that was.
func (c *checking) own(all []spot, t *tally) (own []spot, passed int) {
	by := map[string]int{}
	for _, s := range all {
		if l := c.changedBy(&s); l != nil {
			by[l.unit.Plan]++
			passed++
			continue
		}
		own = append(own, s)
	}
	for _, plan := range slices.Sorted(maps.Keys(by)) {
		t.notes = append(t.notes, fmt.Sprintf("%s changed since by plan %s", inventory.Counted(by[plan], "instance was", "instances were"), plan))
	}
	return own, passed
}

// changedBy returns the last change of another plan since that of this one, or nil.
func (c *checking) changedBy(s *spot) *change {
	a := c.accounts[s.part()]
	if a == nil || a.Fate == course.UnderWay || a.Fate == course.Unbegun && !c.givenUp(s.part()) {
		return nil
	}
	for _, l := range slices.Backward(c.later) {
		if l.changes(s.instance) && l.since.After(c.since(s.part())) {
			return &l
		}
	}
	return nil
}
