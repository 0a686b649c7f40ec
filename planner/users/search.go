package users

import (
	"cmp"
	"context"
	"slices"

	"github.com/interlacemail/interlace/planner/bounds"
)

// seeker looks for the best attempt.
type seeker struct {
	*problem
	ctx   context.Context
	today *tally
	floor float64 // no peak below it is wanted
	tries int

	exhausted bool // all assignments have been looked at
}

// maxTargets is how many targets are tried at most.
const maxTargets = 12

// affordTries is how often it is tried how many servers can be relieved.
const affordTries = 3

// try solves for the target and says what came of it.
func (s *seeker) try(goal target) attempt {
	s.tries++
	s.opts.report("moving groups", s.tries, maxTargets)
	a := s.solve(s.ctx, goal).judge()
	a.goal = goal
	return a
}

// reach tries to reach the target. Where rules stay broken only because some have
// no room on the way, these move all the same.
func (s *seeker) reach(goal target) attempt {
	best := s.try(goal)
	if best.barred && best.affordable() && (best.undone > 0 || best.peak > s.HighestCeiling()) {
		goal.forced = true
		s.again(&best, goal)
	}
	return best
}

// again tries another goal, keeps what comes of it if that is better and the
// budget allows it, and reports whether the budget does.
func (s *seeker) again(best *attempt, goal target) (affordable bool) {
	if s.ctx.Err() != nil {
		return false
	}
	s.tries--
	a := s.try(goal)
	if (a.affordable() || !best.affordable()) && a.better(best, s.floor) {
		*best = a
	}
	return a.affordable()
}

// relieve brings servers below their failure ceilings as well, as far as that
// makes nothing else worse. Where the budget does not allow it for all of them it
// does so for as many as it allows, those that are least above them first.
func (s *seeker) relieve(best attempt) attempt {
	if best.failing == 0 {
		return best
	}
	goal, servers := best.goal, best.mildestFirst()
	goal.failures = true
	if s.again(&best, goal) || !best.affordable() {
		return best
	}
	low, high := 0, len(servers)
	for range affordTries {
		if high-low < 2 {
			break
		}
		middle := (low + high) / 2
		goal.hopeless = make([]bool, len(s.ceilings))
		for _, server := range servers[middle:] {
			goal.hopeless[server] = true
		}
		if s.again(&best, goal) {
			low = middle
		} else {
			high = middle
		}
	}
	return best
}

// cheapest returns the cheapest attempt for the wanted peak, or if that was not
// reached the one with the lowest peak: of those that leave least undone, which
// a peak too low may keep from being seen.
func (s *seeker) cheapest() attempt {
	goal := target{peak: s.floor, drains: true, gather: !s.opts.Light, servers: true}
	best := s.relieve(s.reach(goal))
	if best.peak > s.floor && s.ctx.Err() == nil {
		if ceilings := s.HighestCeiling(); best.undone > 0 && s.floor < ceilings {
			goal.peak = ceilings
			if a := s.relieve(s.reach(goal)); a.better(&best, s.floor) {
				best = a
			}
		}
		best = s.lower(best, best.goal, false)
	}
	return best
}

// lowest returns the attempt with the lowest peak that the budget allows. What
// must move for other reasons goes first; where the budget does not allow that,
// stores above their ceilings do, then failure ceilings, and the rest as far as
// the budget goes. Where it goes for none of that, it is spent on a lower peak.
func (s *seeker) lowest() attempt {
	now := s.today.judge()
	goal := target{peak: now.peak, drains: true, gather: !s.opts.Light, servers: true}
	best := s.reach(goal)
	if best.affordable() {
		best = s.relieve(s.belowCeilings(best, best.goal))
		return s.lower(best, best.goal, true)
	}
	goal = target{peak: now.peak, servers: true}
	best = s.reach(goal)
	if goal = best.goal; !best.affordable() {
		goal.servers = false
		best = newTally(s.problem).judge()
		best.goal = goal
	}
	best = s.relieve(s.belowCeilings(best, goal))
	goal = best.goal
	s.spend(&best)
	s.tries = 0
	return s.lower(best, goal, true)
}

// belowCeilings lowers the peak as far as stores are above their ceilings.
func (s *seeker) belowCeilings(best attempt, goal target) attempt {
	wished := s.floor
	s.floor = max(s.floor, s.HighestCeiling())
	best = s.lower(best, goal, true)
	s.floor = wished
	return best
}

// near is how near to one another the best target that is reached and one that is
// not may be where no budget is to be used up.
const near = 5e-3

// lower looks for a target between the least that may be possible and what best
// has reached at which the attempt is better. It starts near the bound, steps
// up in growing steps until one is reached, and then halves.
func (s *seeker) lower(best attempt, goal target, budget bool) attempt {
	if s.ctx.Err() != nil {
		return best
	}
	q := s.question(&best)
	q.Above = true
	possible := bounds.UsersPeak(s.Assignments, q).Value
	low, high := max(s.floor, possible), best.peak
	if goal.peak = low; s.floor >= possible && low < high {
		if a := s.try(goal); (!budget || a.affordable()) && a.better(&best, s.floor) {
			best, high = a, a.peak
		}
	}
	enough, step := near, 0.01
	if budget {
		enough, step = 0, 0.002
	}
	for s.tries < maxTargets && s.ctx.Err() == nil && high-low > enough {
		goal.peak = low + min(step, (high-low)/2)
		a := s.try(goal)
		allowed := !budget || a.affordable()
		if allowed && a.better(&best, s.floor) {
			best = a
			high = min(high, a.peak)
		}
		if allowed && a.peak <= goal.peak && a.undone <= best.undone {
			high = min(high, goal.peak)
			step = high - low
		} else {
			low = goal.peak
			step *= 2
		}
	}
	return best
}

// spend moves what drains and what is torn, the cheapest first, as far as the
// budget goes.
func (s *seeker) spend(a *attempt) {
	f := newFiller(a.tally, s.opts.Seed)
	var todo []int32
	for n := range s.size() {
		i := int32(n)
		draining := a.at[i] >= 0 && a.at[i] == s.piece(i).Store && s.Drains[a.at[i]]
		if s.movable(i) && (draining || a.at[i] == apart) {
			todo = append(todo, i)
		}
	}
	slices.SortStableFunc(todo, func(x, y int32) int {
		return cmp.Compare(s.cost(s.piece(x)), s.cost(s.piece(y)))
	})
	for _, i := range todo {
		if s.ctx.Err() != nil {
			return
		}
		a.take(i)
		if !f.place(i) {
			a.restore(i)
			continue
		}
		a.count(i, 1)
		if !a.affordable() {
			a.count(i, -1)
			a.take(i)
			a.restore(i)
		}
	}
	*a = a.judge()
}
