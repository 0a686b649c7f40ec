package rules

import (
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// drain: a server that drains ends without instances, a store that drains
// without users.
func drain(s *state) []planner.Violation {
	instances := map[inventory.ServerID]int{}
	for i := range s.inv.Stores {
		for _, in := range s.inv.Stores[i].Instances {
			instances[in.Server]++
		}
	}
	users := map[inventory.StoreID]int{}
	for i := range s.inv.Users {
		users[s.inv.Users[i].Store]++
	}
	var broken []planner.Violation
	for i := range s.inv.Servers {
		server := &s.inv.Servers[i]
		if n := instances[server.Name]; n > 0 && planner.Drains(server, s.emptied) {
			broken = append(broken, planner.Violation{
				Rule: planner.DrainEmpty, Subject: planner.ServerSubject(server.Name), Server: planner.Text(server.Name),
				Value: count(n), Limit: count(0),
			})
		}
	}
	for i := range s.inv.Stores {
		st := &s.inv.Stores[i]
		if n := users[st.Name]; st.State == inventory.Drain && n > 0 {
			broken = append(broken, planner.Violation{
				Rule: planner.DrainEmpty, Subject: planner.StoreSubject(st.Name), Store: planner.Text(st.Name),
				Value: count(n), Limit: count(0),
			})
		}
	}
	return broken
}

// down: nothing new is put on a server that is down, no instance and no role
// of master. A state on its own cannot break it.
func down(s *state) []planner.Violation {
	if s.from == nil {
		return nil
	}
	var broken []planner.Violation
	for i := range s.inv.Servers {
		server := &s.inv.Servers[i]
		if server.State != inventory.Down {
			continue
		}
		n := 0
		for _, store := range s.on[i] {
			if s.isNew(&s.inv.Stores[store], server.Name) {
				n++
			}
		}
		if n > 0 {
			broken = append(broken, planner.Violation{
				Rule: planner.DownEmpty, Subject: planner.ServerSubject(server.Name), Server: planner.Text(server.Name),
				Value: count(n), Limit: count(0),
			})
		}
	}
	return broken
}

// isNew reports whether the store has an instance on the server, or its master,
// that it did not have before.
func (s *state) isNew(st *inventory.Store, server inventory.ServerID) bool {
	now := st.On(server)
	if now == nil {
		return false
	}
	was := s.before(st)
	if was == nil {
		return true
	}
	before := was.On(server)
	return before == nil || now.Role == inventory.Master && before.Role != inventory.Master
}
