package layout

import "github.com/interlacemail/interlace/planner"

// refined lowers the further objectives of an outcome, one after the other, each
// while those before it stay within the gap of their bounds, or as low as they
// came. It returns the ladder of the last one.
func (l *ladder) refined(o *outcome) *ladder {
	last := l
	for _, m := range l.measures[1:] {
		p := *o.state.problem
		p.holds = append(p.holds[:len(p.holds):len(p.holds)], held{p.peak, last.allowed(o.state)})
		p.peak = m
		next := l.over(&p)
		o.state = newState(&p, o.state.sites)
		if o.stopped != planner.Cancelled && !next.satisfied(*o) {
			stopped := next.improve(o.state).stopped
			if l.opts.Gap < good && stopped != planner.Cancelled && !next.satisfied(*o) {
				stopped = next.rebalance(o.state)
			}
			if stopped == planner.Cancelled {
				o.stopped = stopped
			}
		}
		last = next
	}
	return last
}

// rebalance improves a state with all kinds of changes.
func (l *ladder) rebalance(s *state) planner.Stopped {
	search := l.search(s, 150, kinds{true, true})
	search.left = l.balanceSteps()
	search.report = l.reporter("further objectives", search)
	return search.balance()
}
