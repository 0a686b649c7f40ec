package users

import (
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/simulate"
)

// onServers returns what failures do, and what servers carry, with the loads
// that the tally has on the stores.
func (t *tally) onServers() planner.Promises {
	fleet := *t.Fleet
	fleet.SetLoads(t.load, t.Fleet.Users)
	return simulate.New(&fleet, fleet.Current()).Promises()
}
