package rules

import (
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// apart: the instances of a store lie on different servers.
func apart(s *state) []planner.Violation {
	var broken []planner.Violation
	for i := range s.inv.Stores {
		st := &s.inv.Stores[i]
		on := map[inventory.ServerID]int{}
		for _, in := range st.Instances {
			on[in.Server]++
		}
		for _, in := range st.Instances {
			if n := on[in.Server]; n > 1 {
				broken = append(broken, planner.Violation{
					Rule: planner.Apart, Subject: planner.StoreSubject(st.Name),
					Store: planner.Text(st.Name), Server: planner.Text(in.Server),
					Value: count(n), Limit: count(1),
				})
				delete(on, in.Server)
			}
		}
	}
	return broken
}
