package users

import (
	"container/heap"
	"context"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/bounds"
)

// newcomers says where new users of average load should go.
type newcomers struct {
	count []int // by store
	bold  int   // of them, those whose load passes failure ceilings further than today
	left  int   // who fit nowhere
}

// newUsers spreads n new users of average load over the stores that receive:
// one after the other, each to the store that is then least full and keeps the
// limits of the stores and of the servers. Failure ceilings are passed only by
// those who would fit nowhere otherwise. After an interrupt nobody is placed, and
// nobody said to fit nowhere.
func (t *tally) newUsers(ctx context.Context, n int) newcomers {
	c := newcomers{count: make([]int, len(t.load)), left: max(n, 0)}
	load, ok := t.averageUser()
	if !ok {
		return c
	}
	t.spread(ctx, &c, &load)
	if c.left > 0 {
		for l := range t.failed {
			for server := range t.failed[l] {
				for r := range t.Fleet.Resources {
					t.failed[l][server][r] = bounds.Unlimited
				}
			}
		}
		c.bold = c.left
		t.spread(ctx, &c, &load)
		c.bold -= c.left
	}
	if ctx.Err() != nil {
		return newcomers{}
	}
	return c
}

// spread places those who are left, as far as there is room.
func (t *tally) spread(ctx context.Context, c *newcomers, load *inventory.Amounts) {
	q := &emptiestFirst{filler: newFiller(t, t.opts.Seed)}
	for _, s := range q.byRoom {
		q.open = append(q.open, option{s, q.fullWith(s, load)})
	}
	heap.Init(q)
	for c.left > 0 && len(q.open) > 0 && ctx.Err() == nil {
		s := q.open[0].store
		if !t.roomFor(s, load) {
			heap.Pop(q)
			continue
		}
		t.add(s, load, 1)
		c.count[s]++
		c.left--
		q.open[0].full = q.fullWith(s, load)
		heap.Fix(q, 0)
	}
}

// list names the stores that get new users.
func (c *newcomers) list(t *tally) []planner.NewUsers {
	list := []planner.NewUsers{}
	for s, users := range c.count {
		if users == 0 {
			continue
		}
		n := planner.NewUsers{Store: t.Fleet.Inventory.Stores[s].Name, Users: users}
		if u, r := t.Utilisation(s, &t.load[s]); r >= 0 {
			n.Utilisation = planner.Known(u)
		}
		list = append(list, n)
	}
	return list
}

// warnings says who has no good place.
func (c *newcomers) warnings(n int) []planner.Warning {
	var warnings []planner.Warning
	counted := func(part int, has, have string) string {
		of := "of " + inventory.CountText(n) + " new users of average load "
		return inventory.Counted(part, of+has, of+have)
	}
	if c.bold > 0 {
		warnings = append(warnings, planner.Warning{
			Text: counted(c.bold, "has", "have") + " room only where failure ceilings are passed further than today",
			Rule: planner.Text(planner.FailureCeiling),
		})
	}
	if c.left > 0 {
		warnings = append(warnings, planner.Warning{Text: counted(c.left, "fits", "fit") + " nowhere"})
	}
	return warnings
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
