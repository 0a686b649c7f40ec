package layout

import "slices"

// promotions offers to make another instance of the store the master, where
// the server is one of the two.
func (s *search) promotions(p *picker, store int, server int32) {
	sites := s.sites[store]
	for i := 1; i < len(sites); i++ {
		if sites[0] == server || sites[i] == server {
			s.promotion(p, store, i)
		}
	}
}

// targetsTried is how many servers a store's new place is looked for on: all of
// them where they are so few, else the less loaded more often.
const targetsTried = 24

// relocations offers other servers for the store's instance on the server, and
// for its master where the server is the one that promotes it: a place that is
// free, or that of another store's instance in exchange.
func (s *search) relocations(p *picker, store int, server int32, exchanges bool) {
	sites := s.sites[store]
	at := slices.Index(sites, server)
	if at > 0 || s.kinds.masters {
		s.relocate(p, store, at, exchanges)
	}
	if at > 0 && s.kinds.masters && s.heir(store) == server {
		s.relocate(p, store, 0, exchanges)
	}
}

// heir returns the server that promotes the store when its master's domain fails,
// or −1.
func (s *search) heir(store int) int32 {
	b, _ := s.promotes(s.peak.level, s.sites[store])
	return b
}

// relocate offers other servers for one instance. A master may also leave its
// place to the first replica.
func (s *search) relocate(p *picker, store, at int, exchanges bool) {
	for i := range min(targetsTried, len(s.cold)) {
		c := s.cold[s.pick(i)]
		if !s.may(store, c) || slices.Contains(s.sites[store], c) {
			continue
		}
		s.list = replaced(s.list, s.sites[store], at, c)
		if s.shortage(store, s.list) > s.shortage(store, s.sites[store]) && !s.relax {
			continue
		}
		if exchanges {
			s.exchange(p, store, at, c)
			continue
		}
		p.offer(change{store, s.list})
		if at == 0 && len(s.sites[store]) > 1 && !s.fleet.Down[s.sites[store][1]] {
			s.list = append(append(s.list[:0], s.sites[store][1:]...), c)
			p.offer(change{store, s.list})
		}
	}
}

// pick returns the i-th target to try, as an index in s.cold.
func (s *search) pick(i int) int {
	if len(s.cold) <= targetsTried {
		return i
	}
	return s.early(len(s.cold))
}

// replaced writes the sites with the one at index at replaced into buffer. A new
// server takes the last place in promotion order, as a seed does; a master's
// successor becomes master.
func replaced(buffer, sites []int32, at int, server int32) []int32 {
	buffer = buffer[:0]
	if at == 0 {
		buffer = append(buffer, server)
		return append(buffer, sites[1:]...)
	}
	for i, s := range sites {
		if i != at {
			buffer = append(buffer, s)
		}
	}
	return append(buffer, server)
}

// exchange offers to swap the store's instance with one on server c that plays
// the same part for another store, picked at random.
func (s *search) exchange(p *picker, store, at int, c int32) {
	if len(s.on[c]) == 0 {
		return
	}
	server := s.sites[store][at]
	partner := int(s.on[c][s.rng.IntN(len(s.on[c]))])
	seat := slices.Index(s.sites[partner], c)
	if partner == store || s.fixed[partner] || (seat == 0) != (at == 0) ||
		!s.may(partner, server) || slices.Contains(s.sites[partner], server) {
		return
	}
	s.list = replaced(s.list, s.sites[store], at, c)
	s.other = replaced(s.other, s.sites[partner], seat, server)
	p.offer(change{store, s.list}, change{partner, s.other})
}
