package planner

import (
	"slices"

	"github.com/interlacemail/interlace/inventory"
)

// Target returns the inventory as it is when the plan has been carried out:
// every store on the servers that the plan names for it. Instances that stay
// keep their addresses and settings; new ones have none yet.
func (p *Layout) Target(inv *inventory.Inventory) *inventory.Inventory {
	target := inv.Clone()
	for _, placement := range p.Stores {
		if i := target.Store(placement.Store); i >= 0 {
			place(&target.Stores[i], placement)
		}
	}
	return target
}

func place(st *inventory.Store, p Placement) {
	old := slices.Clone(st.Instances)
	st.Instances = st.Instances[:0]
	for i, server := range append([]inventory.ServerID{p.Master}, p.Replicas...) {
		in := inventory.Instance{Server: server}
		if at := slices.IndexFunc(old, func(o inventory.Instance) bool { return o.Server == server }); at >= 0 {
			in = old[at]
		}
		in.Role = inventory.Replica
		if i == 0 {
			in.Role = inventory.Master
		}
		st.Instances = append(st.Instances, in)
	}
}

// Target returns the inventory as it is when the plan has been carried out:
// every user that the plan moves on the store it goes to.
func (p *Assignment) Target(inv *inventory.Inventory) *inventory.Inventory {
	target := inv.Clone()
	for _, c := range p.Changes {
		if i := target.User(c.User); i >= 0 {
			target.Users[i].Store = c.To
		}
	}
	return target
}
