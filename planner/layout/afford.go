package layout

import "github.com/interlacemail/interlace/planner"

// undone is how many levels are looked for at which the budgets pay for what is left of a
// layout.
const undone = 64

// hardly is what part of a layout is too little for it to be worth beginning with all of it.
const hardly = 8

// afford returns the best outcome that the budgets pay for, with the best one without
// them beside it where that is lower. Budgets that the way there keeps do not change it,
// if it has an order. In large fleets nothing is looked for without budgets that would
// hardly pay for it.
func (l *ladder) afford() outcome {
	if len(l.target) >= manyServers && !l.pays(1.0/hardly) {
		return l.passed(l.within(l.candidates()))
	}
	free := l.unlimited()
	best := free.climb()
	l.optimum = free.optimum
	if l.allows(best.way.cost()) {
		l.hopeless = free.hopeless
		best.state = newState(l.with(best.state.links), best.state.sites)
		if best.way.faults() == 0 {
			return best
		}
		return *l.choose([]outcome{best, l.passed(l.within(l.candidates()))}, l.tolerance())
	}
	found := l.limited(free, best.state)
	if len(l.start) <= mostBeside {
		found = *l.choose(append(l.tighter(free, best.state), found), l.tolerance())
	}
	if best.state.standing().minus(found.state.standing()).sign() <= 0 && best.state.worst() < found.state.worst()*(1-closeEnough) {
		found.lower = &best
		if found.stopped != planner.Cancelled {
			found.stopped = planner.Budget
		}
	}
	return found
}

// limited returns the best outcome that the budgets pay for where they don't pay for the
// best one of the ladder without them.
func (l *ladder) limited(free *ladder, best *state) outcome {
	outcomes := l.candidates()
	if part := l.partly(free, best); part != nil {
		outcomes = append(outcomes, outcome{state: part, stopped: planner.Budget})
	}
	for _, p := range free.points {
		if l.allows(p.way.cost()) {
			outcomes = append(outcomes, l.adopt(p))
		}
	}
	return l.passed(l.within(outcomes))
}

// tighter returns what smaller budgets lead to: a search that is allowed more looks
// elsewhere, and need not come so far.
func (l *ladder) tighter(free *ladder, best *state) []outcome {
	var outcomes []outcome
	opts := l.opts
	for range halvings {
		opts.MaxBytes, opts.MaxChanges, opts.MaxInterrupted = half(opts.MaxBytes), half(opts.MaxChanges), half(opts.MaxInterrupted)
		p := *l.problem
		p.opts = opts
		outcomes = append(outcomes, l.adopt(l.over(&p).limited(free, best)))
	}
	return outcomes
}

// half returns half of a budget, if there is one.
func half[T int | int64](budget *T) *T {
	if budget == nil {
		return nil
	}
	b := *budget / 2
	return &b
}

// regains is how often what an order has given up is looked for again.
const regains = 2

// within returns the outcome to plan for within the budgets. What its order gives up is
// little in large fleets, and other changes that are left to pay for regain it.
func (l *ladder) within(outcomes []outcome) outcome {
	o := l.reached(outcomes, l.tolerance())
	for range regains {
		if o.stopped == planner.Cancelled || o.state.worst() <= o.worst*(1+closeEnough) {
			break
		}
		next, steps := newState(l.problem, o.state.sites), l.steps()
		l.relieve(next, o.worst, &steps)
		again := l.reached([]outcome{{state: next, stopped: o.stopped}}, l.tolerance())
		again.worst = o.worst
		if o = *l.choose([]outcome{o, again}, l.tolerance()); o.state != again.state {
			break
		}
	}
	return o
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
