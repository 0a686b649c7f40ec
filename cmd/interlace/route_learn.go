package main

import (
	"context"
	"maps"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/planner"
)

// foresee learns the forms of all stores to which units lead before any of these begins, so
// that it does not matter which one does first.
func (n *naming) foresee(ctx context.Context, units []*course.Unit) {
	var routes []apply.Route
	for _, u := range units {
		if u.Do != nil {
			continue
		}
		c := &u.Moves[0]
		if slices.ContainsFunc(routes, func(r apply.Route) bool { return r.Store == c.To }) {
			continue
		}
		if from, to := n.master(c.From), n.master(c.To); from != nil && to != nil {
			routes = append(routes, apply.Route{User: c.User, From: *from, To: *to, Store: c.To})
		}
	}
	_, _ = n.name(ctx, n.inv, routes) // what is wrong each unit's check says
}

// learn finds out in which form the stores at the ends of routes are named, of users who are
// routed to places now.
func (n *naming) learn(ctx context.Context, fleet *inventory.Inventory, lines []routeLine, now map[inventory.UserID]string) error {
	var stores []inventory.StoreID
	for i := range lines {
		for _, s := range []inventory.StoreID{storeOf(fleet, lines[i].From), lines[i].Store} {
			if s != "" && n.forms[s] == unformed && !slices.Contains(stores, s) {
				stores = append(stores, s)
			}
		}
	}
	if len(stores) == 0 {
		return nil
	}
	if n.forms == nil {
		n.forms = map[inventory.StoreID]form{}
	}
	units, err := n.open(ctx)
	if err != nil {
		return err
	}
	if err := n.learnOfUsers(ctx, stores, units, now); err != nil {
		return err
	}
	if err := n.learnOfUnits(ctx, stores, units); err != nil {
		return err
	}
	for i := range lines {
		l := &lines[i]
		if l.Store == "" || n.forms[l.Store] != unformed {
			continue
		}
		f := formAt(now[l.User], l.From, storeOf(fleet, l.From))
		if !f.tells(fleet, l.To, l.Store) {
			f = usual(fleet, l.To)
		}
		n.forms[l.Store] = f
	}
	return nil
}

// open are the units of plans of which something is left to do: of what they have moved the
// originals are kept.
func (n *naming) open(ctx context.Context) ([]course.Unit, error) {
	if n.history == nil {
		return nil, nil
	}
	return journalled(ctx, n.history, false)
}

// learnOfUsers gives stores the form in which most of their users are routed, some of whom
// are known already. Whose original alone is on a store is none of its users.
func (n *naming) learnOfUsers(ctx context.Context, stores []inventory.StoreID, units []course.Unit, now map[inventory.UserID]string) error {
	if !n.knowsRoutes() {
		return nil
	}
	moved, err := course.Find(ctx, units, n.history)
	if err != nil {
		return err
	}
	on := map[inventory.StoreID][]inventory.UserID{}
	for i := range n.inv.Users {
		u := &n.inv.Users[i]
		at := u.Store
		if w, known := moved[u.Name]; known {
			at = w.Store
		}
		if u.Kind != inventory.Shared && slices.Contains(stores, at) {
			on[at] = append(on[at], u.Name)
		}
	}
	named, err := n.routesOf(ctx, on, now)
	if err != nil {
		return err
	}
	for _, s := range stores {
		master, count, most := n.master(s), map[form]int{}, unformed
		if master == nil {
			continue
		}
		for _, u := range on[s] {
			f := formAt(named[u], *master, s)
			if count[f]++; f != unformed && (most == unformed || count[f] > count[most]) {
				most = f
			}
		}
		n.forms[s] = most
	}
	return nil
}

// mostAsked is how many users of a store a command is asked for to learn its name.
const mostAsked = 3

// routesOf are the routes of users of stores: of all where a file has them or, where a
// command is asked, of those who are known and of a few more, as far as it answers.
func (n *naming) routesOf(ctx context.Context, on map[inventory.StoreID][]inventory.UserID, now map[inventory.UserID]string) (map[inventory.UserID]string, error) {
	if len(n.Monitor.RoutingQuery) == 0 {
		var all []inventory.UserID
		for _, users := range on {
			all = append(all, users...)
		}
		return n.routes(ctx, all)
	}
	named := map[inventory.UserID]string{}
	for _, users := range on {
		asked := 0
		for _, u := range users {
			name, known := now[u]
			if !known && asked < mostAsked {
				asked++
				if found, err := n.routes(ctx, []inventory.UserID{u}); err == nil {
					name = found[u]
				}
			}
			named[u] = name
		}
	}
	return named, ctx.Err()
}

// learnOfUnits gives stores of which nothing else is known the form in which users are
// routed whom units have moved away from there, or there.
func (n *naming) learnOfUnits(ctx context.Context, stores []inventory.StoreID, units []course.Unit) error {
	for i := range units {
		if units[i].Do != nil && units[i].Do.Do != planner.Promote {
			continue
		}
		records, err := n.history.Steps(ctx, units[i].Plan, units[i].Name)
		if err != nil {
			return err
		}
		names := course.NamesOf(records)
		for _, c := range units[i].Moves {
			n.remember(stores, c.From, names[c.User].From)
			n.remember(stores, c.To, names[c.User].To)
		}
		if units[i].Do != nil {
			for _, u := range slices.Sorted(maps.Keys(names)) {
				n.remember(stores, units[i].Do.Store, names[u].To)
			}
		}
	}
	return nil
}

// remember gives a store, if it is one of these and has none, the form of a name that one of
// its instances has.
func (n *naming) remember(stores []inventory.StoreID, store inventory.StoreID, name string) {
	at := n.inv.Store(store)
	if at < 0 || n.forms[store] != unformed || !slices.Contains(stores, store) {
		return
	}
	for _, in := range n.inv.Stores[at].Instances {
		if f := formAt(name, in, store); f != unformed {
			n.forms[store] = f
			return
		}
	}
}
