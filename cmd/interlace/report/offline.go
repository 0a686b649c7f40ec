package report

import (
	"fmt"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// OfflineText says which stores are offline before anything else fails, and why.
func OfflineText(stores []inventory.StoreID) string {
	return fmt.Sprintf("%s offline now: %s; all instances are on servers that are down",
		things(len(stores), "store is", "stores are"), someOf(stores))
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
