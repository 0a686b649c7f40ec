package layout

import (
	"cmp"
	"container/heap"
	"math"
	"slices"

	"github.com/interlacemail/interlace/planner"
)

// [ladder.passage] looks at fleets of up to mostMaze layouts, and goes through mostPassed
// of them.
const mostMaze, mostPassed = 500_000, 20_000

// passed returns the outcome, or the best one that has an order where it turns out that
// it has none itself, or that the best of all layouts has none.
func (l *ladder) passed(best outcome) outcome {
	found := best.way.faults() == 0
	if best.stopped == planner.Cancelled || found && l.satisfied(best) {
		return best
	}
	m := l.newMaze()
	if m == nil {
		return best
	}
	if l.optimum == nil {
		l.enumerate(best.state)
	}
	aim := best.state
	if l.optimum != nil && l.optimum.standing().minus(aim.standing()).sign() <= 0 {
		aim = l.optimum
	}
	if found && l.near(best.state, aim) {
		return best
	}
	return *l.choose([]outcome{best, l.passage(m, aim)}, l.tolerance())
}

// near reports whether the layout breaks no more than the other one and is within the
// goal or about as good.
func (l *ladder) near(s, other *state) bool {
	return s.standing().minus(other.standing()).sign() <= 0 && s.worst() <= max(l.goal(), other.worst()*(1+l.tolerance()+closeEnough))
}

// passage goes through the layouts that today's leads to by changing one store at a
// time, such that package transit permits every state on the way and no store is worse
// off than today, the cheapest first (Dijkstra 1959), up to one that is near the aim. It returns the best
// of them with the way there.
func (l *ladder) passage(m *maze, aim *state) outcome {
	best, end := outcome{state: newState(l.problem, l.start), stopped: planner.LocalOptimum}, 0
	m.account = l.account(aim.sites)
	for range mostPassed {
		at := m.next()
		if at < 0 || l.ctx.Err() != nil {
			break
		}
		m.goTo(at)
		if m.state.beats(best.state) {
			best.state, end = m.state.clone(), at
		}
		if l.near(m.state, aim) {
			break
		}
		m.leave(at)
	}
	best.way = m.orderTo(end)
	return best
}

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
}

// stop is a layout that a way leads to.
type stop struct {
	at   int
	cost cost
}

// newMaze returns nil if there are too many layouts, or if only some servers may share
// stores.
func (l *ladder) newMaze() *maze {
	if l.links != nil {
		return nil
	}
	m := &maze{queue: l.newQueue(newState(l.problem, l.start))}
	size := 1
	for store := range l.start {
		lists := slices.DeleteFunc(l.possible(store), func(list []int32) bool { return !l.bearable(store, list) })
		m.lists, m.place = append(m.lists, lists), append(m.place, size)
		if size *= len(lists); size > mostMaze {
			return nil
		}
	}
	m.cost, m.from, m.done = make([]cost, size), make([]int, size), make([]bool, size)
	for at := range m.cost {
		m.cost[at].bytes = math.MaxInt64
	}
	m.reach(0, -1, cost{})
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
		for i, list := range lists {
			to := at + (i-now)*m.place[store]
			if i == now || m.done[to] || !m.fleet.Reachable(lists[now], list) {
				continue
			}
			w, ok := m.way(store, list)
			if !ok || !slices.Equal(w.target, list) || !m.fits(w) {
				continue
			}
			c := m.cost[at]
			c.add(m.costOf(w), 1)
			m.reach(to, at, c)
		}
	}
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

// reach notes a way to the layout if it is the cheapest so far.
func (m *maze) reach(at, from int, c cost) {
	if c.compare(m.cost[at]) < 0 {
		m.cost[at], m.from[at] = c, from
		heap.Push(m, stop{at, c})
	}
}

// compare puts what copies less first, then what interrupts fewer users.
func (c cost) compare(o cost) int {
	return cmp.Or(cmp.Compare(c.bytes, o.bytes), cmp.Compare(c.interrupted, o.interrupted), cmp.Compare(c.changes, o.changes))
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
	return cmp.Or(a.cost.compare(b.cost), cmp.Compare(a.at, b.at)) < 0
}

func (m *maze) Swap(i, j int) { m.open[i], m.open[j] = m.open[j], m.open[i] }

func (m *maze) Push(x any) { m.open = append(m.open, x.(stop)) }

func (m *maze) Pop() any {
	last := m.open[len(m.open)-1]
	m.open = m.open[:len(m.open)-1]
	return last
}
