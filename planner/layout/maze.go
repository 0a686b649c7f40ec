package layout

import (
	"cmp"
	"container/heap"
	"math"
	"slices"

	"github.com/interlacemail/interlace/planner"
)

// A maze has up to mostMaze layouts, and up to mostTries ways in it are looked at.
const mostMaze, mostTries = 500_000, 400_000

// maze are the layouts of a small fleet and the ways between them. A layout is a number
// whose digits say which of its lists each store has; today's is 0.
type maze struct {
	*queue
	lists [][][]int32 // by store, the one it starts with first
	place []int       // of each store's digit
	cost  []cost      // of the cheapest way so far, by layout
	from  []int       // the layout before on that way, or −1
	done  []bool
	open  []stop
	known map[passing]*walkway

	partial bool  // not all layouts are in it
	dearest *cost // that a way may not reach, if not nil
	spent   bool  // the budgets left out a way
	tries   int   // ways looked at
}

// passing is a change of one store, by places in its lists.
type passing struct{ store, from, to int }

// walkway is the way that makes it, and what the store has on it.
type walkway struct {
	way
	between [][]int32
	cost    cost
}

// stop is a layout that a way leads to.
type stop struct {
	at   int
	cost cost
}

// newMaze returns nil if there are too many layouts, or if only some servers may share
// stores.
func (l *ladder) newMaze(possible func(store int) [][]int32) *maze {
	if l.links != nil || math.Pow(float64(len(l.targets)), float64(l.mostCopies)) > mostMaze {
		return nil
	}
	m := &maze{queue: l.newQueue(newState(l.problem, l.start)), known: map[passing]*walkway{}}
	size := 1
	for store := range l.start {
		lists := slices.DeleteFunc(possible(store), func(list []int32) bool { return !l.bearable(store, list) })
		m.lists, m.place = append(m.lists, lists), append(m.place, size)
		if size *= len(lists); size > mostMaze {
			return nil
		}
	}
	m.cost, m.from, m.done = make([]cost, size), make([]int, size), make([]bool, size)
	for at := range m.cost {
		m.cost[at] = cost{math.MaxInt64, math.MaxInt, math.MaxInt}
	}
	m.reach(0, -1, cost{})
	return m
}

// mazeTo returns a maze of layouts between today's and another one, with stores on the
// servers that they are on in either or, if those are too many, in one of the two.
func (l *ladder) mazeTo(aim *state) *maze {
	between := func(store int) [][]int32 {
		start, target := l.start[store], aim.sites[store]
		if slices.Equal(start, target) {
			return [][]int32{start}
		}
		return slices.DeleteFunc(l.possible(store), func(list []int32) bool {
			return slices.ContainsFunc(list, func(s int32) bool { return !slices.Contains(start, s) && !slices.Contains(target, s) })
		})
	}
	m := l.newMaze(between)
	if m == nil {
		m = l.newMaze(func(store int) [][]int32 {
			return slices.CompactFunc([][]int32{l.start[store], aim.sites[store]}, slices.Equal[[]int32])
		})
	}
	if m != nil {
		m.partial = true
	}
	return m
}

// bearable reports whether the store is no worse off on the list than where it starts.
func (p *problem) bearable(store int, list []int32) bool {
	start := p.start[store]
	if slices.Equal(list, start) {
		return true
	}
	initial := p.initialStores[store]
	sc := p.scoreStore(store, list)
	return sc.worse(&initial) == 0 && sc.short <= initial.short && p.exposed(store, list) <= p.exposed(store, start)
}

// next returns the cheapest layout that a way leads to and that was not gone on from
// yet, or −1.
func (m *maze) next() int {
	for len(m.open) > 0 {
		if at := heap.Pop(m).(stop).at; !m.done[at] {
			m.done[at] = true
			return at
		}
	}
	return -1
}

// list returns the place in its lists that the store has in a layout.
func (m *maze) list(at, store int) int { return at / m.place[store] % len(m.lists[store]) }

// goTo makes the state the layout.
func (m *maze) goTo(at int) {
	for store := range m.lists {
		if list := m.lists[store][m.list(at, store)]; !slices.Equal(m.state.sites[store], list) {
			m.state.commit(change{store, list})
			m.hold(store, slices.Clone(list))
		}
	}
}

