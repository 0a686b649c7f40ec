package users

// Small fleets are searched as well: all assignments with one move, then with
// two, and so on, up to a number of steps.
const (
	exactSteps   = 60_000
	exactChoices = 400 // things that could move, times stores that receive
)

// exact is the search of a small fleet.
type exact struct {
	*seeker
	at        attempt // with the moves tried now
	best      attempt
	numbers   []int32
	receivers []int32
	steps     int
	cut       bool // an assignment was not tried for lack of steps or depth
}

// exact returns the best of the attempt and all assignments that a search of a
// small fleet finds; large ones are not searched.
func (s *seeker) exact(best attempt) attempt {
	e := &exact{seeker: s, best: best, steps: exactSteps}
	for n := range s.size() {
		if i := int32(n); s.movable(i) {
			e.numbers = append(e.numbers, i)
		}
	}
	for store, receives := range s.Receives {
		if receives {
			e.receivers = append(e.receivers, int32(store))
		}
	}
	if len(e.numbers)*len(e.receivers) > exactChoices {
		return best
	}
	t := newTally(s.problem)
	t.stuck = best.stuck
	e.at = t.judge()
	e.cut = true
	for depth := 0; e.cut && e.steps > 0; depth++ {
		e.cut = false
		e.try(0, depth)
	}
	s.exhausted = !e.cut
	return e.best
}

// try looks at the present assignment and at those with up to depth more moves
// of the numbers from the given place on.
func (e *exact) try(from, depth int) {
	e.steps--
	if e.ctx.Err() != nil {
		e.steps = 0
	}
	if depth == 0 {
		e.compare()
	}
	for n := from; n < len(e.numbers); n++ {
		if depth == 0 || e.steps <= 0 {
			e.cut = true
			return
		}
		i := e.numbers[n]
		for _, store := range e.receivers {
			if e.at.at[i] != store && e.agree(i, store) && (e.onlyStore(i) == nowhere || e.onlyStore(i) == store) {
				e.move(i, store, func() { e.try(n+1, depth-1) })
			}
		}
	}
}

// move calls f with the number moved to the store.
func (e *exact) move(i, store int32, f func()) {
	t := e.at.tally
	t.take(i)
	t.put(i, store)
	e.at.count(i, 1)
	most := e.best.cost + e.best.delay
	if e.at.affordable() && (!e.satisfied(&e.best) || e.at.cost < most || e.at.cost == most && len(e.best.queue.late) > 0) {
		f()
	}
	e.at.count(i, -1)
	t.take(i)
	t.restore(i)
}

// satisfied reports whether only a lower cost would be better.
func (e *exact) satisfied(a *attempt) bool {
	return a.undone+a.failing == 0 && a.peak <= e.floor && len(a.queue.never) == 0
}

// compare keeps the present assignment if it is better than the best so far.
func (e *exact) compare() {
	a := e.at.judge()
	if !a.better(&e.best, e.floor) || e.worse() {
		return
	}
	a.tally = a.clone()
	e.best = a
}

// worse reports whether a store or server is above its limit and above what it
// carries today.
func (e *exact) worse() bool {
	t := e.at.tally
	for s := range t.load {
		for r := range t.Fleet.Resources {
			if t.load[s][r] > max(t.receive[s][r], e.today.load[s][r]) {
				return true
			}
		}
	}
	for server := range t.carry {
		for r := range t.Fleet.Resources {
			if t.carry[server][r] > t.servers[server][r] {
				return true
			}
			for l := range t.Survive {
				if t.carry[server][r]+t.after[l].most[server][r] > t.failed[l][server][r] {
					return true
				}
			}
		}
	}
	return false
}
