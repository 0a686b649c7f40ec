package layout

import (
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// serverScore is how good or bad a server stands.
type serverScore struct {
	over    float64 // largest excess of a utilisation over its ceiling in the normal state
	excess  float64 // sum of these over the resources
	slots   int     // instances above its slots
	leaving int     // instances on a server that drains
	failure float64 // largest excess over a failure ceiling
	peak    float64 // what is to be lowered: the utilisation after the worst failure of one server, if no objective says otherwise
	above   float64 // largest excess over a measure that must not rise
	tight   float64 // largest part of a ceiling used in a resource with ρ ≥ 1
}

// broken reports whether the server breaks a rule.
func (sc *serverScore) broken() bool {
	return sc.over > 0 || sc.slots > 0 || sc.leaving > 0 || sc.failure > 0
}

// overfull reports whether the server is above a ceiling or its slots.
func (sc *serverScore) overfull() bool { return sc.over > 0 || sc.slots > 0 }

// gravity says what kind of rule the server breaks: 2 in normal operation, 1 after a
// failure, 0 none.
func (sc *serverScore) gravity() int {
	switch {
	case sc.overfull() || sc.leaving > 0:
		return 2
	case sc.failure > 0:
		return 1
	}
	return 0
}

// rescore looks at one server whose lists have changed.
func (s *state) rescore(server int32) {
	for i := range s.levels {
		s.slices[i][server] = s.largest(i, server, nil)
	}
	s.scores[server] = s.score(&effect{server: server, takes: s.none})
	s.weight[server] = s.potential(&s.scores[server])
}

// score looks at one server as it is with the effect.
func (s *state) score(e *effect) serverScore {
	f := s.fleet
	server := e.server
	used := s.used[server] + e.used
	sc := serverScore{}
	if slots := s.slots[server]; slots != inventory.Unlimited {
		sc.slots = max(0, used-slots)
	}
	if s.drain[server] {
		sc.leaving = used
	}
	if f.Down[server] {
		return sc
	}
	amounts := &s.carried[server]
	for r := range f.Resources {
		if amount := amounts[r] + e.amounts[r]; amount > s.most[server][r] {
			over := f.Utilisation(int(server), r, amount) - f.Inventory.Resources[r].Ceiling
			sc.over = max(sc.over, over)
			sc.excess += over
		}
	}
	for _, r := range f.Full {
		sc.tight = max(sc.tight, float64(amounts[r]+e.amounts[r])/max(float64(s.most[server][r]), 1))
	}
	for i := range s.levels {
		peak, excess := s.afterFailure(i, e)
		s.after[i] = peak
		sc.failure = max(sc.failure, excess)
	}
	sc.peak = s.measured(s.peak, e)
	for _, h := range s.holds {
		sc.above = max(sc.above, s.measured(h.measure, e)-h.limit)
	}
	return sc
}

// afterFailure returns the largest utilisation of the server over failures of
// one domain of level levels[i], and the largest excess over its ceiling.
func (s *state) afterFailure(i int, e *effect) (peak, excess float64) {
	slices := s.slicesWith(i, e)
	amounts := &s.carried[e.server]
	capacity := &s.fleet.Capacity[e.server]
	for j, r := range s.fleet.Failover {
		u := float64(amounts[r]+e.amounts[r]+slices[j]) / capacity[r]
		peak = max(peak, u)
		if planner.Above(u, s.limits[i][j]) {
			excess = max(excess, u-s.limits[i][j])
		}
	}
	return peak, excess
}

// slicesWith returns, by failover resource, the most that the server promotes
// when one domain of level levels[i] fails, with the effect.
func (s *state) slicesWith(i int, e *effect) inventory.Amounts {
	most := s.slices[i][e.server]
	if len(e.takes[i].less)+len(e.takes[i].more) == 0 {
		return most
	}
	width := len(s.fleet.Failover)
	for _, t := range e.takes[i].less {
		sums := s.slice(i, e, t.domain, false)
		for j := range width {
			if sums[j] >= most[j] {
				return s.largest(i, e.server, &e.takes[i])
			}
		}
	}
	for _, t := range e.takes[i].more {
		sums := s.slice(i, e, t.domain, true)
		for j := range width {
			most[j] = max(most[j], sums[j])
		}
	}
	return most
}

// slice returns what the server promotes when the domain fails, as it is or with
// the effect.
func (s *state) slice(i int, e *effect, domain int32, with bool) inventory.Amounts {
	sums := s.promoted(s.takes[i][e.server], domain)
	if with {
		less, more := s.promoted(e.takes[i].less, domain), s.promoted(e.takes[i].more, domain)
		sums.Sub(&less)
		sums.Add(&more)
	}
	return sums
}

// promoted adds up the Δ of the stores that are taken when the domain fails.
func (p *problem) promoted(list []take, domain int32) (sums inventory.Amounts) {
	for _, t := range list {
		if t.domain == domain {
			for j, v := range p.deltas(t.store) {
				sums[j] += v
			}
		}
	}
	return sums
}

// deltas returns the Δ of the store by failover resource.
func (p *problem) deltas(store int32) []int64 {
	width := len(p.fleet.Failover)
	return p.delta[int(store)*width : int(store)*width+width]
}

// largest returns, by failover resource, the largest slice of the server, with the
// takes that come and go if there are any.
func (s *state) largest(i int, server int32, with *takes) (most inventory.Amounts) {
	s.eachSlice(i, server, with, func(sums []int64) {
		for j, v := range sums {
			most[j] = max(most[j], v)
		}
	})
	return most
}

// largestTwo returns, by failover resource, the two largest slices of the server
// together, which is the most that it promotes when two servers fail: exactly where
// stores have one replica, and no more than it can be where they have several.
func (s *state) largestTwo(server int32, with *takes) inventory.Amounts {
	var most, second inventory.Amounts
	s.eachSlice(0, server, with, func(sums []int64) {
		for j, v := range sums {
			if v > most[j] {
				most[j], second[j] = v, most[j]
			} else {
				second[j] = max(second[j], v)
			}
		}
	})
	most.Add(&second)
	return most
}

// eachSlice adds up what the server promotes for every domain, and shows the sums.
func (s *state) eachSlice(i int, server int32, with *takes, show func(sums []int64)) {
	width := len(s.fleet.Failover)
	s.touched = s.touched[:0]
	add := func(list []take, sign int64) {
		for _, t := range list {
			d := int(t.domain) * width
			s.touched = append(s.touched, int32(d))
			for j, v := range s.deltas(t.store) {
				s.scratch[d+j] += sign * v
			}
		}
	}
	add(s.takes[i][server], 1)
	if with != nil {
		add(with.less, -1)
		add(with.more, 1)
	}
	for _, d := range s.touched {
		sums := s.scratch[d : int(d)+width]
		show(sums)
		clear(sums) // a domain touched twice has nothing the second time
	}
}
