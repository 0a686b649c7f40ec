package rules

import "github.com/interlacemail/interlace/planner"

// scatter: a server shares stores with few others, its partners, where the plan is
// asked for that. The fewer pairs of servers share a store, the fewer pairs of
// failures take one offline, and the more stores each of them takes.
func scatter(s *state) []planner.Violation {
	if s.partners == 0 {
		return nil
	}
	var broken []planner.Violation
	for i := range s.inv.Servers {
		server := &s.inv.Servers[i]
		if n := s.partnersOf(i); n > s.partners {
			broken = append(broken, planner.Violation{
				Rule: planner.Scatter, Subject: planner.ServerSubject(server.Name), Server: planner.Text(server.Name),
				Value: count(n), Limit: count(s.partners),
			})
		}
	}
	return broken
}

// partnersOf counts the servers with which the server shares a store.
func (s *state) partnersOf(server int) int {
	partners := map[int]bool{}
	for _, store := range s.on[server] {
		for _, site := range s.sites[store] {
			if site != server {
				partners[site] = true
			}
		}
	}
	return len(partners)
}
