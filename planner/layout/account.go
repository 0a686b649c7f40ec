package layout

import (
	"slices"

	"github.com/interlacemail/interlace/planner/load"
	"github.com/interlacemail/interlace/planner/transit"
)

// account returns the ledger of the start, which excuses what the start and the
// layout break.
func (p *problem) account(target load.Layout) *transit.Ledger {
	limits, levels := transit.NewLimits(), transit.Survived(p.fleet)
	transit.NewLedger(p.fleet, levels, limits, target, p.fleet.Active).ExcuseAll(transit.Breaches{}, transit.Whole)
	account := transit.NewLedger(p.fleet, levels, limits, p.start, p.fleet.Active)
	account.ExcuseAll(transit.Breaches{}, transit.Whole)
	return account
}

// blocked returns a limit that the store would pass on its way: with all that it has
// and gets counted at the same time, or when it has arrived.
func (q *queue) blocked(w way) (transit.Breach, bool) {
	return q.blockedBetween(w, w.between(q.state.sites[w.store]))
}

// blockedBetween does the same where it is known what the store has on its way.
func (q *queue) blockedBetween(w way, between [][]int32) (transit.Breach, bool) {
	defer q.account.Change(int32(w.store), q.account.Stores[w.store])
	q.hold(w.store, between...)
	if b, bad := q.account.At(int32(w.store), transit.Space); bad {
		return b, true
	}
	q.hold(w.store, slices.Clone(w.target))
	return q.account.At(int32(w.store), transit.Whole)
}

// fits reports whether no limit is passed on the store's way.
func (q *queue) fits(w way) bool {
	_, bad := q.blocked(w)
	return !bad
}

// between returns what the store has at first and after each step of its way.
func (w way) between(from []int32) [][]int32 {
	now := slices.Clone(from)
	lists := [][]int32{now}
	for _, s := range w.steps {
		now = s.after(slices.Clone(now))
		lists = append(lists, now)
	}
	return lists
}

// hold enters the lists of sites that the store has for the moment.
func (q *queue) hold(store int, lists ...[]int32) {
	h := q.account.Stores[store]
	h.Layouts = lists
	q.account.Change(int32(store), h)
}
