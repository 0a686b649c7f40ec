package apply

import (
	"cmp"

	"github.com/interlacemail/interlace/inventory"
)

// Destination is where a route leads, as far as its name tells: to a server or, where it names a
// store, to whichever instance leads that. Nobody who is not routed has one.
type Destination struct {
	Server inventory.ServerID // or what the route says, where the inventory knows nothing of that
	Store  inventory.StoreID  // empty: it names a server
}

// String is what it names.
func (d Destination) String() string { return cmp.Or(string(d.Store), string(d.Server)) }

// leadsTo reports whether it is that of who is sent to an instance, which leads a store.
func (d Destination) leadsTo(leader inventory.Instance, of *inventory.Store) bool {
	return d.Store == of.Name || d.Store == "" && d.Server == leader.Server
}

// isOn reports whether it is an instance of a store.
func (d Destination) isOn(s *inventory.Store) bool {
	return d.Store == s.Name || d.Store == "" && s.On(d.Server) != nil
}
