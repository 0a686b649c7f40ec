package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/history"
)

// naming decides in which words routes are written. FROM is where the user is routed now,
// as the routing says it. TO is in the form that its store has: that in which most of its
// users are routed when it is first asked for or, where there are none, in which users were
// who have left it and may come back. A store that has none gets that of the first user who
// is routed there, as far as such a name tells which instance is meant, or else the usual
// one. What was learnt of a store does not change any more.
type naming struct {
	*config
	inv     *inventory.Inventory // as it is when a run begins
	history *history.History     // of what was carried out, or nil

	mu    sync.Mutex
	forms map[inventory.StoreID]form
}

// name gives routes their names in a fleet as it stands, and fails where these don't tell the ends
// apart.
func (n *naming) name(ctx context.Context, fleet *inventory.Inventory, routes []apply.Route) ([]apply.Route, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	lines := routeLines(fleet, routes)
	now, err := n.routesNow(ctx, lines)
	if err != nil {
		return nil, err
	}
	if err := n.learn(ctx, fleet, lines, now); err != nil {
		return nil, err
	}
	named := make([]apply.Route, len(lines))
	for i := range lines {
		l := &lines[i]
		l.Names = n.names(fleet, l, now[l.User])
		named[i] = l.Route
	}
	return named, n.alike(fleet, lines)
}

// names are those of the ends of a route of a user who is routed to a place now. Who is
// routed back is routed in the words of before.
func (n *naming) names(fleet *inventory.Inventory, l *routeLine, now string) course.RouteNames {
	from := storeOf(fleet, l.From)
	here := n.formOf(fleet, from, l.From).name(l.From, from)
	switch master := n.master(from); {
	case means(fleet, now, l.From):
		here = now
	case master != nil && master.Server != l.From.Server && means(fleet, now, *master):
		now = here // another instance leads the store by then
	}
	switch {
	case l.leads(fleet, now): // it is done already
		return course.RouteNames{From: here, To: now}
	case formAt(l.Was, l.To, l.Store) != unformed:
		return course.RouteNames{From: here, To: l.Was}
	}
	return course.RouteNames{From: here, To: cmp.Or(n.formOf(fleet, l.Store, l.To).name(l.To, l.Store), string(l.To.Server))}
}

// formOf is the form in which an end of a route is named, an instance of a store. A store that
// another instance is to lead, or leads by then, keeps its form, unless that no longer tells which
// instance is meant.
func (n *naming) formOf(fleet *inventory.Inventory, store inventory.StoreID, end inventory.Instance) form {
	f := n.forms[store]
	if f == unformed {
		return usual(fleet, end)
	}
	if master := n.master(store); master != nil && f.tells(n.inv, *master, store) && !f.tells(fleet, end, store) {
		return usual(fleet, end)
	}
	return f
}

// alike fails where users would be routed to another store by the name of the old one,
// which would change nothing.
func (n *naming) alike(fleet *inventory.Inventory, lines []routeLine) error {
	type way struct {
		from, to inventory.StoreID
		name     string
	}
	users, to := map[way][]inventory.UserID{}, map[way]inventory.Instance{}
	var ways []way
	for i := range lines {
		l := &lines[i]
		w := way{storeOf(fleet, l.From), l.Store, l.Names.To}
		if l.Names.From != w.name || w.from == w.to && w.name == string(w.to) {
			continue
		}
		if users[w] == nil {
			ways = append(ways, w)
		}
		users[w], to[w] = append(users[w], l.User), l.To
	}
	var wrong error
	for _, w := range ways {
		text := fmt.Sprintf("%s routed to %s, and %s on %s has the same name, so that a route there would change nothing: ", course.Who(users[w]), inventory.Quoted(w.name), w.to, to[w].Server)
		if to[w].IMAP == "" {
			text += "the inventory has to have the address (imap in the fleet file)"
		} else {
			text += fmt.Sprintf("first have %s name it %s for all users who are there", n.routesSource(), to[w].IMAP)
		}
		wrong = errors.Join(wrong, errors.New(text))
	}
	return wrong
}

// routesNow are the routes of users now, as far as they can be asked for.
func (n *naming) routesNow(ctx context.Context, lines []routeLine) (map[inventory.UserID]string, error) {
	if !n.knowsRoutes() {
		return nil, nil
	}
	users := usersIn(lines)
	if len(n.Monitor.RoutingQuery) == 0 {
		users = nil // a file may know shared trees, too
		for i := range lines {
			users = append(users, lines[i].User)
		}
	}
	return n.routes(ctx, users)
}

// master is that of a store, or nil.
func (n *naming) master(store inventory.StoreID) *inventory.Instance {
	if at := n.inv.Store(store); at >= 0 && len(n.inv.Stores[at].Instances) > 0 {
		return &n.inv.Stores[at].Instances[0]
	}
	return nil
}

// routeLine is a route as it is written.
type routeLine struct {
	apply.Route
	shared bool // it is that of a shared tree
}

// routeLines are routes as they are written.
func routeLines(inv *inventory.Inventory, routes []apply.Route) []routeLine {
	lines := make([]routeLine, len(routes))
	for i, r := range routes {
		if r.Store == "" {
			r.Store = storeOf(inv, r.To)
		}
		at := inv.User(r.User)
		lines[i] = routeLine{Route: r, shared: at >= 0 && inv.Users[at].Kind == inventory.Shared}
	}
	return lines
}

// String is the line USER,FROM,TO.
func (l *routeLine) String() string {
	return string(l.User) + "," + l.Names.From + "," + l.Names.To
}

// leads reports whether a name means where the route leads, and not where it comes from.
func (l *routeLine) leads(inv *inventory.Inventory, name string) bool {
	switch {
	case name == "":
		return false
	case name == l.Names.To:
		return true
	case means(inv, name, l.From):
		return false
	}
	return formAt(name, l.To, l.Store) != unformed
}

// usersIn are the users of lines. Of shared trees a routing may know nothing.
func usersIn(lines []routeLine) []inventory.UserID {
	var users []inventory.UserID
	for i := range lines {
		if !lines[i].shared {
			users = append(users, lines[i].User)
		}
	}
	return slices.Clip(users)
}
