package report

import (
	"fmt"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// addRandom says what failures drawn at random do.
func (s *Screen) addRandom(sim *planner.Simulation, inv *inventory.Inventory, top int) {
	r := sim.Random
	if r == nil {
		return
	}
	var head Lines
	sets := inventory.Counted(r.Samples, "set", "sets") + fmt.Sprintf(" drawn with seed %d", r.Seed)
	if r.All {
		sets = "all " + inventory.Counted(r.Samples, "set", "sets") + " that there are, each once"
	}
	head.add("%s at once: %s", inventory.Counted(r.Servers, "server", "servers"), sets)
	var facts Facts
	facts.addRisk("set", int64(r.Samples), int64(r.TakingOffline), int64(r.OverCapacity), "")
	s.add(head)
	s.addQuantiles(facts,
		quantiles{"worst survivor", Ratio, r.Utilisation},
		quantiles{"users offline", Count, r.UsersOffline},
		quantiles{"stores offline", Count, r.StoresOffline})
	s.addWorst(r.Worst, int64(len(r.Worst)), sim.Now, inv, top)
}
