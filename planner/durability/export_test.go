package durability

import (
	"math/rand/v2"

	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/load"
)

// Windows returns how long, in years, each instance is missing after its disk is
// lost, by server and store. All stores must have a server that is up.
func Windows(f *load.Fleet, l load.Layout, a planner.Assumptions) map[string]float64 {
	m := newModel(f, l, a)
	_, up := upServers(f)
	windows := map[string]float64{}
	for e, window := range m.window {
		windows[string(f.Inventory.Servers[up[m.server[e]]].Name)+" "+string(f.Inventory.Stores[m.store[e]].Name)] = window
	}
	return windows
}

// Hit is the chance that all of some servers are among those that fail.
var Hit = hit

// SampledChance is what [ChanceOffline] draws where there are too many sets to count.
func SampledChance(f *load.Fleet, l load.Layout, failures int, seed uint64) Chance {
	return newCopysets(f, l).union(failures, rand.New(rand.NewPCG(seed, uint64(failures))))
}
