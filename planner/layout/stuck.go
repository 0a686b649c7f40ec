package layout

import (
	"math"
	"slices"

	"github.com/interlacemail/interlace/planner"
)

// half carries out a part of the way of stores that copy more than one instance
// where that part fits, so that what they leave becomes free, and reports whether
// there was one. On the way the store keeps its copies and their domains.
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
			list := slices.Clone(now)
			list[at] = server
			if !q.fleet.Reachable(now, list) || q.shortage(w.store, list) > q.shortage(w.store, now) {
				continue
			}
			part, ok := q.way(w.store, list)
			if !ok || !slices.Equal(part.target, list) || q.promotionsOf(part) > 0 && q.promotionsOf(*w) == 0 || q.overfilled(part) != nil {
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

// elsewhere gives one waiting store another place than the layout says, where it
// fits now, breaks no rule more and leaves the worst failure as it is, and reports
// whether there is one. Of several the one that makes servers least busy is taken.
func (q *queue) elsewhere() bool {
	type choice struct {
		at     int
		target []int32
	}
	worst := q.final.worst()
	q.final.reference, q.final.steepness = worst, 200
	q.final.reweigh()
	var best choice
	least := math.Inf(1)
	for i, w := range q.waiting {
		for at, server := range w.target {
			if slices.Contains(q.state.sites[w.store], server) {
				continue
			}
			for c := range q.target {
				if !q.may(w.store, int32(c)) || slices.Contains(w.target, int32(c)) {
					continue
				}
				list := slices.Clone(w.target)
				list[at] = int32(c)
				v := q.final.try(change{w.store, list})
				if v.standing.sign() > 0 || v.peak > worst || v.potential >= least || !v.afforded {
					continue
				}
				if other, ok := q.way(w.store, list); ok && q.overfilled(other) == nil {
					best, least = choice{i, other.target}, v.potential
				}
			}
		}
	}
	if best.target == nil {
		return false
	}
	w := &q.waiting[best.at]
	q.final.commit(change{w.store, best.target})
	*w, _ = q.way(w.store, best.target)
	return true
}

// giveUp leaves one store where it is and reports whether there is one that may
// stay.
func (q *queue) giveUp() bool {
	best, lowest := -1, 0.0
	for i, w := range q.waiting {
		if len(q.state.sites[w.store]) == 0 {
			continue
		}
		v := q.final.try(change{w.store, q.state.sites[w.store]})
		if v.standing.sign() <= 0 && (best < 0 || v.peak < lowest) {
			best, lowest = i, v.peak
		}
	}
	if best < 0 {
		return false
	}
	store := q.waiting[best].store
	q.final.commit(change{store, q.state.sites[store]})
	q.waiting = slices.Delete(q.waiting, best, best+1)
	return true
}

// force carries out a store although it does not fit: the one that overfills a
// server by the least.
func (q *queue) force() {
	best, least := 0, planner.Violation{}
	for i, w := range q.waiting {
		if v := *q.overfilled(w); i == 0 || v.Excess() < least.Excess() {
			best, least = i, v
		}
	}
	w := q.waiting[best]
	q.waiting = slices.Delete(q.waiting, best, best+1)
	q.violations = append(q.violations, least)
	q.carryOut(w)
}
