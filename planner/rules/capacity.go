package rules

import "github.com/interlacemail/interlace/planner"

// storeCapacity: what a store carries is at most its capacity times the
// ceiling, in each resource in which it has a capacity.
func storeCapacity(s *state) []planner.Violation {
	var broken []planner.Violation
	for i := range s.inv.Stores {
		st := &s.inv.Stores[i]
		for r, res := range s.inv.Resources {
			if st.Capacity[r] == 0 {
				continue
			}
			if u := float64(s.loads[i][r]) / s.scale.Quanta(r, st.Capacity[r]); planner.Above(u, res.Ceiling) {
				broken = append(broken, planner.Violation{
					Rule: planner.StoreCapacity, Subject: planner.StoreSubject(st.Name), Store: planner.Text(st.Name),
					Resource: planner.Text(res.Name), Value: planner.Known(u), Limit: planner.Known(res.Ceiling),
				})
			}
		}
	}
	return broken
}
