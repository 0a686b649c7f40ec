package simulate

import (
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/load"
)

// Passed returns the ceilings that the layout passes: those of the normal
// state, then the failure ceilings after the failure of any one domain of the
// levels that the fleet is to survive. As in package rules, of which this is
// the fast version, each server, resource and level is listed once, with its
// worst failure, by server.
func (s *Simulator) Passed() []planner.Violation {
	passed := s.passedNow()
	for _, level := range s.fleet.Inventory.Survive {
		worst := map[place]planner.Violation{}
		s.afterEach(level, func(failed []load.Domain, server int32, extra *inventory.Amounts) {
			s.enter(failed, []inventory.Level{level}, server, extra, worst)
		})
		passed = append(passed, s.inOrder(worst)...)
	}
	return passed
}

// PassedBy returns the failure ceilings that are passed when the domains fail
// all at once. Where levels have different ceilings the highest counts; if the
// fleet is not to survive one of the levels, nothing is promised.
func (s *Simulator) PassedBy(domains ...load.Domain) []planner.Violation {
	var levels []inventory.Level
	for _, d := range domains {
		if !slices.Contains(s.fleet.Inventory.Survive, d.Level) {
			return nil
		}
		levels = append(levels, d.Level)
	}
	worst := map[place]planner.Violation{}
	s.afterAll(domains, slices.Clone(s.order), func(server int32, extra *inventory.Amounts) {
		s.enter(domains, levels, server, extra, worst)
	})
	return s.inOrder(worst)
}

type place struct{ server, resource int }

// passedNow returns the ceilings passed in the normal state.
func (s *Simulator) passedNow() []planner.Violation {
	worst := map[place]planner.Violation{}
	for server := range s.fleet.Capacity {
		for r, res := range s.fleet.Inventory.Resources {
			u := s.fleet.Utilisation(server, r, s.normal.Amounts[server][r])
			if !s.fleet.Down[server] && planner.Above(u, res.Ceiling) {
				v := s.violation(planner.Ceiling, place{server, r}, u, res.Ceiling)
				v.Failed = []string{}
				worst[place{server, r}] = v
			}
		}
	}
	return s.inOrder(worst)
}

// enter enters the failure ceilings that the server passes, where that is worse
// than what is there.
func (s *Simulator) enter(failed []load.Domain, levels []inventory.Level, server int32, extra *inventory.Amounts, worst map[place]planner.Violation) {
	for _, r := range s.fleet.Failover {
		limit := s.fleet.Inventory.Resources[r].FailureCeiling.Highest(levels)
		u := s.fleet.Utilisation(int(server), r, s.normal.Amounts[server][r]+extra[r])
		if at := (place{int(server), r}); planner.Above(u, limit) && u > worst[at].Value.Value {
			v := s.violation(planner.FailureCeiling, at, u, limit)
			v.Failed = names(failed)
			worst[at] = v
		}
	}
}

func (s *Simulator) violation(rule planner.Rule, at place, value, limit float64) planner.Violation {
	server := s.fleet.Inventory.Servers[at.server].Name
	return planner.Violation{
		Rule: rule, Subject: planner.ServerSubject(server), Server: planner.Text(server),
		Resource: planner.Text(s.fleet.Inventory.Resources[at.resource].Name),
		Value:    planner.Known(value), Limit: planner.Known(limit),
	}
}

// inOrder lists the violations by server and resource.
func (s *Simulator) inOrder(worst map[place]planner.Violation) []planner.Violation {
	var list []planner.Violation
	for server := range s.fleet.Capacity {
		for r := range s.fleet.Inventory.Resources {
			if v, ok := worst[place{server, r}]; ok {
				list = append(list, v)
			}
		}
	}
	return list
}
