package layout

import (
	"slices"

	"github.com/interlacemail/interlace/planner/bounds"
)

// with returns the problem with other partners, if they are limited at all.
func (p *problem) with(links *partners) *problem {
	if p.links == nil {
		return p
	}
	other := *p
	other.links = links
	return &other
}

// paired returns the ladder with other partners.
func (l *ladder) paired(links *partners) *ladder {
	return l.over(l.with(links))
}

// rebuildPaired lays out everything anew with few partners a server, in two ways:
// on pairs that are designed, into which the stores are packed; and without a limit,
// to keep the pairs that then share most. The second way is better only where a server
// may have about as many partners as it has stores, or where servers differ in
// proportion. Layouts that use other pairs all the same are of no use, for nobody
// knows how many partners these make.
func (l *ladder) rebuildPaired(draft *bounds.Draft) []outcome {
	most := *l.opts.Scatter
	design := l.paired(designed(l.problem, most))
	packed := design.balanced(design.pack(), 9)
	outcomes := []outcome{packed}
	few := l.proportional() && most*len(l.target) < len(l.start)
	if packed.state == nil || !l.satisfied(packed) && (!few || packed.state.standing().sign() > 0) {
		outcomes = append(outcomes, l.pruned(draft)...)
	}
	return slices.DeleteFunc(outcomes, func(o outcome) bool { return o.state == nil || o.state.strange() })
}

// pruned lays out everything anew without a limit, and then keeps few pairs. In large
// fleets it does so with one pair of cuts: what is lost with the pairs of servers is
// about the same with all of them.
func (l *ladder) pruned(draft *bounds.Draft) []outcome {
	free := l.paired(nil)
	tries := cuts
	if len(l.target) >= manyServers {
		tries = cuts[:1]
	}
	return tryCuts(tries, func(n uint64, c cut) outcome { return l.prune(free.build(10+n, draft, c), 20+n) }, l.satisfied)
}

// prune keeps the pairs that share most of a layout and improves what is left of it.
func (l *ladder) prune(o outcome, rung uint64) outcome {
	if o.state == nil {
		return o
	}
	few := l.paired(heaviest(l.problem, *l.opts.Scatter, o.state.sites))
	return few.balanced(newState(few.problem, o.state.sites), rung)
}

// ownPairs returns the state of a layout that may use the pairs that it does, or nil
// if a server has too many partners then.
func (l *ladder) ownPairs(s *state) *state {
	if l.links == nil {
		return s
	}
	own := ofLayout(l.problem, s.sites)
	if slices.ContainsFunc(own.of, func(around []int32) bool { return len(around) > *l.opts.Scatter }) {
		return nil
	}
	return newState(l.with(own), s.sites)
}

// strange reports whether stores lie on servers that are no partners.
func (s *state) strange() bool {
	for store, sites := range s.sites {
		if all, _ := s.strangers(store, sites); all > 0 {
			return true
		}
	}
	return false
}
