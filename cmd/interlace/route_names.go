package main

import (
	"context"
	"maps"
	"net"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/apply"
)

// routeLine is a route with the names of its ends.
type routeLine struct {
	apply.Route
	from, to string
	shared   bool // it is that of a shared tree
}

// String is the line USER,FROM,TO.
func (l *routeLine) String() string { return string(l.User) + "," + l.from + "," + l.to }

// leads reports whether a name means where the route leads.
func (l *routeLine) leads(inv *inventory.Inventory, name string) bool {
	return name != "" && means(inv, name, l.To) || name != "" && name == string(l.Store)
}

// routeLines name the ends of routes in the words of whoever routes: as the routing names
// the user's place now and, of the new place, as it names that for users who are there.
// Where there are none the new place is named in the way of the old one. Where the routing
// can't be asked, or that way would name several instances, an instance has the name of
// its server or, where that has others too, the address of its IMAP service.
func (c *config) routeLines(ctx context.Context, inv *inventory.Inventory, routes []apply.Route) ([]routeLine, error) {
	var lines []routeLine
	for _, r := range routes {
		if r.Store == "" {
			r.Store = storeOf(inv, r.To)
		}
		at := inv.User(r.User)
		lines = append(lines, routeLine{Route: r, shared: at >= 0 && inv.Users[at].Kind == inventory.Shared})
	}
	now, err := c.routesNow(ctx, lines)
	if err != nil {
		return nil, err
	}
	known := map[inventory.StoreID]string{}
	for i := range lines {
		l := &lines[i]
		name, asked := known[l.Store]
		if !asked {
			name = c.nameAt(ctx, inv, l)
			known[l.Store] = name
		}
		l.from, l.to = l.names(inv, now[l.User], name)
	}
	return lines, nil
}

// routesNow are the routes of users now, as far as they can be asked for.
func (c *config) routesNow(ctx context.Context, lines []routeLine) (map[inventory.UserID]string, error) {
	if !c.knowsRoutes() {
		return nil, nil
	}
	now, err := c.routes(ctx, usersIn(lines))
	return maps.Clone(now), err
}

// usersIn are the users of lines. Of shared trees a routing may know nothing.
func usersIn(lines []routeLine) []inventory.UserID {
	var users []inventory.UserID
	for i := range lines {
		if !lines[i].shared {
			users = append(users, lines[i].User)
		}
	}
	return users
}

// mostAsked is how many users of a store are asked for to learn its name.
const mostAsked = 3

// nameAt is how the routing names the new place for users who are there already; empty
// where it is not asked, or says something else.
func (c *config) nameAt(ctx context.Context, inv *inventory.Inventory, l *routeLine) string {
	if !c.knowsRoutes() || l.Store == "" {
		return ""
	}
	asked := 0
	for i := range inv.Users {
		u := &inv.Users[i]
		if u.Store != l.Store || u.Kind == inventory.Shared || asked == mostAsked {
			continue
		}
		asked++
		if found, err := c.routes(ctx, []inventory.UserID{u.Name}); err == nil && l.leads(inv, found[u.Name]) {
			return found[u.Name]
		}
	}
	return ""
}

// names are those of the ends of a route, of which the user's place now, and the new place
// for others, may be known. Who is routed back is routed in the words of before.
func (l *routeLine) names(inv *inventory.Inventory, now, there string) (from, to string) {
	from = nameOf(inv, l.From)
	if l.leads(inv, now) && !means(inv, now, l.From) {
		return from, now // it is done already
	}
	if means(inv, now, l.From) {
		from = now
	}
	switch to = there; {
	case l.leads(inv, l.Was):
		to = l.Was
	case to != "":
	case from == string(storeOf(inv, l.From)) && l.Store != "":
		to = string(l.Store)
	case from == l.From.IMAP && l.To.IMAP != "":
		to = l.To.IMAP
	case from == hostOf(l.From) && from != string(l.From.Server) && hostOf(l.To) != "" && !shares(inv, l.To, hostOf):
		to = hostOf(l.To)
	default:
		to = nameOf(inv, l.To)
	}
	return from, to
}

// nameOf names an instance by its server or, where that has others too, by the address of
// its IMAP service.
func nameOf(inv *inventory.Inventory, in inventory.Instance) string {
	if in.IMAP != "" && shares(inv, in, func(in inventory.Instance) string { return string(in.Server) }) {
		return in.IMAP
	}
	return string(in.Server)
}

// shares reports whether another instance has the same name.
func shares(inv *inventory.Inventory, in inventory.Instance, name func(inventory.Instance) string) bool {
	for i := range inv.Stores {
		for _, other := range inv.Stores[i].Instances {
			if other.IMAP != in.IMAP && name(other) == name(in) {
				return true
			}
		}
	}
	return false
}

// hostOf is the host of the instance's IMAP service, without the port.
func hostOf(in inventory.Instance) string {
	host, _, _ := net.SplitHostPort(in.IMAP)
	return host
}

// storeOf is the store of an instance; empty where the inventory does not know it.
func storeOf(inv *inventory.Inventory, in inventory.Instance) inventory.StoreID {
	for i := range inv.Stores {
		if at := inv.Stores[i].On(in.Server); at != nil && at.IMAP == in.IMAP {
			return inv.Stores[i].Name
		}
	}
	return ""
}

// means reports whether a route names an instance: by its server, its address, the host
// of that, or its store.
func means(inv *inventory.Inventory, name string, in inventory.Instance) bool {
	if name == string(in.Server) || name != "" && (name == in.IMAP || name == hostOf(in)) {
		return true
	}
	i := inv.Store(inventory.StoreID(name))
	if i < 0 {
		return false
	}
	at := inv.Stores[i].On(in.Server)
	return at != nil && at.IMAP == in.IMAP
}
