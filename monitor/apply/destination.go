package apply

import (
	"cmp"
	"fmt"

	"github.com/interlacemail/interlace/inventory"
)

// Destination is where a route leads, as far as its name tells: of one that is an address to an
// instance, or to any on a server, or to whichever instance leads a store. Nobody who is not routed
// has one.
type Destination struct {
	Server inventory.ServerID // or what the route says, where the inventory knows nothing of that; empty: it names a store
	Store  inventory.StoreID  // empty: it names a server
}

// String is what it names.
func (d Destination) String() string {
	if d.Server != "" && d.Store != "" {
		return fmt.Sprintf("%s on %s", d.Store, d.Server)
	}
	return cmp.Or(string(d.Store), string(d.Server))
}

// names reports whether it may be an instance of a store on a server, and says so of the server.
func (d Destination) names(server inventory.ServerID, of *inventory.Store) bool {
	return d.Server == server && (d.Store == "" || d.Store == of.Name)
}

// leadsTo reports whether it is that of who is sent to an instance, which leads a store.
func (d Destination) leadsTo(leader inventory.Instance, of *inventory.Store) bool {
	return d.names(leader.Server, of) || d == Destination{Store: of.Name}
}

// isOn reports whether it may be an instance of a store.
func (d Destination) isOn(s *inventory.Store) bool {
	return d == Destination{Store: s.Name} || s.On(d.Server) != nil && d.names(d.Server, s)
}
