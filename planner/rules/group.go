package rules

import (
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// groupWhole: all members of a share group live on one store.
func groupWhole(s *state) []planner.Violation {
	var broken []planner.Violation
	for g := range s.groups.Len() {
		members := s.groups.Members(g)
		if len(members) == 1 {
			continue
		}
		stores := map[inventory.StoreID]bool{}
		for _, u := range members {
			stores[s.inv.Users[u].Store] = true
		}
		if len(stores) > 1 {
			id := s.inv.GroupID(s.groups, g)
			broken = append(broken, planner.Violation{
				Rule: planner.GroupWhole, Subject: planner.GroupSubject(id), Group: planner.Text(id),
				Value: count(len(stores)), Limit: count(1),
			})
		}
	}
	return broken
}