// leave follows all ways from the layout, which is that of the state.
func (m *maze) leave(at int) {
	for store, lists := range m.lists {
		now := m.list(at, store)
		for i := range lists {
			to := at + (i-now)*m.place[store]
			if i == now || m.done[to] {
				continue
			}
			w := m.walkway(passing{store, now, i})
			if w == nil {
				continue
			}
			c := m.cost[at]
			c.add(w.cost, 1)
			if m.isBetter(c, to) && m.passes(w) {
				m.reach(to, at, c)
			}
		}
	}
}

// walkway returns the way of a store from one of its lists to another, or nil.
func (m *maze) walkway(p passing) *walkway {
	if w, known := m.known[p]; known {
		return w
	}
	lists := m.lists[p.store]
	from, to := lists[p.from], lists[p.to]
	var found *walkway
	if s, end := steps(from, to, m.fleet.Down); m.fleet.Reachable(from, to) && slices.Equal(end, to) {
		w := way{p.store, s, to}
		found = &walkway{w, w.between(from), m.costOf(w)}
	}
	m.known[p] = found
	return found
}

// passes reports whether no limit is passed on the way.
func (m *maze) passes(w *walkway) bool {
	m.tries++
	_, bad := m.blockedBetween(w.way, w.between)
	return !bad
}

// isBetter reports whether the cost of a way to a layout is in the budgets and less than
// that of others.
func (m *maze) isBetter(c cost, to int) bool {
	if !m.allows(c) {
		m.spent = true
		return false
	}
	return m.compare(c, m.cost[to]) < 0 && (m.dearest == nil || m.compare(c, *m.dearest) < 0)
}

// costOf adds up what the steps of a way cost.
func (q *queue) costOf(w way) cost {
	c := cost{changes: len(w.steps)}
	for _, s := range w.steps {
		switch s.do {
		case planner.Seed:
			c.bytes += q.bytes[w.store]
		case planner.Promote:
			c.interrupted += q.fleet.Users[w.store]
		}
	}
	return c
}

// reach notes the cheapest way so far to the layout.
func (m *maze) reach(at, from int, c cost) {
	m.cost[at], m.from[at] = c, from
	heap.Push(m, stop{at, c})
}

// compare puts first what takes less of that which is scarce: users, or else steps, if
// there is a budget for them, and else bytes.
func (m *maze) compare(a, b cost) int {
	bytes, users, changes := cmp.Compare(a.bytes, b.bytes), cmp.Compare(a.interrupted, b.interrupted), cmp.Compare(a.changes, b.changes)
	switch {
	case m.opts.MaxInterrupted != nil:
		return cmp.Or(users, bytes, changes)
	case m.opts.MaxChanges != nil:
		return cmp.Or(changes, bytes, users)
	}
	return cmp.Or(bytes, users, changes)
}

// orderTo returns the changes on the cheapest way to the layout.
func (m *maze) orderTo(end int) *order {
	var stops []int
	for at := end; at >= 0; at = m.from[at] {
		stops = append(stops, at)
	}
	m.goTo(0)
	for _, at := range slices.Backward(stops) {
		for store, lists := range m.lists {
			if w, ok := m.way(store, lists[m.list(at, store)]); ok {
				m.carryOut(w)
			}
		}
	}
	found := m.order
	return &found
}

// Len, Less, Swap, Push and Pop make the maze a heap of the layouts to go on from.
func (m *maze) Len() int { return len(m.open) }

func (m *maze) Less(i, j int) bool {
	a, b := m.open[i], m.open[j]
	return cmp.Or(m.compare(a.cost, b.cost), cmp.Compare(a.at, b.at)) < 0
}

func (m *maze) Swap(i, j int) { m.open[i], m.open[j] = m.open[j], m.open[i] }

func (m *maze) Push(x any) { m.open = append(m.open, x.(stop)) }

func (m *maze) Pop() any {
	last := m.open[len(m.open)-1]
	m.open = m.open[:len(m.open)-1]
	return last
}
