package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
)

// usersOf are those whom an instance that leads the store serves, without those whom the routes send
// to another store, where they are let in, too: what the facts have of them is old. Of whom the
// promotion of which this is written down has begun with that is not asked again.
func (p *promotion) usersOf(ctx context.Context, leader inventory.Instance, records []monitor.StepRecord) (*storeUsers, error) {
	who, err := p.users(ctx, leader)
	if err != nil || p.Live.Served == nil {
		return who, err
	}
	begun := course.BegunWith(records).Routes
	ask := slices.DeleteFunc(slices.Clone(who.here), func(u inventory.UserID) bool { _, known := begun[u]; return known })
	away, among, why := p.routedAway(ctx, ask, p.store)
	if why != nil && among == nil && begun == nil {
		return who, nil // whoever looks where they are routed says so
	}
	if why != nil && among == nil {
		among = ask
	}
	who.here = slices.DeleteFunc(who.here, func(u inventory.UserID) bool { return away[u] != "" || slices.Contains(among, u) })
	for _, u := range ask {
		if away[u] != "" {
			who.out, who.away = append(who.out, u), append(who.away, fmt.Sprintf("%s is routed to %s, and let in there", inventory.Printable(string(u)), away[u]))
		}
	}
	if len(among) > 0 {
		who.doubt(among, why)
	}
	return who, nil
}

// routedHere returns who of those who are denied here, by somebody else than a move, is known to be
// routed here all the same, by the address of an instance or the name of the store: whoever lets them
// in again expects them here. Of whom the promotion of which this is written down has begun with that
// is not asked again. Unsure are those who may be: their routes may mean another store, too.
func (p *promotion) routedHere(ctx context.Context, denied []inventory.UserID, records []monitor.StepRecord) (here, unsure []inventory.UserID) {
	begun := course.BegunWith(records).Routes
	known := func(u inventory.UserID) bool { _, is := begun[u]; return is }
	var served map[inventory.UserID]Destination
	if ask := slices.DeleteFunc(slices.Clone(denied), known); len(ask) > 0 && p.Live.Served != nil {
		served, _ = p.Live.Served(ctx, p.Inventory, ask) // where that can't be asked nobody is known to be
	}
	for _, u := range denied {
		switch at := served[u]; {
		case known(u), p.tells(at):
			here = append(here, u)
		case at.isOn(p.store):
			unsure = append(unsure, u)
		}
	}
	return here, unsure
}

// tells reports whether a route can mean no other store.
func (c *change) tells(at Destination) bool {
	return at.isOn(c.store) && !slices.ContainsFunc(c.Inventory.Stores, func(s inventory.Store) bool { return s.Name != c.store.Name && at.isOn(&s) })
}

// routedAway returns whom the routes send to another store than these, on which they are let in,
// and of whom that can't be found out; the error without any of them says that the routes can't be
// asked.
func (c *change) routedAway(ctx context.Context, users []inventory.UserID, from ...*inventory.Store) (away map[inventory.UserID]inventory.StoreID, among []inventory.UserID, unsure error) {
	if len(users) == 0 || c.Live.Served == nil {
		return nil, nil, nil
	}
	served, err := c.Live.Served(ctx, c.Inventory, users)
	if err != nil {
		return nil, nil, fmt.Errorf("where users are routed can't be asked: %w", err)
	}
	left := slices.DeleteFunc(slices.Clone(users), func(u inventory.UserID) bool {
		return slices.ContainsFunc(from, func(s *inventory.Store) bool { return served[u].isOn(s) })
	})
	away = map[inventory.UserID]inventory.StoreID{}
	for i := range c.Inventory.Stores {
		s := &c.Inventory.Stores[i]
		there := slices.DeleteFunc(slices.Clone(left), func(u inventory.UserID) bool { return !served[u].isOn(s) })
		if len(there) == 0 {
			continue
		}
		_, in, err := c.letInOn(ctx, s.Name)
		if err != nil {
			among = append(among, there...)
			unsure = errors.Join(unsure, fmt.Errorf("%s routed to %s, of which it is not known whether it lets them in: %w", course.Who(there), s.Name, err))
			continue
		}
		for _, u := range there {
			if in[u] {
				away[u] = s.Name
			}
		}
	}
	return away, among, unsure
}

// checkAway fails where the routes send somebody who moves to a third store, on which he is let in:
// what is on the old one is not what he uses.
func (m *move) checkAway(ctx context.Context) error {
	var wrong error
	c := &change{Options: m.Options, unit: m.unit}
	for _, s := range m.sources {
		away, _, err := c.routedAway(ctx, s.users, s.store, m.target.store)
		wrong = errors.Join(wrong, err)
		for _, u := range s.users {
			if away[u] != "" {
				wrong = errors.Join(wrong, fmt.Errorf("user %s is routed to %s, and let in there, and not on %s: let interlace discover --routed find that out, or deny them (cyr_deny) where they are not", inventory.Printable(string(u)), away[u], s.store.Name))
			}
		}
	}
	return wrong
}
