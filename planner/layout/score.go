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
	if slots := f.Inventory.Servers[server].Slots; slots != inventory.Unlimited {
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
func (s *state) slice(i int, e *effect, domain int32, with bool) (sums inventory.Amounts) {
	width := len(s.fleet.Failover)
	add := func(store int32, sign int64) {
		for j, v := range s.delta[int(store)*width : int(store)*width+width] {
			sums[j] += sign * v
		}
	}
	for _, t := range s.takes[i][e.server] {
		if t.domain == domain {
			add(t.store, 1)
		}
	}
	if !with {
		return sums
	}
	for _, t := range e.takes[i].less {
		if t.domain == domain {
			add(t.store, -1)
		}
	}
	for _, t := range e.takes[i].more {
		if t.domain == domain {
			add(t.store, 1)
		}
	}
	return sums
}

// largest adds up what the server promotes for every domain and returns the
// largest sums, with the takes that come and go if there are any.
func (s *state) largest(i int, server int32, with *takes) (most inventory.Amounts) {
	width := len(s.fleet.Failover)
	s.touched = s.touched[:0]
	add := func(t take, sign int64) {
		d := int(t.domain) * width
		s.touched = append(s.touched, int32(d))
		sums, delta := s.scratch[d:d+width], s.delta[int(t.store)*width:int(t.store)*width+width]
		for j, v := range delta {
			sums[j] += sign * v
			most[j] = max(most[j], sums[j])
		}
	}
	if with != nil {
		for _, t := range with.less {
			add(t, -1)
		}
	}
	for _, t := range s.takes[i][server] {
		add(t, 1)
	}
	if with != nil {
		for _, t := range with.more {
			add(t, 1)
		}
	}
	for _, d := range s.touched {
		clear(s.scratch[d : int(d)+width])
	}
	return most
}
