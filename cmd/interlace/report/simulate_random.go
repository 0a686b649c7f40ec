package report

import (
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
	head.add("%s at once: %s drawn with seed %d", inventory.Counted(r.Servers, "server", "servers"), inventory.Counted(r.Samples, "set", "sets"), r.Seed)
	var facts Facts
	facts.addRisk("set", int64(r.Samples), int64(r.TakingOffline), int64(r.OverCapacity), "")
	s.add(head)
	s.addQuantiles(facts,
		quantiles{"worst survivor", Ratio, r.Utilisation},
		quantiles{"users offline", Count, r.UsersOffline},
		quantiles{"stores offline", Count, r.StoresOffline})
	s.addWorst(r.Worst, int64(len(r.Worst)), sim.Now, inv, top)
}
