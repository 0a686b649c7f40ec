package moves

import (
	"math"
	"slices"
)

// inWaves puts all bundles into waves in several ways and returns the best
// result. Where one wave holds everything there is nothing to choose. If the plans
// can be carried out as they are listed, one bundle after the other, or two at a time
// where those keep the rules only together, then they have an order, whatever else is
// found.
func (s *scheduler) inWaves() *scheduler {
	best := s.try(policy{})
	if len(best.waves) < 2 {
		return best
	}
	most, ways := tries(len(s.bundles)*len(best.waves)), s.ways(len(best.waves))
	for _, p := range ways[:min(most, len(ways))] {
		best = best.or(s.try(p))
	}
	for n := range max(0, most-len(ways)) {
		p := best.policy
		p.dice, p.blind = s.opts.Seed+uint64(n)+1, n%2 > 0
		best = best.or(s.try(p))
	}
	for _, prefer := range []preference{listed, longest, busiest} {
		if len(best.forced) > 0 {
			best = best.or(s.try(policy{prefer: prefer, inLine: true}))
		}
	}
	for n := range most {
		if len(best.forced) > 0 {
			best = best.or(s.try(policy{dice: s.opts.Seed + uint64(n) + 1, blind: true, inLine: true}))
		}
	}
	if len(best.forced) > 0 {
		if o := s.try(policy{prefer: listed, fewest: true}); o != nil && len(o.forced) == 0 {
			return o
		}
	}
	return best
}

// ways returns the policies to try besides the first one, which led to so many
// waves. Most of them give every place about its even share of work in each wave:
// waves that are full of one server's work keep all others waiting.
func (s *scheduler) ways(waves int) []policy {
	var ways []policy
	if len(s.plans) > 1 {
		ways = append(ways, policy{inTurn: true})
	}
	even := newNetwork(s.units, s.allSteps()).least() / float64(waves)
	for _, share := range []float64{1.25, 1.1, 1, 1.5} {
		ways = append(ways, policy{length: share * even}, policy{prefer: longest, length: share * even})
	}
	return append(ways, policy{prefer: longest}, policy{prefer: listed})
}

// tries returns how many ways are tried for so much work: some half a million
// bundles are looked at in all.
func tries(work int) int { return max(2, min(24, 500_000/max(work, 1))) }

// try fills waves in one way, or returns nil if there is no time for more than one.
func (s *scheduler) try(p policy) *scheduler {
	if p != (policy{}) && s.ctx.Err() != nil {
		return nil
	}
	try := s.clone()
	try.policy = p
	try.fillWaves()
	return try.judged()
}

// judged returns the schedule with what it breaks, if bundles were let pass.
func (s *scheduler) judged() *scheduler {
	if s.forces > 0 {
		s.audit()
	}
	return s
}

// clone returns a scheduler that goes on from the same state by itself.
func (s *scheduler) clone() *scheduler {
	c := *s.chooser
	c.limits = c.limits.Clone()
	c.after, c.during = c.after.Clone(c.limits), c.during.Clone(c.limits)
	c.status, c.kept, c.busy = slices.Clone(c.status), slices.Clone(c.kept), slices.Clone(c.busy)
	c.pending, c.unfinished = slices.Clone(c.pending), slices.Clone(c.unfinished)
	for i := range c.pending {
		c.pending[i] = slices.Clone(c.pending[i])
	}
	n := *s
	n.chooser = &c
	n.times, n.left = slices.Clone(s.times), slices.Clone(s.left)
	return &n
}

// or returns the better of two schedules: the one with fewer broken rules, then
// the shorter one, where a wave more must save three percent.
func (s *scheduler) or(o *scheduler) *scheduler {
	if o == nil || len(o.forced) > len(s.forced) || len(o.forced) == len(s.forced) && o.cost() >= s.cost() {
		return s
	}
	return o
}

func (s *scheduler) cost() float64 { return s.now * math.Pow(1.03, float64(len(s.waves))) }

// withoutWaves puts all bundles in time with each key and returns the best
// result. If that breaks a rule, waves may still have an order that breaks none.
func (s *scheduler) withoutWaves() *scheduler {
	n := newNetwork(s.units, s.allSteps())
	var best *scheduler
	for _, inTurn := range []bool{false, true} {
		for _, k := range keys {
			if best != nil && (s.ctx.Err() != nil || best.now <= nearEnough*n.least() || inTurn && len(s.plans) < 2) {
				break
			}
			try := s.clone()
			try.policy.inTurn = inTurn
			try.flowThrough(n, k)
			best = try.judged().or(best)
		}
	}
	if len(best.forced) > 0 {
		best = best.or(s.joinWaves())
	}
	return best
}

// joinWaves returns a schedule in waves as one without, which it is if its waves
// are forgotten. Its states are others: each within a wave counts, and none
// between two waves at the same time.
func (s *scheduler) joinWaves() *scheduler {
	p := *s.problem
	p.opts.Continuous = false
	c, _ := newChooser(&p)
	w := newScheduler(s.ctx, c).inWaves()
	w.problem = s.problem
	w.waves = nil
	w.audit()
	return w
}
