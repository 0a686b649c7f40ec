package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/discover"
)

// decide says on which of several masters users are, by where they are routed and who is
// denied, as far as that can be asked: it must not be the one where they are denied, and
// they must be denied on all others or be routed to it.
func (a *app) decide(inv *inventory.Inventory) func(context.Context, map[inventory.UserID][]inventory.StoreID) map[inventory.UserID]discover.Decision {
	return func(ctx context.Context, places map[inventory.UserID][]inventory.StoreID) map[inventory.UserID]discover.Decision {
		var users []inventory.UserID
		for user := range places {
			users = append(users, user)
		}
		slices.Sort(users)
		routes, unrouted := a.config.routes(ctx, users)
		denied := map[inventory.StoreID]map[inventory.UserID]string{}
		unseen := map[inventory.StoreID]error{}
		decided := map[inventory.UserID]discover.Decision{}
		for _, user := range users {
			d := doubtful{route: routes[user], unrouted: unrouted}
			for _, name := range places[user] {
				master := inv.Stores[inv.Store(name)].Instances[0]
				if denied[name] == nil && unseen[name] == nil {
					denied[name], unseen[name] = a.config.deniedOn(ctx, master)
				}
				_, out := denied[name][user]
				d.stores = append(d.stores, candidate{name, means(inv, d.route, master), out, unseen[name]})
			}
			decided[user] = d.decide()
		}
		return decided
	}
}

// doubtful is a user who is on several masters.
type doubtful struct {
	route    string
	unrouted error // nobody knows the route
	stores   []candidate
}

// candidate is a store on whose master the user is.
type candidate struct {
	store          inventory.StoreID
	routed, denied bool
	unseen         error // whether the user is denied is not known
}

// decide returns the one store that the user is routed to or, where that is not known or
// not told, the one on which alone the user is not denied. The two must not contradict.
func (d *doubtful) decide() discover.Decision {
	var routed, open []candidate
	unseen := 0
	for _, c := range d.stores {
		if c.routed {
			routed = append(routed, c)
		}
		if !c.denied {
			open = append(open, c)
		}
		if c.unseen != nil {
			unseen++
		}
	}
	switch {
	case len(routed) == 1 && routed[0].denied:
		return discover.Decision{Why: fmt.Sprintf("routed to %s and denied there", routed[0].store)}
	case len(routed) == 1:
		return discover.Decision{Store: routed[0].store, Why: "to which users are routed"}
	case d.route != "" && len(routed) == 0:
		return discover.Decision{Why: fmt.Sprintf("routed to %s, which is none of them", inventory.Quoted(d.route))}
	case unseen == 0 && len(open) == 1:
		return discover.Decision{Store: open[0].store, Why: "the only one where the user is not denied"}
	case unseen == 0 && len(open) == 0:
		return discover.Decision{Why: "denied on all of them"}
	}
	var why []string
	switch {
	case d.unrouted != nil:
		why = append(why, inShort(d.unrouted))
	case d.route == "":
		why = append(why, "the routing says nothing of the user")
	default:
		why = append(why, fmt.Sprintf("the route %s may mean several of them", inventory.Quoted(d.route)))
	}
	for _, c := range d.stores {
		if c.unseen != nil {
			why = append(why, fmt.Sprintf("who is denied on %s is not known: %s", c.store, inShort(c.unseen)))
		}
	}
	if unseen == 0 {
		why = append(why, "denied on "+deniedNames(d.stores))
	}
	return discover.Decision{Why: strings.Join(why, "; ")}
}

// deniedNames names the stores where the user is denied.
func deniedNames(list []candidate) string {
	var names []string
	for _, c := range list {
		if c.denied {
			names = append(names, string(c.store))
		}
	}
	if len(names) == 0 {
		return "none of them"
	}
	return strings.Join(names, " and ")
}
