package layout

import (
	"errors"
	"fmt"
	"slices"
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

// checkDrain names what is to be kept as it is and lies where all is to leave: a
// server that is drained too, or a store with an instance on one.
func checkDrain(inv *inventory.Inventory, drain, keep []planner.Subject) error {
	var errs []error
	for _, kept := range keep {
		for _, drained := range drain {
			if slices.ContainsFunc(holders(inv, kept), func(s *inventory.Server) bool { return drained.Covers(s) }) {
				errs = append(errs, fmt.Errorf("%s cannot be kept as it is while %s is drained", kept, drained))
			}
		}
	}
	return errors.Join(errs...)
}

// holders returns the server, or those with an instance of the store.
func holders(inv *inventory.Inventory, subject planner.Subject) []*inventory.Server {
	kind, name := subject.Split()
	holds := func(s *inventory.Server) bool { return kind == "server" && string(s.Name) == name }
	if st := inv.Store(inventory.StoreID(name)); kind == "store" && st >= 0 {
		holds = func(s *inventory.Server) bool {
			return slices.ContainsFunc(inv.Stores[st].Instances, func(in inventory.Instance) bool { return in.Server == s.Name })
		}
	}
	var servers []*inventory.Server
	for i := range inv.Servers {
		if holds(&inv.Servers[i]) {
			servers = append(servers, &inv.Servers[i])
		}
	}
	return servers
}
