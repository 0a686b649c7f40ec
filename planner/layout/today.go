package layout

import (
	"math"

	"github.com/interlacemail/interlace/planner"
)

// rungs are the kinds of changes that today's layout is improved with, one after
// the other: promotions, then replicas, then masters.
var rungs = []kinds{{}, {replicas: true}, {replicas: true, masters: true}}

// relieve lowers the worst utilisation to the goal, or as far as it gets, with the
// cheapest kinds of changes first. Where steps or the users that promotions
// interrupt are scarce, all kinds compete. It takes what it looks at off the steps.
func (l *ladder) relieve(s *state, goal float64, steps *int) planner.Stopped {
	var stopped planner.Stopped
	for rung, k := range rungs {
		if rung+1 < len(rungs) && (l.opts.MaxChanges != nil || l.opts.MaxInterrupted != nil) {
			continue
		}
		search := l.search(s, uint64(rung)+1, k)
		search.goal, search.thrift, search.left = goal, true, *steps
		search.report = l.reporter("improving today's layout", search)
		stopped = search.relieve()
		*steps = search.left
		if stopped == planner.WithinGap || stopped == planner.Cancelled {
			break
		}
	}
	return stopped
}

// steps returns how many changes may be looked at on the way from today's layout to
// a goal.
func (l *ladder) steps() int { return l.opts.Steps * max(len(l.start), 50) }

// improve starts from the present state: it tries to come to the goal at once,
// and where that fails halves the way from the worst server to the mean as long as
// it can. A goal below the mean asks for a new layout; then few steps are made.
func (l *ladder) improve(s *state) outcome {
	goal := l.goal()
	steps := 2 * l.steps()
	var stopped planner.Stopped
	if goal > s.mean() {
		stopped = l.relieve(s, goal, &steps)
	} else {
		steps /= 8
	}
	for stopped != planner.Cancelled && !l.satisfied(outcome{state: s}) {
		worst := s.worst()
		next := max(goal, (worst+s.mean())/2)
		if next >= worst*(1-closeEnough) && s.standing().sign() == 0 {
			break
		}
		stopped = l.relieve(s, next, &steps)
		if s.worst() > next || s.standing().sign() != 0 {
			break
		}
	}
	return outcome{state: s, stopped: stopped}
}

// closeEnough is the part of the worst utilisation by which it is not worth
// lowering it further.
const closeEnough = 1e-4

// mean returns the mean peak of the servers that may receive instances.
func (s *state) mean() float64 {
	sum := 0.0
	for _, server := range s.targets {
		sum += s.scores[server].peak
	}
	return sum / float64(max(len(s.targets), 1))
}

// finest is how many levels the worst utilisation is looked for at that the
// budgets pay for, between today's and the goal.
const finest = 256

// withinBudgets repairs what breaks a rule and then looks for the lowest level
// that the budgets pay for. Each level is reached from the same state, and what
// that costs does not depend on the budgets, so larger ones lead no less far.
func (l *ladder) withinBudgets(s *state) outcome {
	steps := l.steps()
	best := outcome{state: s, stopped: l.relieve(s, math.Inf(1), &steps)}
	goal, worst := l.goal(), s.worst()
	if best.stopped == planner.Cancelled || math.IsInf(goal, 1) || worst <= goal {
		return best
	}
	if most := l.opts.MaxChanges; most != nil && s.total.changes >= *most {
		best.stopped = planner.Budget // the repairs have taken it all
		return best
	}
	spent := best.stopped == planner.Budget
	for low, high := 0, finest; low < high; {
		level := (low + high) / 2
		target := goal + (worst-goal)*float64(level)/finest
		o := outcome{state: newState(l.problem, s.sites)}
		steps = l.steps()
		o.stopped = l.relieve(o.state, target, &steps)
		if o.state.worst() <= target {
			high = level
		} else {
			low = level + 1
		}
		spent = spent || o.stopped == planner.Budget
		best = *l.choose([]outcome{best, o}, l.tolerance())
		if o.stopped == planner.Cancelled {
			best.stopped = planner.Cancelled
			return best
		}
	}
	if l.opts.MaxChanges == nil && l.opts.MaxInterrupted == nil { // of which it would waste what there is
		polished := outcome{state: newState(l.problem, best.state.sites)}
		l.polish(polished.state, goal)
		best = *l.choose([]outcome{best, polished}, l.tolerance())
	}
	if spent {
		best.stopped = planner.Budget
	}
	return best
}

// pays reports whether the budgets could pay for that part of a new layout, which changes
// most stores.
func (l *ladder) pays(part float64) bool {
	o := &l.opts
	bytes, users := int64(0), 0
	for store, b := range l.bytes {
		bytes += b
		users += l.fleet.Users[store]
	}
	return (o.MaxBytes == nil || float64(*o.MaxBytes) >= part*float64(bytes)/2) &&
		(o.MaxChanges == nil || float64(*o.MaxChanges) >= part*float64(len(l.bytes))) &&
		(o.MaxInterrupted == nil || float64(*o.MaxInterrupted) >= part*float64(users)/4)
}
