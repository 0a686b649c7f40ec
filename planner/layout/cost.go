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

// cost returns what sites of the store cost against its start.
func (p *problem) cost(store int, to []int32) cost {
	from := p.start[store]
	if slices.Equal(from, to) {
		return cost{}
	}
	if len(from) == 0 {
		return cost{changes: len(to), bytes: int64(len(to)-1) * p.bytes[store]}
	}
	c := cost{}
	for _, b := range to {
		if !slices.Contains(from, b) {
			c.bytes += p.bytes[store]
			c.changes++
		}
	}
	for i, b := range from {
		if !slices.Contains(to, b) || slices.Contains(from[:i], b) {
			c.changes++
		}
	}
	n := p.promotionsOn(from, to)
	c.changes += n
	c.interrupted = n * p.fleet.Users[store]
	return c
}

// promotionsOn counts the promotions on the way from one list of sites to
// another: with two instances at most, one if the master is another.
func (p *problem) promotionsOn(from, to []int32) int {
	switch {
	case len(to) == 0:
		return 0
	case len(from) <= 2 && len(to) <= 2 && !p.fleet.Down[from[0]]:
		if from[0] != to[0] {
			return 1
		}
		return 0
	}
	way, _ := steps(from, to, p.fleet.Down)
	n := 0
	for _, st := range way {
		if st.do == planner.Promote {
			n++
		}
	}
	return n
}

// affords reports whether the budgets allow a cost beside the present one. What
// costs nothing more in any respect is always allowed.
func (s *state) affords(more cost) bool {
	if more.bytes <= 0 && more.changes <= 0 && more.interrupted <= 0 {
		return true
	}
	more.add(s.total, 1)
	return s.allows(more)
}

// allows reports whether a total cost keeps the budgets.
func (p *problem) allows(c cost) bool {
	o := &p.opts
	return (o.MaxBytes == nil || c.bytes <= *o.MaxBytes) &&
		(o.MaxChanges == nil || c.changes <= *o.MaxChanges) &&
		(o.MaxInterrupted == nil || c.interrupted <= *o.MaxInterrupted)
}
