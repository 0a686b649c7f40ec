package layout

import (
	"math"
)

// change gives one store new sites.
type change struct {
	store int
	sites []int32
}

// verdict is what a set of changes would do.
type verdict struct {
	standing  standing // difference
	potential float64  // difference
	peak      float64  // largest of the servers touched
	cost      cost     // difference
	afforded  bool     // keeps the budgets
}

// better reports whether the changes improve the layout.
func (v verdict) better() bool {
	sign := v.standing.sign()
	return sign < 0 || sign == 0 && v.potential < -negligible
}

// try returns what the changes would do and leaves the layout as it is.
func (s *state) try(changes ...change) verdict { return s.tryBelow(math.Inf(1), changes) }

// tryBelow does the same, but does not look to the end at changes that break no
// rule as far as it has seen and raise the peak of a server above the limit: they
// are of no use.
func (s *state) tryBelow(limit float64, changes []change) verdict {
	s.find(changes)
	var v verdict
	for i := range changes {
		c := &changes[i]
		s.addStore(&v.standing, c.store, s.sites[c.store], -1)
		s.addStore(&v.standing, c.store, c.sites, 1)
	}
	open := v.standing == standing{}
	for i := len(s.effects) - 1; i >= 0; i-- { // where instances go comes last
		server := s.effects[i].server
		now := s.score(&s.effects[i])
		was := &s.scores[server]
		if open = open && !was.broken(); open && !now.broken() && now.peak > limit && now.peak > was.peak {
			return verdict{potential: math.Inf(1), peak: now.peak}
		}
		s.judge(&v, server, &now)
	}
	if v.afforded = true; s.frugal {
		for i := range changes {
			v.cost.add(s.cost(changes[i].store, changes[i].sites), 1)
			v.cost.add(s.cost(changes[i].store, s.sites[changes[i].store]), -1)
		}
		v.afforded = s.affords(v.cost)
	}
	return v
}

// judge enters the new score of one server into the verdict.
func (s *state) judge(v *verdict, server int32, now *serverScore) {
	was, initial := &s.scores[server], &s.initial[server]
	v.standing.addServer(initial, was, -1)
	v.standing.addServer(initial, now, 1)
	v.peak = max(v.peak, now.peak)
	v.potential += s.potential(now) - s.weight[server]
}

// potential weighs how full a server is, the fuller the steeper: its peak, and
// where ceilings count what it uses of them, at which it is as full as the busiest
// server.
func (s *state) potential(sc *serverScore) float64 {
	w := weigh(s.steepness * (sc.peak - s.reference))
	if s.ceilings {
		w += weigh(s.steepness * s.reference * (sc.tight - 1))
	}
	return w
}

// weigh is the exponential up to 1, and straight above.
func weigh(x float64) float64 {
	if x > 0 {
		return 1 + x
	}
	return math.Exp(x)
}

// commit makes the changes for good.
func (s *state) commit(changes ...change) {
	s.find(changes)
	for i := range changes {
		s.former[i] = append(s.former[i][:0], changes[i].sites...)
		s.lift(changes[i].store)
	}
	for i := range changes {
		s.put(changes[i].store, s.former[i])
	}
	for i := range s.effects {
		s.rescore(s.effects[i].server)
	}
}

// reweigh computes the potentials of all servers.
func (s *state) reweigh() {
	for server := range s.scores {
		s.weight[server] = s.potential(&s.scores[server])
	}
}
