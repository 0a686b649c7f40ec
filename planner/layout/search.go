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

// search improves a state.
type search struct {
	*state
	ctx    context.Context
	rng    *rand.Rand
	kinds  kinds
	goal   float64 // worst utilisation at which to stop
	thrift bool    // weigh what a change gains against what it costs
	normal bool    // look after ceilings and slots in normal operation only
	left   int     // changes that may still be looked at
	report func(done int, worst float64)

	budgetHit bool
	cold      []int32 // servers that may receive instances, the least loaded first
	hot       []int32 // servers that are up, the busiest first
	list      []int32 // scratch
	other     []int32
}

// attempts is how often servers for which nothing better was found are looked at
// once more, after others have been relieved.
const attempts = 3

// relieve makes changes until no server breaks a rule or is busier than the goal,
// nothing better is found, or the steps are used up. It brings no server above the
// goal unless a rule asks for it.
func (s *search) relieve() planner.Stopped {
	for range attempts {
		s.refresh()
		stopped, progress := s.relieveAll(s.queue())
		if stopped != "" {
			return stopped
		}
		if !progress {
			break
		}
	}
	if s.budgetHit {
		return planner.Budget
	}
	return planner.LocalOptimum
}

// relieveAll goes through the queue, to which servers come back when changes touch
// them, and leaves out those that it finds nothing for. It says why it stopped
// before the end, and whether it made any change.
func (s *search) relieveAll(q *needy) (stopped planner.Stopped, progress bool) {
	left := false
	for accepted := 0; ; {
		server := q.next()
		switch {
		case s.ctx.Err() != nil:
			return planner.Cancelled, progress
		case server < 0 && !left && s.standing().sign() == 0:
			return planner.WithinGap, progress
		case server < 0:
			return "", progress
		case s.left <= 0:
			return planner.Steps, progress
		}
		best := s.relief(server)
		if best == nil {
			if s.budgetHit && s.scores[server].peak > s.goal { // the goal is not to be paid for
				return planner.Budget, progress
			}
			left = true
			continue
		}
		s.commit(best...)
		progress = true
		for i := range s.effects {
			q.add(s.effects[i].server)
		}
		if accepted++; accepted%max(8, len(s.scores)/8) == 0 {
			s.refresh()
		}
	}
}

// reached reports whether the goal is: no rule broken and the worst low enough.
func (s *search) reached() bool {
	worst := s.worst()
	if s.report != nil {
		s.report(s.left, worst)
	}
	return worst <= s.goal && s.standing().sign() == 0
}

// refresh sorts the servers that may receive instances and aims the potential.
func (s *search) refresh() {
	s.aim()
	s.cold = append(s.cold[:0], s.targets...)
	slices.SortStableFunc(s.cold, func(a, b int32) int { return cmp.Compare(s.scores[a].peak, s.scores[b].peak) })
	if s.report != nil {
		s.report(s.left, s.worst())
	}
}

// aim sets the potential so that it falls by a factor of e⁶ from the goal, or from
// the busiest server where that is less, to the mean, and rises straight above.
func (s *search) aim() {
	s.reference = min(s.goal, s.worst())
	s.steepness = 20
	if mean := s.mean(); s.reference > mean {
		s.steepness = min(max(6/(s.reference-mean), 20), 5000)
	}
	s.reweigh()
}

// relief returns the best changes that relieve the server, or nil. They bring no
// server above the goal, or, where there is none, above the busiest; only rules
// that cannot be kept otherwise may.
func (s *search) relief(server int32) []change {
	s.budgetHit = false
	limit := s.goal
	if math.IsInf(limit, 1) {
		limit = s.reference
	}
	best := s.bestFor(server, limit)
	if best == nil && s.scores[server].broken() {
		best = s.bestFor(server, math.Inf(1))
	}
	return best
}

// bestFor returns the best changes of what the server carries that raise no server
// above the limit, or nil. Promotions come first: they copy nothing. Of a store's
// single replica none is offered unless its server breaks a rule. They have no
// preference where steps or the users that they interrupt are scarce. Exchanges,
// which copy twice, come last.
func (s *search) bestFor(server int32, limit float64) []change {
	p := picker{search: s, limit: limit}
	stores := s.movable(server)
	for _, store := range stores {
		if s.sites[store][0] == server || len(s.sites[store]) > 2 || s.scores[server].broken() {
			s.promotions(&p, store, server)
		}
	}
	scarce := s.opts.MaxInterrupted != nil || s.opts.MaxChanges != nil
	if p.best != nil && !scarce || !s.kinds.replicas {
		return p.best
	}
	s.rng.Shuffle(len(stores), func(i, j int) { stores[i], stores[j] = stores[j], stores[i] })
	for _, exchanges := range []bool{false, true} {
		for _, store := range stores {
			s.relocations(&p, store, server, exchanges)
			if p.best != nil && p.offered >= enough {
				return p.best
			}
		}
		if p.best != nil {
			return p.best
		}
	}
	return nil
}

// enough is how many relocations are looked at before the best of them is
// made, if one is better at all.
const enough = 100

// movable lists the stores on the server that may change, ascending.
func (s *search) movable(server int32) []int {
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
	if !v.better() {
		return
	}
	if !v.afforded {
		p.budgetHit = true
		return
	}
	if p.best != nil && !p.beats(v) {
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
// there are none, the bytes copied and a little for every step. Nothing is for
// free, so that small gains do not come first.
func (p *problem) price(c cost) float64 {
	o := &p.opts
	if !o.budgeted() {
		return float64(max(c.bytes, 0)) + float64(p.meanBytes)/16*float64(max(c.changes, 0)+1) + 1
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
