package rules

import (
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// ceiling: no server is fuller than the ceiling in the normal state.
func ceiling(s *state) []planner.Violation {
	var broken []planner.Violation
	for i := range s.inv.Servers {
		server := &s.inv.Servers[i]
		if s.isDown(i) {
			continue
		}
		for r, res := range s.inv.Resources {
			if u := s.utilisation(server, r, s.normal[i][r]); planner.Above(u, res.Ceiling) {
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
// and level is listed once, with its worst failure; of equals the first.
func failureCeiling(s *state) []planner.Violation {
	var broken []planner.Violation
	for _, level := range s.inv.Survive {
		broken = append(broken, s.failuresAt(level)...)
	}
	return broken
}

// failuresAt looks, failure by failure, at the servers that it touches. One that
// leaves a server alone shows it in its normal state, which may be above the
// failure ceiling too; of those the first is enough.
func (s *state) failuresAt(level inventory.Level) []planner.Violation {
	worst := passed{}
	unseen := s.up()
	for _, d := range s.domainsUp(level) {
		carried := s.carriedAfter(d)
		for server, amounts := range carried {
			s.enter(worst, server, amounts, d)
		}
		unseen = slices.DeleteFunc(unseen, func(server int) bool {
			if carried[server] != nil || s.inv.Servers[server].Domain(level) == d.FailureDomain {
				return false
			}
			s.enter(worst, server, &s.normal[server], d)
			return true
		})
	}
	return s.inOrder(worst)
}

// passed holds the worst failure of each server and resource that is then above
// its failure ceiling.
type passed map[place]planner.Violation

type place struct{ server, resource int }

// enter compares what a server carries after a failure with its failure ceilings.
func (s *state) enter(worst passed, at int, amounts *inventory.Amounts, d domain) {
	server := &s.inv.Servers[at]
	for r, res := range s.inv.Resources {
		limit := res.FailureCeiling.At(d.at)
		u := s.utilisation(server, r, amounts[r])
		if res.Failover() && planner.Above(u, limit) && u > worst[place{at, r}].Value.Value {
			worst[place{at, r}] = planner.Violation{
				Rule: planner.FailureCeiling, Subject: planner.ServerSubject(server.Name), Server: planner.Text(server.Name),
				Resource: planner.Text(res.Name), Failed: []string{d.String()}, Value: planner.Known(u), Limit: planner.Known(limit),
			}
		}
	}
}

// inOrder lists the violations by server and resource.
func (s *state) inOrder(worst passed) []planner.Violation {
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

// domain is a failure domain with its servers that have not failed yet, by
// index. A server without a label is a domain of its own at the level asked for.
type domain struct {
	inventory.FailureDomain
	at      inventory.Level
	servers []int
}

// domainsUp returns the failure domains of the level that have a server left to
// fail, in the order of their first servers.
func (s *state) domainsUp(level inventory.Level) []domain {
	var domains []domain
	index := map[inventory.FailureDomain]int{}
	for _, server := range s.up() {
		d := s.inv.Servers[server].Domain(level)
		at, seen := index[d]
		if !seen {
			at, index[d] = len(domains), len(domains)
			domains = append(domains, domain{FailureDomain: d, at: level})
		}
		domains[at].servers = append(domains[at].servers, server)
	}
	return domains
}

// up returns the servers that have not failed, by index.
func (s *state) up() []int {
	var servers []int
	for i := range s.inv.Servers {
		if !s.isDown(i) {
			servers = append(servers, i)
		}
	}
	return servers
}
