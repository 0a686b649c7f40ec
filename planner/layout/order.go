package layout

import (
	"slices"
	"strconv"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/load"
)

// order lists the changes that lead from the start to the layout so that every
// state on the way has room: slots and ceilings, or what a server had too much
// of at the start. Stores that only change roles go first. Where no store left
// fits, one moves a single instance first, or else gets another place than it should
// have, or stays where it is, which changes the layout;
// those that stay are tried once more in the end. If there is no such place the one
// that overfills a server by the least goes all the same, which is a violation of
// rule transient.
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
		if !q.pass() && !q.half() && !q.settle() {
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
func (o *order) copied() int64 {
	total := int64(0)
	for i := range o.changes {
		total += o.changes[i].Bytes
	}
	return total
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
	state          *state // on the way
	final          *state // where it leads
	initialAmounts []inventory.Amounts
	initialUsed    []int
	waiting        []way
	stayed         []way // that were given up
	order
}

// newQueue returns a queue that stands at the start.
func (l *ladder) newQueue(final *state) *queue {
	q := &queue{
		problem: l.problem, state: newState(l.problem, l.start), final: final, order: order{changes: []planner.LayoutChange{}},
	}
	q.initialAmounts = slices.Clone(q.state.carried)
	q.initialUsed = slices.Clone(q.state.used)
	return q
}

// pass carries out every store that fits and reports whether there was one.
func (q *queue) pass() bool {
	before := len(q.waiting)
	q.waiting = slices.DeleteFunc(q.waiting, func(w way) bool {
		if q.overfilled(w) != nil {
			return false
		}
		q.carryOut(w)
		return true
	})
	return len(q.waiting) < before
}

// overfilled returns the violation that carrying out the store now would make
// while both its old and its new instances are there, or nil.
func (q *queue) overfilled(w way) *planner.Violation {
	f := q.fleet
	name := f.Inventory.Stores[w.store].Name
	now := q.state.sites[w.store]
	for _, server := range slices.Concat(w.target, now) {
		v := planner.Violation{
			Rule: planner.Transient, Subject: planner.ServerSubject(f.Inventory.Servers[server].Name),
			Server: planner.Text(f.Inventory.Servers[server].Name), Store: planner.Text(name), Failed: []string{},
		}
		fresh := !slices.Contains(now, server)
		slots := f.Inventory.Servers[server].Slots
		if fresh && slots != inventory.Unlimited && q.state.used[server]+1 > max(slots, q.initialUsed[server]) {
			v.Value, v.Limit = planner.Known(float64(q.state.used[server]+1)), planner.Known(float64(slots))
			return &v
		}
		for r, res := range f.Inventory.Resources {
			amount := q.state.carried[server][r] + q.growth(w, server, r)
			if amount <= q.most[server][r] || amount <= q.initialAmounts[server][r] || amount <= q.state.carried[server][r] {
				continue
			}
			v.Resource, v.Limit = planner.Text(res.Name), planner.Known(res.Ceiling)
			v.Value = planner.Known(f.Utilisation(int(server), r, amount))
			return &v
		}
	}
	return nil
}

// growth returns by how much the store's way makes the server carry more at most,
// as master or as replica, whatever it is in turn.
func (q *queue) growth(w way, server int32, r int) int64 {
	weight := func(list []int32) int64 {
		switch {
		case q.fleet.Down[server] || !slices.Contains(list, server):
			return 0
		case load.Master(list, q.fleet.Down) == server:
			return q.fleet.Active[w.store][r]
		}
		return q.fleet.Passive[w.store][r]
	}
	now := q.state.sites[w.store]
	most := weight(w.target)
	list := slices.Clone(now)
	for _, s := range w.steps {
		list = s.after(list)
		most = max(most, weight(list))
	}
	return most - weight(now)
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
}
