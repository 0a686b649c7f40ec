package layout

import (
	"iter"
	"slices"
)

// promotions offers to let two instances of the store change places, where the server
// has one of the two: the master and a replica, or two replicas, of which another one
// is then promoted first.
func (s *search) promotions(p *picker, store int, server int32) {
	sites := s.sites[store]
	for j := 1; j < len(sites); j++ {
		for i := range j {
			if sites[i] == server || sites[j] == server {
				s.swap(p, store, i, j)
			}
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
	if s.links != nil && s.kinds.masters {
		s.resettle(p, store, settled)
		for range settled {
			s.trade(p, store)
		}
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
	l := leaver{store: store, at: at, from: s.sites[store][at]}
	for c := range s.destinations(store, at) {
		if !s.may(store, c) || slices.Contains(s.sites[store], c) {
			continue
		}
		s.list = replaced(s.list, s.sites[store], at, c)
		if s.shortage(store, s.list) > s.shortage(store, s.sites[store]) && s.relax == yieldsToNone {
			continue
		}
		if exchanges {
			s.exchange(p, &l, c)
			continue
		}
		p.offer(change{store, s.list})
		if at == 0 && len(s.sites[store]) > 1 && !s.fleet.Down[s.sites[store][1]] {
			s.list = append(append(s.list[:0], s.sites[store][1:]...), c)
			p.offer(change{store, s.list})
		}
	}
}

// destinations lists servers to try for one instance.
func (s *search) destinations(store, at int) iter.Seq[int32] {
	around := s.beside(s.sites[store], at)
	return func(yield func(int32) bool) {
		if around == nil {
			for i := range min(targetsTried, len(s.cold)) {
				if !yield(s.cold[s.pick(i)]) {
					return
				}
			}
			return
		}
		from := s.rng.IntN(max(1, len(around)))
		for i := range min(targetsTried, len(around)) {
			c := around[(from+i)%len(around)]
			if s.welcome(s.sites[store], at, c) && !yield(c) {
				return
			}
		}
	}
}

// settled is how many other places for a whole store are looked at.
const settled = 4

// resettle offers to put all instances of the store on other partners, around some
// of the least loaded servers.
func (s *search) resettle(p *picker, store, times int) {
	if s.links == nil || len(s.cold) == 0 {
		return
	}
	for i := range times {
		c := s.cold[s.pick(i%len(s.cold))]
		if !s.may(store, c) {
			continue
		}
		if list := s.settlement(s.list, store, c, s.rng.IntN(len(s.links.of[c])+1)); list != nil {
			s.list = list
			p.offer(change{store, list})
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
