package rules

import "github.com/interlacemail/interlace/planner"

// copies: a store has as many instances as promised. More than that is a state
// on the way, which a plan ends.
func copies(s *state) []planner.Violation {
	var broken []planner.Violation
	for i := range s.inv.Stores {
		st := &s.inv.Stores[i]
		promised := s.inv.PromisedCopies(st)
		if s.from != nil {
			if before := s.from.Store(st.Name); before >= 0 {
				promised = s.from.PromisedCopies(&s.from.Stores[before])
			}
		}
		if n := len(st.Instances); n < promised {
			broken = append(broken, planner.Violation{
				Rule: planner.Copies, Subject: planner.StoreSubject(st.Name), Store: planner.Text(st.Name),
				Value: count(n), Limit: count(promised),
			})
		}
	}
	return broken
}
