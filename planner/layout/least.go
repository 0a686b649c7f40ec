package layout

import "slices"

// mostTried is the largest number of layouts that leastBroken goes through.
const mostTried = 50_000

// leastBroken goes through all layouts of a fleet of a few stores, also those in
// which stores have fewer instances than promised, and returns one with the best
// standing, of those one with the lowest peak, and of those one that costs the
// least; nil if there are too many layouts.
func (l *ladder) leastBroken(s *state) *state {
	lists := make([][][]int32, len(s.sites))
	size := 1
	for store := range lists {
		lists[store] = l.possible(store)
		if size *= len(lists[store]); size > mostTried {
			return nil
		}
	}
	now := s.clone()
	best := s.clone()
	var place func(store int)
	place = func(store int) {
		if store == len(lists) {
			if l.ctx.Err() == nil && now.beats(best) {
				best = now.clone()
			}
			return
		}
		for _, list := range lists[store] {
			now.commit(change{store, list})
			place(store + 1)
		}
	}
	place(0)
	return best
}

// beats reports whether the layout is better than the other.
func (s *state) beats(other *state) bool {
	if sign := s.standing().minus(other.standing()).sign(); sign != 0 {
		return sign < 0
	}
	if a, b := s.worst(), other.worst(); a != b {
		return a < b
	}
	return s.total.bytes < other.total.bytes || s.total.bytes == other.total.bytes && s.total.changes < other.total.changes
}

// possible returns the lists of sites that the store may have, the one it starts
// with first: of servers that may receive it and those it lies on, at most as
// many as promised.
func (p *problem) possible(store int) [][]int32 {
	start := p.start[store]
	lists := [][]int32{start}
	if p.fixed[store] {
		return lists
	}
	var servers []int32
	for b := range p.target {
		if p.may(store, int32(b)) || slices.Contains(start, int32(b)) {
			servers = append(servers, int32(b))
		}
	}
	var extend func(list []int32)
	extend = func(list []int32) {
		if len(list) > 0 && p.fleet.Reachable(start, list) && !slices.Equal(list, start) {
			lists = append(lists, slices.Clone(list))
		}
		if len(list) == p.copies[store] {
			return
		}
		for _, b := range servers {
			if !slices.Contains(list, b) {
				extend(append(list, b))
			}
		}
	}
	extend(nil)
	return lists
}
