package layout

import (
	"fmt"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// drained returns the inventory with the active servers that the subjects name in
// state drain, or an error that names the subjects that are not in the fleet.
func drained(inv *inventory.Inventory, subjects []planner.Subject) (*inventory.Inventory, error) {
	if len(subjects) == 0 {
		return inv, nil
	}
	out := inv.Clone()
	var unknown []string
	for _, subject := range subjects {
		if !drain(out, subject) {
			unknown = append(unknown, fmt.Sprintf("%q", string(subject)))
		}
	}
	if unknown != nil {
		return nil, fmt.Errorf("no such server or failure domain to drain: %s", strings.Join(unknown, ", "))
	}
	return out, nil
}

// drain drains the active servers that the subject covers and reports whether it
// covers any. One that is down stays so: it serves nobody while it is emptied.
func drain(inv *inventory.Inventory, subject planner.Subject) bool {
	found := false
	for i := range inv.Servers {
		s := &inv.Servers[i]
		if !subject.Covers(s) {
			continue
		}
		found = true
		if s.State == inventory.Active {
			s.State = inventory.Drain
		}
	}
	return found
}
