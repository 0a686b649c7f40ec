package layout

import (
	"slices"
	"strconv"

	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/transit"
)

// order lists the changes that lead from the start to the layout so that every
// state on the way is one that package transit permits. Stores that only change
// roles go first. Where no store left fits, two go together, or one moves a single
// instance first, or one makes a detour; else one gets another place than it should
// have, or stays where it is, which changes the layout; those that stay are tried once
// more in the end. If there is no such place all stay that wait, if need be after
// detours that mend what the layout does not break. Else the one that passes a limit by
// the least goes all the same, which is a violation of rule transient.
func (l *ladder) order(final *state) *order {
	for store, sites := range final.sites {
		if _, end := steps(l.start[store], sites, l.fleet.Down); !slices.Equal(end, sites) {
			final.commit(change{store, end})
		}
	}
	q := l.newQueue(final)
	for store, target := range final.sites {
		if w, ok := q.way(store, target); ok {
			q.waiting = append(q.waiting, w)
		}
	}
	slices.SortStableFunc(q.waiting, func(a, b way) int { return a.seeds() - b.seeds() })
	for len(q.waiting) > 0 {
		if !q.pass() && !q.together() && !q.half() && !q.detour(q.makesRoom) && !q.settle() && !q.stop() && !q.detour(q.mends) {
			q.force()
		}
	}
	for q.advance() {
		continue
	}
	for store, sites := range q.state.sites { // the places of servers that are down depend on the way
		if !slices.Equal(sites, final.sites[store]) {
			final.commit(change{store, slices.Clone(sites)})
		}
	}
	found := q.order // without the states
	for _, v := range q.broken.Violations(q.fleet.Inventory) {
		v.Rule = planner.Transient
		found.violations = append(found.violations, v)
	}
	return &found
}

// order are the changes that lead to a layout, and the violations on the way.
type order struct {
	changes    []planner.LayoutChange
	violations []planner.Violation
}

// faults returns the number of violations, none of an order that is not known.
func (o *order) faults() int {
	if o == nil {
		return 0
	}
	return len(o.violations)
}

// copied returns the bytes that the changes copy.
func (o *order) copied() int64 { return o.cost().bytes }

// cost adds up what the changes cost.
func (o *order) cost() cost {
	c := cost{changes: len(o.changes)}
	for i := range o.changes {
		c.bytes += o.changes[i].Bytes
		c.interrupted += o.changes[i].Users
	}
	return c
}

// way is what is left to do for one store.
type way struct {
	store  int
	steps  []step
	target []int32
}

// way returns the way of a store from where it is to the target, if there is
// anything to do.
func (q *queue) way(store int, target []int32) (way, bool) {
	s, end := steps(q.state.sites[store], target, q.fleet.Down)
	return way{store, s, end}, len(s) > 0
}

// seeds is 1 if the way copies anything.
func (w way) seeds() int {
	if w.steps[0].do == planner.Seed {
		return 1
	}
	return 0
}

type queue struct {
	*problem
	state    *state          // on the way
	final    *state          // where it leads
	account  *transit.Ledger // of the state
	broken   transit.Breaches
	waiting  []way
	stayed   []way  // that were given up
	detoured []bool // by store
	order
}

// newQueue returns a queue that stands at the start.
func (l *ladder) newQueue(final *state) *queue {
	return &queue{
		problem: l.problem, state: newState(l.problem, l.start), final: final, account: l.account(final.sites),
		detoured: make([]bool, len(l.start)), broken: transit.Breaches{}, order: order{changes: []planner.LayoutChange{}},
	}
}

// pass carries out every store that fits and reports whether there was one.
func (q *queue) pass() bool {
	before := len(q.waiting)
	q.waiting = slices.DeleteFunc(q.waiting, func(w way) bool {
		if !q.fits(w) {
			return false
		}
		q.carryOut(w)
		return true
	})
	return len(q.waiting) < before
}

func (q *queue) carryOut(w way) {
	inv := q.fleet.Inventory
	for _, s := range w.steps {
		c := planner.LayoutChange{
			ID: "c" + strconv.Itoa(len(q.changes)+1), Do: s.do,
			Store: inv.Stores[w.store].Name, Server: inv.Servers[s.server].Name,
		}
		if s.from >= 0 {
			c.From = planner.Text(inv.Servers[s.from].Name)
		}
		switch s.do {
		case planner.Seed:
			c.Bytes = q.bytes[w.store]
		case planner.Promote:
			c.Users = q.fleet.Users[w.store]
		}
		q.changes = append(q.changes, c)
	}
	q.state.commit(change{w.store, w.target})
	q.hold(w.store, slices.Clone(w.target))
}
