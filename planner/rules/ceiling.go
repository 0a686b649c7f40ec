package rules

import (
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// ceiling: no server is fuller than the ceiling in the normal state.
func ceiling(s *state) []planner.Violation {
	var broken []planner.Violation
	failed := s.failed(inventory.FailureDomain{})
	carried := s.carried(failed)
	for i := range s.inv.Servers {
		server := &s.inv.Servers[i]
		if failed[server.Name] {
			continue
		}
		for r, res := range s.inv.Resources {
			if u := s.utilisation(server, r, carried[server.Name][r]); u > res.Ceiling {
				broken = append(broken, planner.Violation{
					Rule: planner.Ceiling, Subject: planner.ServerSubject(server.Name), Server: planner.Text(server.Name),
					Resource: planner.Text(res.Name), Value: planner.Known(u), Limit: planner.Known(res.Ceiling),
				})
			}
		}
	}
	return broken
}

// failureCeiling: no surviving server is fuller than the failure ceiling after
// the failure of any one domain of the levels to survive. Each server, resource
// and level is listed once, with its worst failure.
func failureCeiling(s *state) []planner.Violation {
	var broken []planner.Violation
	for _, level := range s.inv.Survive {
		broken = append(broken, s.failuresAt(level)...)
	}
	return broken
}

func (s *state) failuresAt(level inventory.Level) []planner.Violation {
	type place struct{ server, resource int }
	worst := map[place]planner.Violation{}
	for _, d := range s.domainsUp(level) {
		failed := s.failed(d)
		carried := s.carried(failed)
		for i := range s.inv.Servers {
			server := &s.inv.Servers[i]
			if failed[server.Name] {
				continue
			}
			for r, res := range s.inv.Resources {
				limit := res.FailureCeiling.At(level)
				u := s.utilisation(server, r, carried[server.Name][r])
				if res.Failover() && u > limit && u > worst[place{i, r}].Value.Value {
					worst[place{i, r}] = planner.Violation{
						Rule: planner.FailureCeiling, Subject: planner.ServerSubject(server.Name), Server: planner.Text(server.Name),
						Resource: planner.Text(res.Name), Failed: []string{d.String()}, Value: planner.Known(u), Limit: planner.Known(limit),
					}
				}
			}
		}
	}
	var broken []planner.Violation
	for i := range s.inv.Servers {
		for r := range s.inv.Resources {
			if v, ok := worst[place{i, r}]; ok {
				broken = append(broken, v)
			}
		}
	}
	return broken
}

// domainsUp returns the failure domains of the level that have a server left to
// fail, in the order of their first servers.
func (s *state) domainsUp(level inventory.Level) []inventory.FailureDomain {
	var domains []inventory.FailureDomain
	seen := map[inventory.FailureDomain]bool{}
	for i := range s.inv.Servers {
		d := s.inv.Servers[i].Domain(level)
		if s.inv.Servers[i].State != inventory.Down && !seen[d] {
			seen[d] = true
			domains = append(domains, d)
		}
	}
	return domains
}
