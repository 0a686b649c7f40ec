package apply

import (
	"fmt"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// Follow returns the inventory as it is when a unit has been carried out, of which this is
// written down; the inventory may show some of it already. It knows where an instance is
// that was created.
func Follow(inv *inventory.Inventory, u *Unit, records []monitor.StepRecord) *inventory.Inventory {
	after := Carried(inv, []*Unit{u})
	if u.Do == nil {
		return after
	}
	at := after.Store(u.Do.Store)
	if at < 0 {
		return after
	}
	s := &after.Stores[at]
	var made inventory.Instance
	if in := s.On(u.Do.Server); in != nil && in.IMAP == "" && read(records, monitor.StepCreate, &made) {
		made.Role = in.Role
		*in = made
	}
	return after
}

// promising returns the inventory with the number of copies that plans leave stores whose
// layout they change, where it does not say how many these should have: as many as they
// have now, which is another number on the way.
func promising(inv *inventory.Inventory, units []Unit) *inventory.Inventory {
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

// FleetLines are the store's instances as the fleet file has them: what an operator who
// keeps one writes there after a change of the layout. No server tells discover of an
// instance that the inventory does not name.
func FleetLines(s *inventory.Store) string {
	var b strings.Builder
	for _, in := range s.Instances {
		fmt.Fprintf(&b, "- {server: %s, role: %s", in.Server, in.Role)
		for _, field := range [][2]string{{"imap", in.IMAP}, {"csync", in.CSync}, {"imapd_conf", in.IMAPDConf}, {"sync_dir", in.SyncDir}, {"log", in.Log}} {
			if field[1] != "" {
				fmt.Fprintf(&b, ", %s: %q", field[0], field[1])
			}
		}
		b.WriteString("}\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}
