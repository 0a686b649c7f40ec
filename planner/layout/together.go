package layout

import (
	"slices"

	"github.com/interlacemail/interlace/planner/transit"
)

// together carries out two stores that keep the limits only both, such as two masters
// that change places, and reports whether there were any. Package moves finds a wave
// for them, since they stand one after the other.
func (q *queue) together() bool {
	leaving := map[int32][]way{} // by server: those that wait and are there
	for _, w := range q.waiting {
		for _, server := range q.state.sites[w.store] {
			leaving[server] = append(leaving[server], w)
		}
	}
	for _, a := range q.waiting {
		breach, bad := q.blocked(a)
		if !bad || breach.OfStore() {
			continue
		}
		for _, b := range leaving[breach.Index] {
			if a.store == b.store || !q.fitTogether(a, b) {
				continue
			}
			q.carryOut(a)
			q.carryOut(b)
			q.waiting = slices.DeleteFunc(q.waiting, func(w way) bool { return w.store == a.store || w.store == b.store })
			return true
		}
	}
	return false
}

// fitTogether reports whether no limit is passed while both stores are on their way,
// nor when both have arrived.
func (q *queue) fitTogether(a, b way) bool {
	defer q.account.Change(int32(a.store), q.account.Stores[a.store])
	defer q.account.Change(int32(b.store), q.account.Stores[b.store])
	q.hold(a.store, a.between(q.state.sites[a.store])...)
	q.hold(b.store, b.between(q.state.sites[b.store])...)
	if !q.keep(transit.Space, a, b) {
		return false
	}
	q.hold(a.store, slices.Clone(a.target))
	q.hold(b.store, slices.Clone(b.target))
	return q.keep(transit.Whole, a, b)
}

// keep reports whether the stores and their servers pass no limit.
func (q *queue) keep(sc transit.Scope, ways ...way) bool {
	return !slices.ContainsFunc(ways, func(w way) bool {
		_, bad := q.account.At(int32(w.store), sc)
		return bad
	})
}
