package layout

import (
	"math"

	"github.com/interlacemail/interlace/planner"
)

// leaps is how many levels that are good enough [ladder.ways] improves today's layout
// to, and strides in how many levels it comes down to the highest of them.
const leaps = 8

var strides = []int{2, 4, 8, 16}

// closer is by which part the worst utilisation is to fall for another look at an order.
const closer = 0.01

// cheaper returns the cheapest layout that is within the goal, or about as good as the
// best of the outcomes where that has missed it, with the best beside it where that is
// lower. The best was improved level by level, or built anew, and a way from today's
// layout to where that has led, or nearly, often costs a fraction. Where an order did
// not get to where it should, today's layout is improved further, in steps that halve
// what is left, since what more is asked of an order it may give up.
func (l *ladder) cheaper(best outcome, outcomes []outcome) outcome {
	if l.satisfied(best) && l.goal() > l.repaired().mean() {
		return best // it is today's layout, relieved
	}
	found := l.reached(append(outcomes, l.ways(best)...), l.tolerance())
	if l.ctx.Err() != nil {
		return best
	}
	if !l.satisfied(found) && found.state.worst() > best.state.worst()*(1+closeEnough) {
		found.lower = &best
	}
	return found
}

// ways returns what comes of single ways from today's layout to levels that are good
// enough beside the best outcome.
func (l *ladder) ways(best outcome) []outcome {
	today, slack := l.repaired(), 1+l.tolerance()
	highest, lowest := best.state.worst()*slack, best.worst*slack
	if l.satisfied(best) {
		highest, lowest = l.goal(), l.goal()
	}
	if !l.nearly(today, highest) {
		return nil
	}
	var outcomes []outcome
	steps := l.steps() / 2
	improve := func(s *state, target float64, lower func(*state, float64, *int) planner.Stopped) (reached bool) {
		if l.ctx.Err() != nil {
			return false
		}
		lower(s, target, &steps)
		outcomes = append(outcomes, outcome{state: newState(l.problem, s.sites), stopped: best.stopped})
		return s.worst() <= target
	}
	if l.opts.Gap > 0 { // else nothing is as good but what is as low
		for leap := range leaps {
			if !improve(newState(l.problem, today.sites), highest+(min(lowest, best.worst)-highest)*float64(leap)/leaps, l.relieve) {
				break
			}
		}
		for _, levels := range strides {
			s := newState(l.problem, today.sites)
			steps = l.steps() / 4
			for level := levels - 1; level > 0; level-- {
				l.relieve(s, highest+(today.worst()-highest)*float64(level)/float64(levels), &steps)
			}
			improve(s, highest, l.press)
		}
		steps = l.steps()
	}
	for target := highest; improve(today, target, l.relieve) && target-lowest >= target*closer; {
		target = (target + lowest) / 2
	}
	return outcomes
}

// nearly reports whether the layout may come down to a level by changes one by one. Its
// mean peak sinks with the worst, but not far.
func (l *ladder) nearly(s *state, level float64) bool {
	if l.opts.Gap > 0 {
		level *= 1 + far
	}
	return s.mean() < level
}

// polishStores is the number of stores at which polishing takes half as many steps as
// other searches. It takes more for fewer stores and fewer for more.
const polishStores = 200

func (l *ladder) polishSteps() int {
	return l.opts.Steps * int(math.Sqrt(float64(len(l.start)*polishStores))) / 2
}

// press relieves the layout and, where it does not come down to the level so, polishes it.
func (l *ladder) press(s *state, level float64, steps *int) planner.Stopped {
	stopped := l.relieve(s, level, steps)
	if stopped != planner.LocalOptimum || s.worst() <= level || l.opts.Gap == 0 {
		return stopped
	}
	return l.polish(s, level)
}

// polish changes instances picked at random from the busier servers until the layout comes
// down to the level: all servers count, so that room is made where it will be needed.
func (l *ladder) polish(s *state, level float64) planner.Stopped {
	defer func() { s.ceilings = false }()
	for _, steepness := range []float64{400, 2000} {
		search := l.search(s, 160, kinds{true, true})
		search.goal, search.left, search.thrift = level, l.polishSteps(), l.opts.budgeted()
		s.steepness, s.ceilings = steepness, true
		if stopped := search.stage(stage{steepness: steepness}, 0); stopped != "" {
			return stopped
		}
	}
	return planner.LocalOptimum
}
