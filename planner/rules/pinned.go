package rules

import (
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// pinned: the instances of a pinned store neither move nor change role, and a
// pinned user stays on its store. A state on its own cannot break it.
func pinned(s *state) []planner.Violation {
	if s.from == nil {
		return nil
	}
	var broken []planner.Violation
	for i := range s.inv.Stores {
		st := &s.inv.Stores[i]
		if at := s.from.Store(st.Name); st.Pinned && at >= 0 && !slices.Equal(serversOf(&s.from.Stores[at]), serversOf(st)) {
			broken = append(broken, planner.Violation{
				Rule: planner.Pinned, Subject: planner.StoreSubject(st.Name), Store: planner.Text(st.Name),
				Value: count(1), Limit: count(0),
			})
		}
	}
	for i := range s.inv.Users {
		u := &s.inv.Users[i]
		if !u.Pinned {
			continue
		}
		if at := s.from.User(u.Name); at >= 0 && s.from.Users[at].Store != u.Store {
			broken = append(broken, planner.Violation{
				Rule: planner.Pinned, Subject: planner.UserSubject(u.Name), User: planner.Text(u.Name), Store: planner.Text(u.Store),
				Value: count(1), Limit: count(0),
			})
		}
	}
	return broken
}

func serversOf(st *inventory.Store) []inventory.ServerID {
	var servers []inventory.ServerID
	for _, in := range st.Instances {
		servers = append(servers, in.Server)
	}
	return servers
}

// allowed: the instances of a store lie in the domains that it is limited to.
func allowed(s *state) []planner.Violation {
	var broken []planner.Violation
	for i := range s.inv.Stores {
		st := &s.inv.Stores[i]
		if len(st.Only) == 0 {
			continue
		}
		outside, at := 0, inventory.ServerID("")
		for _, in := range st.Instances {
			if !st.AllowedOn(&s.inv.Servers[s.inv.Server(in.Server)]) {
				outside, at = outside+1, in.Server
			}
		}
		if outside > 0 {
			broken = append(broken, planner.Violation{
				Rule: planner.Allowed, Subject: planner.StoreSubject(st.Name), Store: planner.Text(st.Name), Server: planner.Text(at),
				Value: count(outside), Limit: count(0),
			})
		}
	}
	return broken
}
