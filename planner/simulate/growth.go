package simulate

import (
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// Growth returns by how much all loads may grow alike before a server passes its
// ceiling in the normal state, or its failure ceiling after the failure of
// another server: when N+1 breaks. Of equals the first is named.
func (s *Simulator) Growth() planner.Growth {
	g := planner.Growth{Failed: []string{}}
	for _, server := range s.order {
		for r, res := range s.fleet.Inventory.Resources {
			s.limit(&g, planner.Ceiling, server, r, s.normal.Amounts[server][r], res.Ceiling, -1)
		}
	}
	for _, failing := range s.order {
		o := s.strike(s.fleet.Levels[0].Domains[failing : failing+1])
		for _, server := range o.touched {
			s.limitAfter(&g, server, failing)
		}
		s.heal(o)
	}
	if len(s.order) > 1 {
		for i, server := range s.order { // which some failure may spare
			s.limitAfter(&g, server, s.order[(i+1)%len(s.order)])
		}
	}
	return g
}

// limitAfter looks at the failure ceilings of one survivor.
func (s *Simulator) limitAfter(g *planner.Growth, server, failing int32) {
	for _, r := range s.fleet.Failover {
		ceiling := s.fleet.Inventory.Resources[r].FailureCeiling.At(inventory.LevelServer)
		s.limit(g, planner.FailureCeiling, server, r, s.normal.Amounts[server][r]+s.steady[server][r], ceiling, failing)
	}
}

// limit makes a limit the first that is reached, if it is.
func (s *Simulator) limit(g *planner.Growth, rule planner.Rule, server int32, r int, amount int64, limit float64, failing int32) {
	if amount == 0 {
		return
	}
	value := s.fleet.Utilisation(int(server), r, amount)
	growth := limit/value - 1
	if g.Growth.Known && growth >= g.Growth.Value {
		return
	}
	*g = planner.Growth{
		Growth: planner.Known(growth), Rule: planner.Text(rule), Failed: []string{},
		Server: planner.Text(s.fleet.Inventory.Servers[server].Name), Resource: planner.Text(s.fleet.Inventory.Resources[r].Name),
		Value: planner.Known(value), Limit: planner.Known(limit),
	}
	if failing >= 0 {
		g.Failed = []string{s.fleet.Levels[0].Domains[failing].String()}
	}
}
