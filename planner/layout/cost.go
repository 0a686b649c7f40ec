package layout

import (
	"slices"

	"github.com/interlacemail/interlace/planner"
)

// cost is what it takes to bring stores from the start to where they are.
type cost struct {
	bytes       int64 // copied
	changes     int   // steps: seeds, promotions, drops
	interrupted int   // users, once for every promotion of their store
}

func (c *cost) add(o cost, sign int) {
	c.bytes += int64(sign) * o.bytes
	c.changes += sign * o.changes
	c.interrupted += sign * o.interrupted
}

// cost returns what the store's sites cost against its start.
func (s *state) cost(store int) cost {
	from, to := s.start[store], s.sites[store]
	if slices.Equal(from, to) {
		return cost{}
	}
	if len(from) == 0 {
		return cost{changes: len(to), bytes: int64(len(to)-1) * s.bytes[store]}
	}
	c := cost{}
	for _, b := range to {
		if !slices.Contains(from, b) {
			c.bytes += s.bytes[store]
			c.changes++
		}
	}
	for i, b := range from {
		if !slices.Contains(to, b) || slices.Contains(from[:i], b) {
			c.changes++
		}
	}
	n := s.promotionsOn(from, to)
	c.changes += n
	c.interrupted = n * s.fleet.Users[store]
	return c
}

// promotionsOn counts the promotions on the way from one list of sites to
// another: with two instances at most, one if the master is another.
func (s *state) promotionsOn(from, to []int32) int {
	switch {
	case len(to) == 0:
		return 0
	case len(from) <= 2 && len(to) <= 2 && !s.fleet.Down[from[0]]:
		if from[0] != to[0] {
			return 1
		}
		return 0
	}
	way, _ := steps(from, to, s.fleet.Down)
	n := 0
	for _, st := range way {
		if st.do == planner.Promote {
			n++
		}
	}
	return n
}

// within reports whether the costs keep the budgets.
func (s *state) within() bool {
	o := &s.opts
	return (o.MaxBytes == nil || s.total.bytes <= *o.MaxBytes) &&
		(o.MaxChanges == nil || s.total.changes <= *o.MaxChanges) &&
		(o.MaxInterrupted == nil || s.total.interrupted <= *o.MaxInterrupted)
}
