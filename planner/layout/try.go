package layout

import (
	"math"
	"slices"
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

// better reports whether the changes improve the layout and may be made.
func (v verdict) better() bool {
	if !v.afforded {
		return false
	}
	sign := v.standing.sign()
	return sign < 0 || sign == 0 && v.potential < -negligible
}

// apply makes the changes and leaves the scores of the servers in s.affected stale.
func (s *state) apply(changes []change) {
	for i := range changes {
		s.former[i] = append(s.former[i][:0], s.sites[changes[i].store]...)
		s.lift(changes[i].store)
	}
	for _, c := range changes {
		s.put(c.store, c.sites)
	}
}

// try returns what the changes would do and leaves the layout as it is.
func (s *state) try(changes ...change) verdict {
	s.affect(changes)
	var v verdict
	for _, c := range changes {
		s.addStore(&v.standing, c.store, -1)
	}
	before := s.total
	s.apply(changes)
	for _, c := range changes {
		s.addStore(&v.standing, c.store, 1)
	}
	for _, server := range s.affected {
		now := s.score(int(server))
		s.judge(&v, int(server), &now)
	}
	v.cost = s.total
	v.cost.add(before, -1)
	v.afforded = s.within() || v.cost.bytes <= 0 && v.cost.changes <= 0 && v.cost.interrupted <= 0
	s.undo(changes)
	return v
}

// judge enters the new score of one server into the verdict.
func (s *state) judge(v *verdict, server int, now *serverScore) {
	was, initial := &s.scores[server], &s.initial[server]
	v.standing.addServer(initial, was, -1)
	v.standing.addServer(initial, now, 1)
	v.peak = max(v.peak, now.peak)
	v.potential += s.potential(now.peak) - s.potential(was.peak)
}

// potential weighs a peak: the higher, the steeper.
func (s *state) potential(peak float64) float64 { return math.Exp(s.steepness * (peak - s.reference)) }

// commit makes the changes for good.
func (s *state) commit(changes ...change) {
	s.affect(changes)
	s.apply(changes)
	for _, server := range s.affected {
		s.scores[server] = s.score(int(server))
	}
}

// affect lists the servers whose scores the changes can alter.
func (s *state) affect(changes []change) {
	s.affected = s.affected[:0]
	for _, c := range changes {
		for _, list := range [2][]int32{s.sites[c.store], c.sites} {
			for _, server := range list {
				if !slices.Contains(s.affected, server) {
					s.affected = append(s.affected, server)
				}
			}
		}
	}
}

func (s *state) undo(changes []change) {
	for _, c := range changes {
		s.lift(c.store)
	}
	for i, c := range changes {
		s.put(c.store, s.former[i])
	}
}

// sharpen sets the potential to the peaks as they are: it falls by a factor of
// e⁶ from the busiest server to the mean.
func (s *state) sharpen() {
	sum, n, worst := 0.0, 0, 0.0
	for server := range s.scores {
		if s.target[server] {
			sum += s.scores[server].peak
			n++
		}
		worst = max(worst, s.scores[server].peak)
	}
	s.reference = worst
	s.steepness = 20
	if n > 0 && worst > sum/float64(n) {
		s.steepness = min(max(6/(worst-sum/float64(n)), 20), 5000)
	}
}
