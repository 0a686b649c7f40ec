package layout

import (
	"cmp"
	"math"
	"slices"

	"github.com/interlacemail/interlace/planner"
)

// frontierLevels is how many levels of the worst utilisation a frontier is looked
// for at, between what promotions alone reach and the best layout found, and again how
// many times its widest hole is looked into.
const frontierLevels = 12

// curve is what was found between today's layout and the best one.
type curve struct {
	*ladder
	today  *state    // with what breaks a rule repaired
	lowest outcome   // the best
	points []outcome // that none other beats
}

// along returns the outcomes on the way from today's layout to the best one that
// none other beats in bytes and worst utilisation, the fewest bytes first.
func (l *ladder) along(best outcome) []outcome {
	c := &curve{ladder: l, today: l.repaired(), lowest: best}
	if best.lower != nil {
		c.lowest = *best.lower
	}
	steps := l.steps()
	l.relieve(c.today, math.Inf(1), &steps)
	c.add(best, c.lowest, outcome{state: l.promoted(c.today)})
	highest := c.points[0].state.worst()
	c.walk(highest)
	for level := range frontierLevels {
		c.between(c.today, highest+(c.lowest.state.worst()-highest)*float64(frontierLevels-level)/frontierLevels)
	}
	c.budgets()
	c.fill()
	return c.points
}

// mostBeside is up to how many stores a fleet is small enough for its frontier to be
// looked at beside a plan.
const mostBeside = 32

// besides returns the best of an outcome and, in small fleets, of the points of the
// frontier that ends there, or where a smaller gap leads: often one is as good, and cheaper.
func (l *ladder) besides(best outcome) outcome {
	if len(l.start) > mostBeside || l.ctx.Err() != nil {
		return best
	}
	if l.opts.Gap > frontierGap {
		fine := *l.problem
		fine.opts.Gap = frontierGap
		way := l.over(&fine)
		way.climb()
		for _, p := range way.points {
			l.points = append(l.points, l.adopt(p))
		}
	}
	l.points = append(l.points, l.along(best)...)
	found := *l.choose(append([]outcome{best}, l.points...), l.tolerance())
	if l.satisfied(best) && best.way.faults() == 0 && found.bytes() >= best.bytes() {
		return best // nothing is changed for less than it asks for
	}
	if found.lower == nil && !l.satisfied(found) && found.state.worst() > best.state.worst()*(1+closeEnough) {
		found.lower = &best
	}
	return found
}

// adopt returns an outcome of a ladder over another problem as one of this ladder.
func (l *ladder) adopt(o outcome) outcome {
	o.state = newState(l.with(o.state.links), o.state.sites)
	return o
}

// halvings is how many budgets are looked at, each half of the one before.
const halvings = 5

// budgets adds what budgets reach: with them, what a change costs is weighed otherwise.
func (c *curve) budgets() {
	bytes := c.lowest.bytes()
	small := len(c.start) <= mostBeside
	changes, nobody := c.lowest.way.cost().changes, 0
	if small {
		limited := *c.problem
		limited.opts.MaxInterrupted = &nobody
		c.bounded(&limited)
	}
	for range halvings {
		bytes /= 2
		changes /= 2
		limited := *c.problem
		limited.opts.MaxBytes = &bytes
		c.bounded(&limited)
		if small {
			limited.opts.MaxBytes, limited.opts.MaxChanges = nil, &changes
			c.bounded(&limited)
		}
	}
}

// bounded adds what the budgets of a problem reach.
func (c *curve) bounded(p *problem) {
	l := c.over(p)
	o := l.withinBudgets(l.repaired())
	c.add(outcome{state: newState(c.problem, o.state.sites), stopped: o.stopped})
}

// alongBudgets adds what layouts within the budgets reach to the outcomes. Where none of
// the others keeps the budgets, those within them may break more.
func (l *ladder) alongBudgets(outcomes []outcome) []outcome {
	way, best := l.ascend()
	best.lower = nil // it is beyond the budgets
	within := way.along(best)
	sound := slices.DeleteFunc(slices.Clone(within), func(o outcome) bool {
		return o.state.standing().minus(outcomes[0].state.standing()).sign() > 0
	})
	outcomes = undominated(append(outcomes, sound...))
	if slices.ContainsFunc(outcomes, func(o outcome) bool { return l.allows(o.way.cost()) }) {
		return outcomes
	}
	outcomes = append(outcomes, within...)
	slices.SortStableFunc(outcomes, func(a, b outcome) int { return cmp.Compare(a.bytes(), b.bytes()) })
	return outcomes
}

