package users

import (
	"container/heap"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// newUsers spreads n new users of average load over the stores that receive:
// one after the other, each to the store that is then least full and keeps the
// limits of the stores and of the servers. It returns how many each store gets,
// and how many found no place.
func (t *tally) newUsers(n int) (placed []planner.NewUsers, left int) {
	placed = []planner.NewUsers{}
	load, ok := t.averageUser()
	if n <= 0 || !ok {
		return placed, max(n, 0)
	}
	q := &emptiestFirst{filler: newFiller(t, t.opts.Seed), more: load}
	for _, s := range q.byRoom {
		q.open = append(q.open, option{s, q.fullWith(s, &load)})
	}
	heap.Init(q)
	count := make([]int, len(t.load))
	for left = n; left > 0 && len(q.open) > 0; {
		s := q.open[0].store
		if !t.roomFor(s, &load) {
			heap.Pop(q)
			continue
		}
		t.add(s, &load, 1)
		count[s]++
		left--
		q.open[0].full = q.fullWith(s, &load)
		heap.Fix(q, 0)
	}
	for s, users := range count {
		if users == 0 {
			continue
		}
		p := planner.NewUsers{Store: t.Fleet.Inventory.Stores[s].Name, Users: users}
		if u, r := t.Utilisation(s, &t.load[s]); r >= 0 {
			p.Utilisation = planner.Known(u)
		}
		placed = append(placed, p)
	}
	return placed, left
}

// averageUser returns the mean load of the fleet's users, shared trees apart.
func (t *tally) averageUser() (inventory.Amounts, bool) {
	inv := t.Fleet.Inventory
	var sum inventory.Amounts
	n := int64(0)
	for u := range inv.Users {
		if inv.Users[u].Kind == inventory.Person {
			load := t.Fleet.Scale.Amounts(&inv.Users[u].Load)
			sum.Add(&load)
			n++
		}
	}
	if n == 0 {
		return sum, false
	}
	for r := range sum {
		sum[r] /= n
	}
	return sum, true
}

// emptiestFirst is a heap of stores by how full the next user would make them.
type emptiestFirst struct {
	*filler
	more inventory.Amounts
	open []option
}

func (q *emptiestFirst) Len() int           { return len(q.open) }
func (q *emptiestFirst) Less(i, j int) bool { return compareOptions(q.open[i], q.open[j]) < 0 }
func (q *emptiestFirst) Swap(i, j int)      { q.open[i], q.open[j] = q.open[j], q.open[i] }
func (q *emptiestFirst) Push(x any)         { q.open = append(q.open, x.(option)) }
func (q *emptiestFirst) Pop() any {
	last := q.open[len(q.open)-1]
	q.open = q.open[:len(q.open)-1]
	return last
}
