package report

import (
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// addRandom says what failures drawn at random do.
func (s *Screen) addRandom(r *planner.Random, inv *inventory.Inventory, top int) {
	if r == nil {
		return
	}
	var head Lines
	head.add("%s at once: %s drawn with seed %d", inventory.Counted(r.Servers, "server", "servers"), inventory.Counted(r.Samples, "set", "sets"), r.Seed)
	facts := survivorFacts(r.Utilisation)
	facts.addRisk("set", int64(r.Samples), int64(r.TakingOffline), int64(r.OverCapacity), "")
	s.add(head, quantileTable(
		quantileRow("worst survivor", Ratio, r.Utilisation),
		quantileRow("users offline", Count, r.UsersOffline),
		quantileRow("stores offline", Count, r.StoresOffline),
	), facts)
	s.addWorst(r.Worst, int64(len(r.Worst)), inv, top)
}
