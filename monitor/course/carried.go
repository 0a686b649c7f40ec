package course

import (
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// Carried returns the inventory as it is when units have been carried out, some of which
// may have been already.
func Carried(inv *inventory.Inventory, units []*Unit) *inventory.Inventory {
	after := inv.Clone()
	for _, u := range units {
		carry(after, u)
	}
	return after
}

// Before returns the inventory as it was before units were carried out, whether or not it
// shows them: plans were made on that.
func Before(inv *inventory.Inventory, units []*Unit) *inventory.Inventory {
	before := inv.Clone()
	for _, u := range slices.Backward(units) {
		shift(before, u, func(c *planner.UserChange) inventory.StoreID { return c.From }, takenBack)
	}
	return before
}

// carry carries a unit out in an inventory.
func carry(inv *inventory.Inventory, u *Unit) {
	shift(inv, u, func(c *planner.UserChange) inventory.StoreID { return c.To }, carried)
}

func shift(inv *inventory.Inventory, u *Unit, store func(*planner.UserChange) inventory.StoreID, change func(*inventory.Store, *planner.LayoutChange)) {
	for i := range u.Moves {
		if at := inv.User(u.Moves[i].User); at >= 0 {
			inv.Users[at].Store = store(&u.Moves[i])
		}
	}
	if u.Do == nil {
		return
	}
	if at := inv.Store(u.Do.Store); at >= 0 {
		change(&inv.Stores[at], u.Do)
	}
}

// carried makes a change of a layout, unless it is made.
func carried(s *inventory.Store, c *planner.LayoutChange) {
	switch c.Do {
	case planner.Promote:
		Lead(s, c.Server)
	case planner.Seed, planner.Create:
		add(s, c.Server)
	case planner.Drop:
		remove(s, c.Server)
	}
}

// takenBack takes a change of a layout back, if it is made.
func takenBack(s *inventory.Store, c *planner.LayoutChange) {
	switch c.Do {
	case planner.Promote:
		Lead(s, inventory.ServerID(c.From))
	case planner.Seed, planner.Create:
		remove(s, c.Server)
	case planner.Drop:
		add(s, c.Server)
	}
}

// Lead lets an instance and the master change places.
func Lead(s *inventory.Store, server inventory.ServerID) {
	at := slices.IndexFunc(s.Instances, func(in inventory.Instance) bool { return in.Server == server })
	if at <= 0 {
		return
	}
	s.Instances[0], s.Instances[at] = s.Instances[at], s.Instances[0]
	s.Instances[0].Role, s.Instances[at].Role = inventory.Master, inventory.Replica
}

func add(s *inventory.Store, server inventory.ServerID) {
	if s.On(server) != nil {
		return
	}
	role := inventory.Replica
	if len(s.Instances) == 0 {
		role = inventory.Master
	}
	s.Instances = append(s.Instances, inventory.Instance{Server: server, Role: role})
}

func remove(s *inventory.Store, server inventory.ServerID) {
	s.Instances = slices.DeleteFunc(s.Instances, func(in inventory.Instance) bool { return in.Server == server })
}
