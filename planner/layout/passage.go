package layout

import "github.com/interlacemail/interlace/planner"

// passed returns the outcome, or where the fleet is so small that the ways from today's
// layout can be gone through one that is better: one that has an order where the outcome
// has none, or the best of all layouts has none; one that the budgets pay for and the
// search did not find; or one that is as good and copies less. In somewhat larger fleets
// a straight order is looked for where the one found makes detours or leads elsewhere.
func (l *ladder) passed(best outcome) outcome {
	found := best.way.faults() == 0
	good := found && l.satisfied(best)
	if best.stopped == planner.Cancelled || good && float64(best.bytes()) <= l.bound.BytesCopied.Value {
		return best
	}
	aim, m := best.state, l.newMaze(l.possible)
	switch {
	case m != nil && !good && l.optimum == nil:
		l.enumerate(best.state)
	case m == nil && best.meant != nil && (best.bytes() > best.state.total.bytes || !found || !l.near(best.state, best.meant)):
		aim = best.meant
		m = l.mazeTo(aim)
	}
	if m == nil {
		return best
	}
	if l.optimum != nil && l.optimum.standing().minus(aim.standing()).sign() <= 0 && !m.partial {
		aim = l.optimum
	}
	if found && l.near(best.state, aim) {
		c := best.way.cost()
		m.dearest = &c
	}
	o, complete := l.passage(m, aim)
	switch {
	case o.state == nil:
		return best
	case complete && m.dearest == nil && !m.partial && l.near(o.state, best.state):
		return o
	}
	return *l.choose([]outcome{best, o}, l.tolerance())
}

// near reports whether the layout breaks no more than the other one and is within the
// goal or about as good.
func (l *ladder) near(s, other *state) bool {
	return s.standing().minus(other.standing()).sign() <= 0 && s.worst() <= max(l.goal(), other.worst()*l.slack())
}

// slack is how many times as high a worst utilisation is about as good.
func (l *ladder) slack() float64 { return 1 + l.tolerance() + closeEnough }

// passage goes through the layouts that today's leads to by changing one store at a
// time, such that package transit permits every state on the way and no store is worse
// off than today, the cheapest first (Dijkstra 1959), up to one that is near the aim. It
// returns the cheapest of those that are about as good as the best with the way there,
// if there is one but today's, and whether none was left out.
func (l *ladder) passage(m *maze, aim *state) (o outcome, complete bool) {
	m.account = l.account(aim.sites)
	records := []record{{state: newState(l.problem, l.start)}}
	for m.tries < mostTries {
		at := m.next()
		if complete = at < 0; complete || l.ctx.Err() != nil {
			break
		}
		m.goTo(at)
		if m.state.beats(records[len(records)-1].state) {
			records = append(records, record{m.state.clone(), at})
		}
		if complete = l.near(m.state, aim); complete {
			break
		}
		m.leave(at)
	}
	r := cheapest(records, l.slack())
	if r.at == 0 {
		return outcome{}, complete
	}
	o = outcome{state: r.state, stopped: planner.LocalOptimum, way: m.orderTo(r.at)}
	if m.spent {
		o.stopped = planner.Budget
	}
	return o, complete
}

// record is a layout that is better than all those that cost less.
type record struct {
	state *state
	at    int // in the maze
}

// cheapest returns the first record that is about as good as the last.
func cheapest(records []record, slack float64) record {
	last := records[len(records)-1]
	for _, r := range records {
		if r.state.standing().minus(last.state.standing()).sign() <= 0 && r.state.worst() <= last.state.worst()*slack {
			return r
		}
	}
	return last
}