// add enters the outcomes that break no more than the best one, with their orders.
func (c *curve) add(outcomes ...outcome) {
	for _, o := range outcomes {
		if o.stopped != planner.Cancelled && o.state.standing().minus(c.lowest.state.standing()).sign() <= 0 && !c.beaten(o) {
			c.points = append(c.points, c.reached([]outcome{o}, 0))
		}
	}
	c.points = undominated(c.points)
}

// beaten reports whether there is a point that is as good already.
func (c *curve) beaten(o outcome) bool {
	return slices.ContainsFunc(c.points, func(p outcome) bool {
		return p.bytes() <= o.bytes() && p.state.worst() <= o.state.worst()
	})
}

// walk improves one layout level by level, from today's to where that leads.
func (c *curve) walk(highest float64) {
	s, steps := newState(c.problem, c.today.sites), c.steps()
	for level := 1; level <= 2*frontierLevels && c.ctx.Err() == nil && steps > 0; level++ {
		target := highest + (c.lowest.state.worst()-highest)*float64(level)/(2*frontierLevels)
		stopped := c.press(s, target, &steps)
		c.add(outcome{state: newState(c.problem, s.sites), stopped: stopped})
	}
}

// between looks for outcomes at a level from both ends: a layout above it is improved
// until it is there, and changes of the lowest are undone as long as it stays there.
func (c *curve) between(above *state, level float64) {
	if c.ctx.Err() != nil {
		return
	}
	from, steps := newState(c.problem, above.sites), c.steps()/2
	stopped := c.press(from, level, &steps)
	back := c.lowest.state.clone()
	c.search(back, 99, kinds{true, true}).revert(level)
	c.add(outcome{state: from, stopped: stopped}, outcome{state: back})
}

// narrow is the part of the whole of bytes and worst utilisations that a hole has to cover
// to be looked into.
const narrow = 0.01

// fill looks into the widest holes: where the next point costs much more for much less.
func (c *curve) fill() {
	seen := map[[2]int64]bool{}
	for range frontierLevels {
		first, last := &c.points[0], &c.points[len(c.points)-1]
		at, widest := -1, narrow*float64(last.bytes()-first.bytes())*(first.state.worst()-last.state.worst())
		for i := range len(c.points) - 1 {
			a, b := &c.points[i], &c.points[i+1]
			width := float64(b.bytes()-a.bytes()) * (a.state.worst() - b.state.worst())
			if width > widest && !seen[[2]int64{a.bytes(), b.bytes()}] {
				at, widest = i, width
			}
		}
		if at < 0 {
			return
		}
		a, b := c.points[at], c.points[at+1]
		seen[[2]int64{a.bytes(), b.bytes()}] = true
		level := (a.state.worst() + b.state.worst()) / 2
		c.between(c.today, level)
		c.between(a.state, level)
	}
}

// promoted returns the state after promotions that lower its worst utilisation as
// far as they can.
func (l *ladder) promoted(s *state) *state {
	out := newState(l.problem, s.sites)
	for {
		worst := out.worst()
		next := max(l.goal(), (worst+out.mean())/2)
		if next >= worst*(1-closeEnough) {
			return out
		}
		search := l.search(out, 1, kinds{})
		search.goal, search.thrift = next, true
		search.relieve()
		if out.worst() >= worst*(1-closeEnough) {
			return out
		}
	}
}

// undominated returns the outcomes that no other one beats, the fewest bytes first.
func undominated(all []outcome) []outcome {
	slices.SortStableFunc(all, func(a, b outcome) int {
		return cmp.Or(cmp.Compare(a.bytes(), b.bytes()), cmp.Compare(a.state.worst(), b.state.worst()),
			cmp.Compare(a.state.total.changes, b.state.total.changes))
	})
	var out []outcome
	for _, o := range all {
		if len(out) == 0 || o.state.worst() < out[len(out)-1].state.worst()*(1-closeEnough) {
			out = append(out, o)
		}
	}
	return out
}
