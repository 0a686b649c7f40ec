package moves

import (
	"cmp"
	"slices"

	"github.com/interlacemail/interlace/planner"
)

// replay notes which rules the states of a schedule without waves break, once
// limits have been raised: those between changes, in the order in which they
// end. Room was looked at when they started.
func (s *scheduler) replay() {
	now := newLedger(s.fleet, s.after.levels, s.strict, s.start, s.fleet.Active)
	order := make([]int32, 0, len(s.tasks))
	for i := range s.tasks {
		if !s.tasks[i].isGate() {
			order = append(order, int32(i))
		}
	}
	slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(s.times[a].end, s.times[b].end) })
	steps := make([]int, len(s.bundles)) // of each layout bundle, already taken
	var touched []int32
	for n, i := range order {
		touched = append(touched, s.carryOutOne(now, &s.tasks[i], steps)...)
		if n+1 < len(order) && s.times[order[n+1]].end == s.times[i].end {
			continue
		}
		for _, store := range touched {
			now.excuse(s.forced, func() (breach, bool) { return now.at(store, rest) })
		}
		touched = touched[:0]
	}
}

// carryOutOne carries out one task and returns the stores it touches.
func (s *scheduler) carryOutOne(now *ledger, t *task, steps []int) []int32 {
	h := now.stores[t.store]
	if t.do != planner.Move {
		h.layouts = s.bundles[t.bundle].effects[0].via[steps[t.bundle] : steps[t.bundle]+1]
		steps[t.bundle]++
		now.change(t.store, h)
		return []int32{t.store}
	}
	load := s.fleet.Scale.Amounts(&s.fleet.Inventory.Users[t.user].Load)
	h.load.Add(&load)
	now.change(t.store, h)
	h = now.stores[t.from]
	h.load.Sub(&load)
	now.change(t.from, h)
	return []int32{t.from, t.store}
}
