package rules

import (
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// slots: a server has room for its instances.
func slots(s *state) []planner.Violation {
	used := map[inventory.ServerID]int{}
	for i := range s.inv.Stores {
		for _, in := range s.inv.Stores[i].Instances {
			used[in.Server]++
		}
	}
	var broken []planner.Violation
	for i := range s.inv.Servers {
		server := &s.inv.Servers[i]
		if server.Slots != inventory.Unlimited && used[server.Name] > server.Slots {
			broken = append(broken, planner.Violation{
				Rule: planner.Slots, Subject: planner.ServerSubject(server.Name), Server: planner.Text(server.Name),
				Value: count(used[server.Name]), Limit: count(server.Slots),
			})
		}
	}
	return broken
}
