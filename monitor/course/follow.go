package course

import (
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// Follow returns the inventory as it is when a unit has been carried out, of which this is
// written down; the inventory may show some of it already. It knows where an instance is
// that was created.
func Follow(inv *inventory.Inventory, u *Unit, records []monitor.StepRecord) *inventory.Inventory {
	after := inv.Clone()
	follow(after, u, records)
	return after
}

// follow carries a unit out in an inventory.
func follow(inv *inventory.Inventory, u *Unit, records []monitor.StepRecord) {
	carry(inv, u)
	if u.Do == nil {
		return
	}
	at := inv.Store(u.Do.Store)
	if at < 0 {
		return
	}
	var made inventory.Instance
	if in := inv.Stores[at].On(u.Do.Server); in != nil && in.IMAP == "" && Read(records, monitor.StepCreate, &made) {
		made.Role = in.Role
		*in = made
	}
}

// Promising returns the inventory with the number of copies that plans leave stores whose
// layout they change, where it does not say how many these should have: as many as they
// have now, which is another number on the way.
func Promising(inv *inventory.Inventory, units []Unit) *inventory.Inventory {
	if inv.Copies > 0 {
		return inv
	}
	promised := inv.Clone()
	for i := range units {
		u := &units[i]
		if u.Do == nil || u.Copies == 0 {
			continue
		}
		if at := promised.Store(u.Do.Store); at >= 0 && inv.Stores[at].Copies == 0 {
			promised.Stores[at].Copies = u.Copies
		}
	}
	return promised
}
