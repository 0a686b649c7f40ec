package simulate

import (
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/load"
)

// NormalGrowth returns by how much all loads may grow alike before a server passes
// its ceiling in the normal state. Of equals the first is named.
func (s *Simulator) NormalGrowth() planner.Growth {
	g := planner.Growth{Failed: []string{}}
	for _, server := range s.order {
		for r, res := range s.fleet.Inventory.Resources {
			s.limit(&g, planner.Ceiling, server, r, s.normal.Amounts[server][r], res.Ceiling, nil)
		}
	}
	return g
}

// FailureGrowth returns by how much they may before a server passes its failure
// ceiling after the failure of any one domain of the levels that the fleet is to
// survive: until then N+1 holds.
func (s *Simulator) FailureGrowth() planner.Growth {
	g := planner.Growth{Failed: []string{}}
	for _, level := range s.fleet.Inventory.Survive {
		s.afterEach(level, func(failed []load.Domain, server int32, extra *inventory.Amounts) {
			for _, r := range s.fleet.Failover {
				ceiling := s.fleet.Inventory.Resources[r].FailureCeiling.At(level)
				s.limit(&g, planner.FailureCeiling, server, r, s.normal.Amounts[server][r]+extra[r], ceiling, failed)
			}
		})
	}
	return g
}

// limit makes a limit the first that is reached, if it is.
func (s *Simulator) limit(g *planner.Growth, rule planner.Rule, server int32, r int, amount int64, limit float64, failed []load.Domain) {
	if amount == 0 {
		return
	}
	value := s.fleet.Utilisation(int(server), r, amount)
	growth := limit/value - 1
	if !planner.Above(value, limit) {
		growth = max(0, growth)
	}
	if g.Growth.Known && growth >= g.Growth.Value {
		return
	}
	*g = planner.Growth{
		Growth: planner.Known(growth), Rule: planner.Text(rule), Failed: names(failed),
		Server: planner.Text(s.fleet.Inventory.Servers[server].Name), Resource: planner.Text(s.fleet.Inventory.Resources[r].Name),
		Value: planner.Known(value), Limit: planner.Known(limit),
	}
}
