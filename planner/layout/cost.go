package layout

import "slices"

// cost is what it takes to bring stores from the start to where they are.
type cost struct {
	bytes       int64 // copied
	changes     int   // steps: seeds, promotions, drops
	interrupted int   // users whose master changes place
}

func (c *cost) add(o cost, sign int) {
	c.bytes += int64(sign) * o.bytes
	c.changes += sign * o.changes
	c.interrupted += sign * o.interrupted
}

// cost returns what the store's sites cost against its start: a seed for every
// server that has no instance now, a drop for every one that shall have none, a
// promotion if the master is another.
func (s *state) cost(store int) cost {
	var c cost
	from, to := s.start[store], s.sites[store]
	if len(from) == 0 {
		c.changes = len(to)
		c.bytes = int64(max(len(to)-1, 0)) * s.bytes[store]
		return c
	}
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
	if len(to) > 0 && from[0] != to[0] {
		c.changes++
		c.interrupted = s.fleet.Users[store]
	}
	return c
}

// within reports whether the costs keep the budgets.
func (s *state) within() bool {
	o := &s.opts
	return (o.MaxBytes == nil || s.total.bytes <= *o.MaxBytes) &&
		(o.MaxChanges == nil || s.total.changes <= *o.MaxChanges) &&
		(o.MaxInterrupted == nil || s.total.interrupted <= *o.MaxInterrupted)
}
