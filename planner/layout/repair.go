package layout

import (
	"math"
	"slices"
)

// repair mends what is wrong with single stores, the heaviest first: instances
// missing, too many, doubled, outside the store's limits, on servers that drain
// or in domains that spread keeps apart. What cannot be mended without making
// another rule worse stays. A budget pays for as many stores as it can, and for what is
// gravest first: instances that are missing, servers above ceilings and slots, then the
// rest.
func (s *search) repair() {
	s.refresh()
	stores := s.fleet.HeaviestFirst()
	if s.opts.budgeted() {
		slices.Reverse(stores)
		s.repairEach(stores, s.lacks)
		s.relieveCeilings()
		s.repairEach(stores, s.astray)
	}
	s.repairEach(stores, s.wrong)
}

// relieveCeilings looks after the servers above ceilings and slots in normal operation,
// whatever that makes of the goal.
func (s *search) relieveCeilings() {
	goal := s.goal
	s.goal, s.normal = math.Inf(1), true
	s.relieve()
	s.goal, s.normal = goal, false
}

// repairEach mends stores as long as they are wrong.
func (s *search) repairEach(stores []int, wrong func(store int) bool) {
	for _, store := range stores {
		if s.fixed[store] {
			continue
		}
		for s.ctx.Err() == nil && wrong(store) {
			p := picker{search: s, limit: math.Inf(1)}
			s.offerRepairs(&p, store)
			if p.best == nil || p.value.standing.sign() >= 0 {
				break
			}
			s.commit(p.best...)
		}
	}
}

// lacks reports whether the store has fewer instances than promised.
func (s *search) lacks(store int) bool { return len(s.sites[store]) < s.copies[store] }

// astray reports whether the store is wrong otherwise than by spread.
func (s *search) astray(store int) bool {
	sc := s.scoreStore(store, s.sites[store])
	return sc.broken() > 0 || s.leaves(store)
}

// leaves reports whether the store is on a server that drains.
func (s *search) leaves(store int) bool {
	return slices.ContainsFunc(s.sites[store], func(b int32) bool { return s.drain[b] })
}

func (s *search) wrong(store int) bool {
	sites := s.sites[store]
	sc := s.scoreStore(store, sites)
	return sc.broken() > 0 || sc.short > 0 || s.exposed(store, sites) > 0 || s.leaves(store)
}

// offerRepairs offers every way to drop a surplus instance, to add a missing
// one, or to put one elsewhere.
func (s *search) offerRepairs(p *picker, store int) {
	sites := s.sites[store]
	if len(sites) > s.copies[store] {
		for at := range sites {
			s.list = slices.Delete(append(s.list[:0], sites...), at, at+1)
			p.offer(change{store, s.list})
		}
		return
	}
	for i := 1; i < len(sites); i++ {
		s.list = append(s.list[:0], sites...)
		s.list[0], s.list[i] = s.list[i], s.list[0]
		p.offer(change{store, s.list})
	}
	if s.links != nil {
		s.offerPartners(p, store)
		return
	}
	for _, c := range s.cold {
		if !s.may(store, c) || slices.Contains(sites, c) {
			continue
		}
		if len(sites) < s.copies[store] {
			s.list = append(append(s.list[:0], sites...), c)
			p.offer(change{store, s.list})
			continue
		}
		for at := range sites {
			s.list = replaced(s.list, sites, at, c)
			p.offer(change{store, s.list})
		}
	}
}

// resettled is how many other places for a whole store are looked at.
const resettled = 16

// offerPartners does the same where only partners may share stores: with the
// partners of the other sites, and if none will do with other sites altogether.
func (s *search) offerPartners(p *picker, store int) {
	sites := s.sites[store]
	missing := len(sites) < s.copies[store]
	for at := range max(len(sites), 1) {
		if missing {
			at = len(sites)
		}
		around := s.beside(sites, at)
		if around == nil {
			around = s.cold
		}
		for _, c := range around {
			if !s.may(store, c) || slices.Contains(sites, c) || !s.welcome(sites, at, c) {
				continue
			}
			if missing {
				s.list = append(append(s.list[:0], sites...), c)
			} else {
				s.list = replaced(s.list, sites, at, c)
			}
			p.offer(change{store, s.list})
		}
		if missing {
			break
		}
	}
	if p.best == nil {
		s.resettle(p, store, resettled)
	}
}
