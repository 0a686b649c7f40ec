package layout

import (
	"cmp"
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/interlacemail/interlace/planner"
)

// kinds of changes that a rung of the ladder may make.
type kinds struct{ replicas, masters bool }

// search improves a state, the busiest server first.
type search struct {
	*state
	ctx    context.Context
	rng    *rand.Rand
	kinds  kinds
	goal   float64 // worst utilisation at which to stop
	thrift bool    // weigh what a change gains against the bytes it copies
	left   int     // changes that may still be looked at
	report func(done int, worst float64)

	budgetHit bool
	cold      []int32 // servers that may receive instances, the least loaded first
	hot       []int32 // servers that are up, the busiest first
	stuck     []bool  // servers for which nothing better was found
	list      []int32 // scratch
	other     []int32
}

// targetsTried is how many servers a store's new place is looked for on: half of
// them the least loaded, half at random.
const targetsTried = 24

// run makes improving changes until the goal is reached, no change of the kinds
// allowed is better, or the steps are used up.
func (s *search) run() planner.Stopped {
	s.stuck = make([]bool, len(s.scores))
	fresh := true // nothing was improved since the flags in stuck were cleared
	s.refresh()
	for accepted := 0; ; {
		if s.ctx.Err() != nil {
			return planner.Cancelled
		}
		if s.left <= 0 {
			return planner.Steps
		}
		if s.reached() {
			return planner.WithinGap
		}
		server := s.busiest()
		if server < 0 {
			if fresh {
				return s.exhausted()
			}
			fresh = true
			s.refresh()
			continue
		}
		best := s.improve(server)
		if best == nil {
			s.stuck[server] = true
			continue
		}
		s.commit(best...)
		fresh = false
		for i := range s.effects {
			s.stuck[s.effects[i].server] = false
		}
		if accepted++; accepted%max(8, len(s.scores)/8) == 0 {
			s.refresh()
		}
	}
}

func (s *search) exhausted() planner.Stopped {
	if s.budgetHit {
		return planner.Budget
	}
	return planner.LocalOptimum
}

// reached reports whether the goal is: no rule broken and the worst low enough.
func (s *search) reached() bool {
	worst := s.worst()
	if s.report != nil {
		s.report(s.left, worst)
	}
	return worst <= s.goal && s.standing().sign() == 0
}

// refresh clears what was learnt about servers and sharpens the potential.
func (s *search) refresh() {
	clear(s.stuck)
	s.sharpen()
	s.cold = s.cold[:0]
	for server, ok := range s.target {
		if ok {
			s.cold = append(s.cold, int32(server))
		}
	}
	slices.SortStableFunc(s.cold, func(a, b int32) int { return cmp.Compare(s.scores[a].peak, s.scores[b].peak) })
}

// busiest returns the server to relieve next: one that breaks a rule, else the
// one with the highest peak, among those of the upper quarter that are not
// stuck; −1 if there is none.
func (s *search) busiest() int {
	worst, lowest := 0.0, 1e300
	for server := range s.scores {
		worst = max(worst, s.scores[server].peak)
		if s.target[server] {
			lowest = min(lowest, s.scores[server].peak)
		}
	}
	threshold := worst - (worst-lowest)/4
	best := -1
	for server := range s.scores {
		sc := &s.scores[server]
		if s.stuck[server] || sc.peak < threshold && !sc.broken() {
			continue
		}
		if best < 0 || compareScores(sc, &s.scores[best]) < 0 {
			best = server
		}
	}
	return best
}

// compareScores puts the server that needs relief more first.
func compareScores(a, b *serverScore) int {
	switch {
	case a.broken() && !b.broken():
		return -1
	case b.broken() && !a.broken():
		return 1
	}
	return cmp.Compare(b.peak, a.peak)
}

// improve returns the best changes that relieve the server, or nil. Promotions
// come first: they copy nothing. They have no preference where the users that they
// interrupt are scarce.
func (s *search) improve(server int) []change {
	p := picker{search: s, limit: math.Inf(1)}
	stores := s.movable(server)
	for _, store := range stores {
		s.promotions(&p, store, int32(server))
	}
	if p.best != nil && s.opts.MaxInterrupted == nil || !s.kinds.replicas {
		return p.best
	}
	s.rng.Shuffle(len(stores), func(i, j int) { stores[i], stores[j] = stores[j], stores[i] })
	for _, store := range stores {
		s.relocations(&p, store, int32(server))
		if p.best != nil && p.offered >= enough {
			break
		}
	}
	return p.best
}

// enough is how many relocations are looked at before the best of them is
// made, if one is better at all.
const enough = 100

// movable lists the stores on the server that may change, ascending.
func (s *search) movable(server int) []int {
	var stores []int
	for _, store := range s.on[server] {
		if !s.fixed[store] {
			stores = append(stores, int(store))
		}
	}
	slices.Sort(stores)
	return slices.Compact(stores)
}

// picker keeps the best of the changes offered to it.
type picker struct {
	*search
	best    []change
	value   verdict
	limit   float64 // above which no server shall come
	offered int
}

// offer looks at changes and keeps copies of the best.
func (p *picker) offer(changes ...change) {
	p.left--
	p.offered++
	v := p.tryBelow(p.limit, changes)
	if !v.afforded {
		p.budgetHit = true
		return
	}
	if !v.better() || p.best != nil && !p.beats(v) {
		return
	}
	p.value = v
	p.best = p.best[:0]
	for _, c := range changes {
		p.best = append(p.best, change{c.store, slices.Clone(c.sites)})
	}
}

// beats reports whether the verdict is better than the best so far.
func (p *picker) beats(v verdict) bool {
	if sign := v.standing.minus(p.value.standing).sign(); sign != 0 {
		return sign < 0
	}
	return p.merit(v) > p.merit(p.value)
}

// merit is what changes gain, for what they cost if the search is thrifty.
func (p *picker) merit(v verdict) float64 {
	if !p.thrift {
		return -v.potential
	}
	return -v.potential / p.price(v.cost)
}

// price is what a cost weighs: the part of the budgets that it takes, or, where
// there are none, the bytes copied. Nothing is for free, so that small gains do
// not come first.
func (p *problem) price(c cost) float64 {
	o := &p.opts
	if !o.budgeted() {
		return float64(max(c.bytes, 0) + p.meanBytes/8 + 1)
	}
	total := 1e-4
	if o.MaxBytes != nil {
		total += float64(max(c.bytes, 0)) / float64(max(*o.MaxBytes, 1))
	}
	if o.MaxChanges != nil {
		total += float64(max(c.changes, 0)) / float64(max(*o.MaxChanges, 1))
	}
	if o.MaxInterrupted != nil {
		total += float64(max(c.interrupted, 0)) / float64(max(*o.MaxInterrupted, 1))
	}
	return total
}
