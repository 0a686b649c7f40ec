package rules

import (
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// spread: the instances of a store lie in as many different domains of a level
// as the fleet asks for.
func spread(s *state) []planner.Violation {
	var broken []planner.Violation
	for i := range s.inv.Stores {
		st := &s.inv.Stores[i]
		for _, sp := range s.inv.Spread {
			domains, shared := s.domains(st, sp.Level)
			if need := sp.Need(len(st.Instances)); domains < need {
				broken = append(broken, planner.Violation{
					Rule: planner.Spread, Subject: planner.StoreSubject(st.Name), Store: planner.Text(st.Name),
					Failed: []string{shared}, Value: count(domains), Limit: count(need),
				})
			}
		}
	}
	return broken
}

// domains returns how many domains of the level the store's instances occupy,
// and one that holds several of them.
func (s *state) domains(st *inventory.Store, level inventory.Level) (n int, shared string) {
	seen := map[inventory.FailureDomain]bool{}
	for _, in := range st.Instances {
		d := s.inv.Servers[s.inv.Server(in.Server)].Domain(level)
		if seen[d] && shared == "" {
			shared = d.String()
		}
		seen[d] = true
	}
	return len(seen), shared
}
