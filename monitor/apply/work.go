package apply

import (
	"context"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/course"
)

// newWork looks at the servers that a unit concerns, and returns who does its steps and
// which these are.
func (o *Options) newWork(ctx context.Context, u *course.Unit) (work, *course.Course, error) {
	c, err := course.Of(u)
	if err != nil {
		return nil, nil, err
	}
	if u.Do != nil {
		w, err := o.layoutWork(u)
		return w, c, err
	}
	m, err := o.newMove(ctx, u)
	return m, c, err
}

// ends are the servers that copy, to or from another one.
func (o *Options) ends(u *course.Unit) []inventory.ServerID {
	if u.Do != nil {
		servers := []inventory.ServerID{u.Do.Server}
		if u.Do.From != "" {
			servers = appendNew(servers, inventory.ServerID(u.Do.From))
		}
		return servers
	}
	var servers []inventory.ServerID
	for _, name := range u.Stores() {
		if i := o.Inventory.Store(name); i >= 0 && len(o.Inventory.Stores[i].Instances) > 0 {
			servers = appendNew(servers, o.Inventory.Stores[i].Instances[0].Server)
		}
	}
	return servers
}

// servers are all on which a unit changes something.
func (o *Options) servers(u *course.Unit) []inventory.ServerID {
	servers := o.ends(u)
	for _, name := range u.Stores() {
		if i := o.Inventory.Store(name); i >= 0 {
			for _, in := range o.Inventory.Stores[i].Instances {
				servers = appendNew(servers, in.Server)
			}
		}
	}
	return servers
}

// appendNew appends what is not in a list yet.
func appendNew[E comparable](list []E, e E) []E {
	if slices.Contains(list, e) {
		return list
	}
	return append(list, e)
}
