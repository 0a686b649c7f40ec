package main

import (
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// outages are warnings about servers that are down and the stores on them.
func outages(inv *inventory.Inventory) []planner.Warning {
	down := map[inventory.ServerID]bool{}
	for i := range inv.Servers {
		down[inv.Servers[i].Name] = inv.Servers[i].State == inventory.Down
	}
	var warnings []planner.Warning
	for i := range inv.Servers {
		name := inv.Servers[i].Name
		if !down[name] {
			continue
		}
		n := map[int]int{} // stores by instances left
		for j := range inv.Stores {
			if st := &inv.Stores[j]; st.On(name) != nil {
				n[min(2, up(st, down))]++
			}
		}
		warnings = append(warnings, planner.Warning{
			Subject: planner.Text(planner.ServerSubject(name)), Text: string(name) + " is down: " + leftWords(n[0], n[1], n[2]),
		})
	}
	return warnings
}

// leftWords says of how many stores no instance is left, one, or more.
func leftWords(none, one, more int) string {
	var parts []string
	if none > 0 {
		parts = append(parts, inventory.Counted(none, "store is offline", "stores are offline"))
	}
	if one > 0 {
		parts = append(parts, inventory.Counted(one, "store runs on its last instance", "stores run on their last instances"))
	}
	if more > 0 {
		parts = append(parts, inventory.Counted(more, "store has an instance less", "stores have an instance less"))
	}
	if parts == nil {
		return "it carries nothing"
	}
	return strings.Join(parts, ", ")
}

// up counts the instances of a store on servers that are not down.
func up(st *inventory.Store, down map[inventory.ServerID]bool) int {
	n := 0
	for _, in := range st.Instances {
		if !down[in.Server] {
			n++
		}
	}
	return n
}
