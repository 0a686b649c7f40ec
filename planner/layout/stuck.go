package layout

import (
	"cmp"
	"math"
	"slices"

	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/transit"
)

// half carries out a part of the way of stores that copy more than one instance
// where that part fits, so that what they leave becomes free, and reports whether
// there was one. On the way the store keeps its copies and their domains, and it is
// promoted no more often than otherwise.
func (q *queue) half() bool {
	done := false
	for i := range q.waiting {
		w := &q.waiting[i]
		now := q.state.sites[w.store]
		if doubled(now) {
			continue
		}
		for at := range min(len(now), len(w.target)) {
			server := w.target[at]
			if slices.Contains(now, server) || slices.Contains(w.target, now[at]) {
				continue
			}
			list := replaced(nil, now, at, server)
			if !q.fleet.Reachable(now, list) || q.shortage(w.store, list) > q.shortage(w.store, now) {
				continue
			}
			part, ok := q.way(w.store, list)
			if !ok || !slices.Equal(part.target, list) || !q.fits(part) {
				continue
			}
			if promotions := q.promotionsOf(part); promotions > 0 && promotions+q.promotionsOn(list, w.target) > q.promotionsOf(*w) {
				continue
			}
			q.carryOut(part)
			*w, _ = q.way(w.store, w.target)
			done = true
			break
		}
	}
	q.waiting = slices.DeleteFunc(q.waiting, func(w way) bool { return len(w.steps) == 0 })
	return done
}

// doubled reports whether two instances lie on one server.
func doubled(list []int32) bool {
	for i, server := range list {
		if slices.Contains(list[:i], server) {
			return true
		}
	}
	return false
}

// promotionsOf counts the promotions on the way.
func (q *queue) promotionsOf(w way) int {
	n := 0
	for _, s := range w.steps {
		if s.do == planner.Promote {
			n++
		}
	}
	return n
}

// settle gives one waiting store another place than the layout says: one that fits
// now, or the one that it has. No rule is broken for it, and of all such places it
// is the one with which servers are least busy. It reports whether there is one.
func (q *queue) settle() bool {
	q.final.reference, q.final.steepness = q.final.worst(), 200
	q.final.reweigh()
	at, target, least := -1, []int32(nil), math.Inf(1)
	offer := func(i int, list []int32) bool {
		v := q.final.try(change{q.waiting[i].store, list})
		good := v.standing.sign() <= 0 && v.afforded
		if good && v.potential < least {
			at, target, least = i, slices.Clone(list), v.potential
		}
		return good
	}
	for i, w := range q.waiting {
		if now := q.state.sites[w.store]; len(now) > 0 {
			offer(i, now)
		}
		q.others(w, func(list []int32) bool { return offer(i, list) })
	}
	if at < 0 {
		return false
	}
	w := q.waiting[at]
	q.final.commit(change{w.store, target})
	q.waiting[at], _ = q.way(w.store, target)
	if len(q.waiting[at].steps) == 0 {
		q.waiting = slices.Delete(q.waiting, at, at+1)
		q.stayed = append(q.stayed, w)
	}
	return true
}

// stop leaves all stores that wait where they are, unless that breaks more than the
// layout does, and reports whether it has. Those that have arrived take room that a
// single one of the others would need to stay.
func (q *queue) stop() bool {
	if q.state.standing().minus(q.final.standing()).sign() > 0 {
		return false
	}
	for _, w := range q.waiting {
		q.final.commit(change{w.store, slices.Clone(q.state.sites[w.store])})
	}
	q.waiting, q.stayed = nil, append(q.stayed, q.waiting...)
	return true
}

// advance moves one of the stores that stayed after all, where room has become free
// since and the layout is better for it, to where it should have gone or to a place
// that differs in one instance. It reports whether there was one.
func (q *queue) advance() bool {
	q.final.reference, q.final.steepness = q.final.worst(), 200
	q.final.reweigh()
	at, best, least := -1, way{}, -negligible
	offer := func(i int, list []int32) bool {
		w, ok := q.way(q.stayed[i].store, list)
		if !ok || !slices.Equal(w.target, list) || !q.fits(w) {
			return false
		}
		v := q.final.try(change{w.store, list})
		good := v.standing.sign() <= 0 && v.afforded
		if good && v.potential < least {
			at, best, least = i, way{w.store, w.steps, slices.Clone(list)}, v.potential
		}
		return good
	}
	for i, w := range q.stayed {
		if !slices.Equal(q.state.sites[w.store], q.start[w.store]) {
			continue
		}
		offer(i, w.target)
		q.others(w, func(list []int32) bool { return offer(i, list) })
	}
	if at < 0 {
		return false
	}
	q.final.commit(change{best.store, best.target})
	q.carryOut(best)
	q.stayed = slices.Delete(q.stayed, at, at+1)
	return true
}

// othersTried is how many servers are looked at that may take an instance which is
// to go elsewhere than it should.
const othersTried = 256

// others offers places that differ from the target in one new instance and fit now,
// on servers that will have the most room, until so many were good.
func (q *queue) others(w way, offer func(list []int32) (good bool)) {
	list := slices.Clone(w.target)
	for at, server := range w.target {
		if slices.Contains(q.state.sites[w.store], server) {
			continue
		}
		left := othersTried
		for _, c := range q.roomiest() {
			if left == 0 {
				break
			}
			if !q.may(w.store, c) || slices.Contains(w.target, c) {
				continue
			}
			list[at] = c
			if other, ok := q.way(w.store, list); ok && slices.Equal(other.target, list) && q.fits(other) && offer(list) {
				left--
			}
		}
		list[at] = server
	}
}

// roomiest returns the servers that may receive instances, the one first that will
// have most room below the busiest server's peak.
func (q *queue) roomiest() []int32 {
	room := make([]float64, len(q.target))
	for _, b := range q.targets {
		for _, r := range q.fleet.Failover {
			room[b] += (q.final.reference - q.final.scores[b].peak) * q.fleet.Capacity[b][r] / q.fleet.Capacity[q.targets[0]][r]
		}
	}
	servers := slices.Clone(q.targets)
	slices.SortStableFunc(servers, func(a, b int32) int { return cmp.Compare(room[b], room[a]) })
	return servers
}

// force carries out a store although it does not fit: the one that passes a limit by
// the least. What it passes is excused from then on.
func (q *queue) force() {
	best, least := 0, math.Inf(1)
	for i, w := range q.waiting {
		if b, _ := q.blocked(w); b.Value-b.Limit < least {
			best, least = i, b.Value-b.Limit
		}
	}
	w := q.waiting[best]
	q.waiting = slices.Delete(q.waiting, best, best+1)
	store := int32(w.store)
	q.hold(w.store, w.between(q.state.sites[w.store])...)
	q.account.Excuse(q.broken, func() (transit.Breach, bool) { return q.account.At(store, transit.Space) })
	q.carryOut(w)
	q.account.Excuse(q.broken, func() (transit.Breach, bool) { return q.account.At(store, transit.Whole) })
}
