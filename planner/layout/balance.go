package layout

import (
	"cmp"
	"slices"

	"github.com/interlacemail/interlace/planner"
)

// A stage of [search.balance] has a steepness of the potential, in which a small
// one counts what every server promotes and a large one only the busiest servers,
// and a part of the steps. First only masters move, which leaves the replicas as
// segregated as they were built.
type stage struct {
	steepness float64
	steps     float64
	masters   bool // only
}

var stages = []stage{
	{100, 0.1, true},
	{100, 0.1, false},
	{200, 0.12, false},
	{400, 0.12, false},
	{700, 0.12, false},
	{1000, 0.12, false},
	{2000, 0.12, false},
	{4000, 0.1, false},
	{10000, 0.1, false},
}

// tried is how many servers are looked at for one instance.
const tried = 12

// traded is how many other stores are looked at to trade places with.
const traded = 6

// balance makes improving changes of instances picked at random from the busier
// servers, in stages, until the goal is reached or the steps are used up. Where no
// server may receive instances there is nothing to balance.
func (s *search) balance() planner.Stopped {
	if len(s.targets) == 0 {
		return planner.LocalOptimum
	}
	s.frugal, s.ceilings = s.opts.budgeted(), true
	defer func() { s.frugal, s.ceilings = true, false }()
	total := float64(s.left)
	for i, st := range stages {
		s.steepness = st.steepness
		until := s.left - int(st.steps*total)
		if i == len(stages)-1 {
			until = 0
		}
		if stopped := s.stage(st, until); stopped != "" {
			return stopped
		}
	}
	return planner.Steps
}

// stage searches until no more steps are left than given.
func (s *search) stage(st stage, until int) planner.Stopped {
	s.order()
	accepted, failed := 0, 0
	for s.left > until {
		p := picker{search: s, limit: s.reference}
		s.pickChange(&p, st.masters)
		if p.best != nil {
			s.commit(p.best...)
			accepted, failed = accepted+1, 0
		} else {
			failed++
		}
		if accepted < max(8, len(s.scores)/8) && failed < 4*len(s.scores) {
			continue
		}
		if s.ctx.Err() != nil {
			return planner.Cancelled
		}
		if s.reached() {
			return planner.WithinGap
		}
		accepted, failed = 0, 0
		s.order()
	}
	return ""
}

// order sorts the servers by how busy they are.
func (s *search) order() {
	s.reference = s.worst()
	s.reweigh()
	s.cold, s.hot = append(s.cold[:0], s.targets...), s.hot[:0]
	for server, down := range s.fleet.Down {
		if !down {
			s.hot = append(s.hot, int32(server))
		}
	}
	slices.SortStableFunc(s.cold, func(a, b int32) int { return cmp.Compare(s.weight[a], s.weight[b]) })
	slices.SortStableFunc(s.hot, func(a, b int32) int { return cmp.Compare(s.weight[b], s.weight[a]) })
}

// early returns a number below n, small ones more often.
func (s *search) early(n int) int { return s.rng.IntN(1 + s.rng.IntN(n)) }

// pickChange offers places for one instance of a busy server.
func (s *search) pickChange(p *picker, masters bool) {
	s.left-- // even if nothing can be offered
	b := s.hot[s.early(max(1, len(s.hot)/4))]
	if len(s.on[b]) == 0 {
		return
	}
	store := int(s.on[b][s.rng.IntN(len(s.on[b]))])
	at := slices.Index(s.sites[store], b)
	if s.fixed[store] || masters && at != 0 {
		return
	}
	l := s.leaver(store, at)
	for range tried {
		s.place(p, &l, s.destination(store, at))
	}
	if masters {
		return
	}
	if s.links != nil {
		s.resettle(p, store, 2)
		for range traded {
			s.trade(p, store)
		}
	}
	for j := 1; j < len(s.sites[store]); j++ {
		for i := range j {
			s.swap(p, store, i, j)
		}
	}
	if at > 0 {
		l := s.leaver(store, 0)
		s.place(p, &l, s.destination(store, 0))
	}
}

// destination returns a server to try for the instance at a place of the store's
// sites: one of the less busy, or where only partners may share stores the less
// busy of two of them.
func (s *search) destination(store, at int) int32 {
	around := s.beside(s.sites[store], at)
	if len(around) == 0 {
		return s.cold[s.early(len(s.cold))]
	}
	a, b := around[s.rng.IntN(len(around))], around[s.rng.IntN(len(around))]
	if s.scores[b].peak < s.scores[a].peak {
		return b
	}
	return a
}

// place offers a server for an instance, and an exchange with one there.
func (s *search) place(p *picker, l *leaver, c int32) {
	sites := s.sites[l.store]
	if !s.may(l.store, c) || slices.Contains(sites, c) || !s.welcome(sites, l.at, c) {
		return
	}
	s.list = append(s.list[:0], sites...)
	s.list[l.at] = c
	if s.shortage(l.store, s.list) > s.shortage(l.store, sites) && s.relax == yieldsToNone {
		return
	}
	if s.hopeless(p, l, c) {
		s.left--
	} else {
		p.offer(change{l.store, s.list})
	}
	s.exchange(p, l, c)
}

// swap offers to let the instances at two places of the store's sites change places.
// One that is down has no place that could be told.
func (s *search) swap(p *picker, store, i, j int) {
	sites := s.sites[store]
	if s.fleet.Down[sites[j]] || i > 0 && s.fleet.Down[sites[i]] {
		return
	}
	s.list = append(s.list[:0], sites...)
	s.list[i], s.list[j] = s.list[j], s.list[i]
	p.offer(change{store, s.list})
}

// trade offers to exchange all sites of the store with those of another. Where only
// partners may share stores that changes what pairs share, and no pair.
func (s *search) trade(p *picker, store int) {
	if len(s.cold) == 0 {
		return
	}
	on := s.on[s.cold[s.early(len(s.cold))]]
	if len(on) == 0 {
		return
	}
	other := int(on[s.rng.IntN(len(on))])
	if other == store || s.fixed[other] || len(s.sites[other]) != len(s.sites[store]) {
		return
	}
	p.offer(change{store, s.sites[other]}, change{other, s.sites[store]})
}
