package report

import (
	"fmt"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// OfflineText says which stores are offline before anything else fails, and why.
func OfflineText(stores []inventory.StoreID) string {
	return fmt.Sprintf("%s offline now: %s; all instances are on servers that are down",
		things(len(stores), "store is", "stores are"), someOf(stores))
}

// OutageText says of a server that is down what that means for the stores on it.
func OutageText(inv *inventory.Inventory, server inventory.ServerID) string {
	down := downServers(inv)
	n := map[int]int{} // stores by instances left
	for i := range inv.Stores {
		if st := &inv.Stores[i]; st.On(server) != nil {
			n[min(2, up(st, down))]++
		}
	}
	return string(server) + " is down: " + instancesLeft(n[0], n[1], n[2])
}

// instancesLeft says of how many stores no instance is left, one, or more.
func instancesLeft(none, one, more int) string {
	var parts []string
	if none > 0 {
		parts = append(parts, things(none, "store is", "stores are")+" offline")
	}
	if one > 0 {
		parts = append(parts, things(one, "store runs on its last instance", "stores run on their last instances"))
	}
	if more > 0 {
		parts = append(parts, things(more, "store has an instance less", "stores have an instance less"))
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

// addOffline says which stores are offline now, if any are.
func (l *Lines) addOffline(stores []inventory.StoreID) {
	if len(stores) > 0 {
		*l = append(*l, Line{Words: OfflineText(stores), Tone: Broken})
	}
}

// noServerUp reports whether the plan is of a fleet whose servers are all down:
// none has a utilisation in any resource.
func noServerUp(p *planner.Layout) bool {
	return !p.Before.Normal.Utilisation.Known && !p.Before.Fullest.Utilisation.Known
}
