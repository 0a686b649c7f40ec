package rules

import (
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// copies: a store has as many instances as promised, and a plan gives up no living
// one for another that is on a server that is down. More than promised is a state on
// the way, which a plan ends.
func copies(s *state) []planner.Violation {
	var broken []planner.Violation
	for i := range s.inv.Stores {
		st := &s.inv.Stores[i]
		before := s.before(st)
		promised := s.inv.PromisedCopies(st)
		if before != nil {
			promised = s.from.PromisedCopies(before)
		}
		if n := len(st.Instances); n < promised {
			broken = append(broken, tooFew(st, n, promised, nil))
		}
		if before == nil {
			continue
		}
		had, _ := s.living(before)
		if left, down := s.living(st); left < min(had, len(st.Instances)) {
			broken = append(broken, tooFew(st, left, min(had, len(st.Instances)), down))
		}
	}
	return broken
}

func tooFew(st *inventory.Store, n, limit int, down []string) planner.Violation {
	return planner.Violation{
		Rule: planner.Copies, Subject: planner.StoreSubject(st.Name), Store: planner.Text(st.Name), Failed: down,
		Value: count(n), Limit: count(limit),
	}
}

// before returns the store as the plan finds it, or nil.
func (s *state) before(st *inventory.Store) *inventory.Store {
	if s.from == nil {
		return nil
	}
	at := s.from.Store(st.Name)
	if at < 0 {
		return nil
	}
	return &s.from.Stores[at]
}

// living counts the store's instances on servers that are up, and names the others'.
func (s *state) living(st *inventory.Store) (n int, down []string) {
	for _, in := range st.Instances {
		if s.isDown(s.inv.Server(in.Server)) {
			down = append(down, string(planner.ServerSubject(in.Server)))
		} else {
			n++
		}
	}
	return n, down
}
