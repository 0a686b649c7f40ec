package layout

import "github.com/interlacemail/interlace/planner"

// undone is how many levels are looked for at which the budgets pay for what is left of a
// layout.
const undone = 64

// hardly is what part of a layout is too little for it to be worth beginning with all of it.
const hardly = 8

// afford returns the best outcome that the budgets pay for, with the best one without
// them beside it where that is lower. Budgets that the way there keeps do not change it,
// if it has an order.
func (l *ladder) afford() outcome {
	free := l.unlimited()
	best := free.climb()
	l.optimum = free.optimum
	if l.allows(best.way.cost()) {
		l.hopeless = free.hopeless
		best.state = newState(l.with(best.state.links), best.state.sites)
		if best.way.faults() == 0 {
			return best
		}
		return *l.choose([]outcome{best, l.passed(l.reached(l.candidates(), l.tolerance()))}, l.tolerance())
	}
	outcomes := l.candidates()
	if part := l.partly(free, best.state); part != nil {
		outcomes = append(outcomes, outcome{state: part, stopped: planner.Budget})
	}
	found := l.passed(l.reached(outcomes, l.tolerance()))
	if best.state.standing().minus(found.state.standing()).sign() <= 0 && best.state.worst() < found.state.worst()*(1-closeEnough) {
		found.lower = &best
		if found.stopped != planner.Cancelled {
			found.stopped = planner.Budget
		}
	}
	return found
}

// partly undoes changes of a layout that the budgets do not pay for, as long as its worst
// utilisation stays below the lowest level at which they pay for what is left.
func (l *ladder) partly(free *ladder, best *state) *state {
	if c := best.total; !l.allows(cost{c.bytes / hardly, c.changes / hardly, c.interrupted / hardly}) {
		return nil
	}
	var part *state
	lowest, highest := best.worst(), newState(l.problem, l.start).worst()
	for low, high := 0, undone; low < high && l.ctx.Err() == nil; {
		level := (low + high) / 2
		back := best.clone()
		free.search(back, 99, kinds{true, true}).revert(lowest + (highest-lowest)*float64(level)/undone)
		if l.allows(back.total) {
			part, high = newState(l.with(best.links), back.sites), level
		} else {
			low = level + 1
		}
	}
	return part
}
