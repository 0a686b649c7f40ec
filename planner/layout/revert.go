package layout

import (
	"cmp"
	"slices"
)

// revert undoes changes that the layout does not need: it puts stores back to
// where they start, whole or in part, as long as no rule is broken for it and
// the worst utilisation stays within allowed. The most expensive go first.
func (s *search) revert(allowed float64) {
	for pass := 0; pass < 3; pass++ {
		undone := false
		for _, store := range s.changed() {
			if s.ctx.Err() != nil {
				return
			}
			undone = s.revertStore(store, allowed) || undone
		}
		if !undone {
			return
		}
	}
}

// changed returns the stores that are not as they start, the most bytes first.
func (s *search) changed() []int {
	var stores []int
	for store := range s.sites {
		if !slices.Equal(s.sites[store], s.start[store]) {
			stores = append(stores, store)
		}
	}
	slices.SortStableFunc(stores, func(a, b int) int { return cmp.Compare(s.cost(b, s.sites[b]).bytes, s.cost(a, s.sites[a]).bytes) })
	return stores
}

// revertStore puts one store back as far as it goes and reports whether it
// did anything.
func (s *search) revertStore(store int, allowed float64) bool {
	for _, list := range s.wayBack(store) {
		v := s.try(change{store, list})
		cheaper := v.cost.bytes < 0 || v.cost.bytes == 0 && (v.cost.interrupted < 0 || v.cost.changes < 0)
		if v.afforded && cheaper && v.standing.sign() <= 0 && v.peak <= allowed {
			s.commit(change{store, list})
			return true
		}
	}
	return false
}

// wayBack returns site lists between the present one and the start's, the start
// first: with the start's master, or with one of its replicas, or with the present
// servers in an order that takes fewer promotions.
func (s *search) wayBack(store int) [][]int32 {
	from, now := s.start[store], s.sites[store]
	if len(from) == 0 {
		return nil
	}
	lists := [][]int32{slices.Clone(from)}
	for i := range min(len(from), len(now)) {
		if from[i] != now[i] && !slices.Contains(now, from[i]) {
			list := slices.Clone(now)
			list[i] = from[i]
			lists = append(lists, list)
		}
	}
	if at := slices.Index(now, from[0]); at > 0 {
		list := slices.Clone(now)
		list[0], list[at] = list[at], list[0]
		lists = append(lists, list)
	}
	return append(lists, s.calmer(store)...)
}
