package layout

import "slices"

// mostDetours is up to how many stores a fleet looks for detours; larger ones have
// other places to go to.
const mostDetours = 128

// detour moves one instance out of the way, to a server where it fits now, so that a
// store can go where it should: disks that are full in a circle leave no other order
// (Hall, Hartline, Karlin, Saia and Wilkes 2001). Of all moves that are good for
// something it makes one that interrupts and copies the least, and no store makes a
// second one. It reports whether there is one. What is copied twice is in no budget, so
// there it looks for none, nor where nothing else is copied.
func (q *queue) detour(good func(w way) bool) bool {
	if len(q.start) > mostDetours || q.final.total.bytes == 0 || q.opts.budgeted() || q.links != nil {
		return false
	}
	var best way
	var least cost
	for store := range q.start {
		if q.detoured[store] || q.fixed[store] || doubled(q.state.sites[store]) {
			continue
		}
		q.aside(store, func(w way) {
			c := cost{bytes: int64(w.seeds()) * q.bytes[store], interrupted: q.promotionsOf(w)}
			if best.steps != nil && !c.below(least) || !good(w) {
				return
			}
			best, least = way{store, w.steps, slices.Clone(w.target)}, c
		})
	}
	if best.steps == nil {
		return false
	}
	q.detoured[best.store] = true
	q.carryOut(best)
	q.waiting = slices.DeleteFunc(q.waiting, func(w way) bool { return w.store == best.store })
	if w, ok := q.way(best.store, q.final.sites[best.store]); ok {
		q.waiting = append(q.waiting, w)
	}
	return true
}

// aside lists the ways that take one instance of the store to a server where it fits
// now and breaks no rule, or make a replica the master.
func (q *queue) aside(store int, show func(w way)) {
	now := q.state.sites[store]
	offer := func(list []int32) {
		if w, ok := q.way(store, list); ok && slices.Equal(w.target, list) && q.fits(w) {
			show(w)
		}
	}
	for at, server := range now {
		if at > 0 {
			list := slices.Clone(now)
			list[0], list[at] = server, now[0]
			offer(list)
		}
		if !q.may(store, server) && slices.Contains(q.final.sites[store], server) {
			continue // it could not come back
		}
		for _, c := range q.targets {
			if !q.may(store, c) || slices.Contains(now, c) {
				continue
			}
			list := slices.Clone(now)
			list[at] = c
			if q.shortage(store, list) > q.shortage(store, now) || !q.fleet.Reachable(now, list) {
				continue
			}
			offer(list)
		}
	}
}

// makesRoom reports whether a store that waits fits once the way is carried out.
func (q *queue) makesRoom(w way) bool {
	defer q.account.Change(int32(w.store), q.account.Stores[w.store])
	q.hold(w.store, slices.Clone(w.target))
	return slices.ContainsFunc(q.waiting, func(other way) bool { return other.store != w.store && q.fits(other) })
}

// mends reports whether less is broken once the way is carried out.
func (q *queue) mends(w way) bool {
	return q.state.try(change{w.store, w.target}).standing.sign() < 0
}

// below reports whether the cost is less: fewer interrupted, then fewer bytes.
func (c cost) below(other cost) bool {
	if c.interrupted != other.interrupted {
		return c.interrupted < other.interrupted
	}
	return c.bytes < other.bytes
}
