package moves

import (
	"math"
	"slices"

	"github.com/interlacemail/interlace/planner/bounds"
)

// key weighs which step a free server starts: the remaining work of the busier
// end, that of the other end, and the step's own size, all in seconds.
type key struct{ busier, other, size float64 }

// keys are tried one after the other, and the best timetable is kept.
var keys = []key{{1, 0.25, 1}, {1, 1, 0.5}, {1, 0, 0.1}, {0, 0, 1}}

// nearEnough is how near, as a ratio, a timetable must come to a simple bound
// for no other key to be tried.
const nearEnough = 1.0005

// gate says which steps may start when their servers are free.
type gate interface {
	// open reports whether the step may start now.
	open(step int32) bool
	// shut reports whether the step was refused and nothing has changed since.
	shut(step int32) bool
	// ended hears that the step has ended and returns steps that open may now let start.
	ended(step int32, now float64) []int32
	// idle hears that nothing runs and nothing may start. It returns the time at
	// which to look again, and the steps to look at; none if there is no such time.
	idle(now float64) (at float64, steps []int32)
}

// timetable is a list schedule in the making: whenever a server has a free
// transfer, it starts the best step whose other end has one too.
type timetable struct {
	*network
	key      key
	gate     gate    // nil lets everything start
	deadline float64 // steps that would end later are not started

	now     float64
	start   []float64 // of each step; below 0 until it starts
	needs   []int32   // steps that must end before each step
	free    []int     // units of each place
	rest    []float64 // work not yet started at each place
	first   []int32   // of each lane: all steps before it have started
	turn    []int32   // of each server: the lane to look at first
	open    [][]int32 // of each server: lanes with steps that have not started
	running events
	ready   []int32 // steps without a place that may start
	look    []int32 // servers to look at
	marked  []bool  // those in look
}

const notStarted = -1

// run returns the start of each step, below 0 where it was not started.
func (n *network) run(k key, g gate, from, deadline float64) []float64 {
	t := &timetable{
		network: n, key: k, gate: g, deadline: deadline, now: from,
		start:  make([]float64, len(n.steps)),
		needs:  make([]int32, len(n.steps)),
		free:   slices.Clone(n.units),
		rest:   slices.Clone(n.work),
		first:  make([]int32, len(n.lanes)),
		turn:   make([]int32, len(n.units)),
		open:   make([][]int32, len(n.at)),
		marked: make([]bool, len(n.units)),
	}
	for s := range n.at {
		t.open[s] = slices.Clone(n.at[s])
		t.mark(int32(s))
	}
	for i := range n.steps {
		t.start[i] = notStarted
		t.needs[i] = int32(len(n.steps[i].Needs))
		if t.needs[i] == 0 && n.steps[i].Places == nowhere {
			t.ready = append(t.ready, int32(i))
		}
	}
	for t.dispatch(); t.advance(); t.dispatch() {
	}
	return t.start
}

// advance goes to the next time at which something changes.
func (t *timetable) advance() bool {
	if len(t.running) == 0 {
		return t.wait()
	}
	t.now = t.running[0].at
	for len(t.running) > 0 && t.running[0].at == t.now {
		if e := t.running.pop(); e.starts {
			t.lookAt([]int32{e.step})
		} else {
			t.end(e.step)
		}
	}
	return true
}

// wait asks the gate what to do when nothing runs.
func (t *timetable) wait() bool {
	if t.gate == nil {
		return false
	}
	at, steps := t.gate.idle(t.now)
	t.now = max(t.now, at)
	t.lookAt(steps)
	return len(steps) > 0
}

// lookAt makes dispatch consider the steps.
func (t *timetable) lookAt(steps []int32) {
	for _, i := range steps {
		switch {
		case t.start[i] >= 0 || t.needs[i] > 0:
		case t.steps[i].Places == nowhere:
			t.ready = append(t.ready, i)
		default:
			t.markEnds(i)
		}
	}
}

func (t *timetable) mark(place int32) {
	if !t.marked[place] {
		t.marked[place] = true
		t.look = append(t.look, place)
	}
}

func (t *timetable) markEnds(step int32) {
	a, b := t.ends(step)
	t.mark(a)
	t.mark(b)
}

// dispatch starts all that may start now. Steps without a place come first: they
// end at once and may let others start.
func (t *timetable) dispatch() {
	for len(t.ready) > 0 || len(t.look) > 0 {
		for len(t.ready) > 0 {
			i := t.ready[0]
			t.ready = t.ready[1:]
			if t.start[i] < 0 && t.opens(i) {
				t.start[i] = t.now
				t.end(i)
			}
		}
		look := t.look
		t.look = nil
		slices.SortFunc(look, t.busier)
		for _, s := range look {
			t.marked[s] = false
			t.fill(s)
		}
	}
}

func (t *timetable) opens(i int32) bool { return t.gate == nil || t.gate.open(i) }

// busier puts the server with more remaining work first.
func (t *timetable) busier(a, b int32) int {
	la, lb := t.load(a), t.load(b)
	switch {
	case la > lb:
		return -1
	case la < lb:
		return 1
	}
	return int(a - b)
}

// load returns how long the place still needs for what has not started there.
func (t *timetable) load(place int32) float64 { return t.rest[place] / float64(t.units[place]) }

// fill starts steps at the server until none may start.
func (t *timetable) fill(s int32) {
	for t.free[s] > 0 {
		i, ok := t.pick(s)
		if !ok {
			return
		}
		if t.opens(i) {
			t.begin(i)
		}
	}
}

func (t *timetable) begin(i int32) {
	t.start[i] = t.now
	for _, p := range t.steps[i].Places {
		if p != bounds.None {
			t.free[p]--
			t.rest[p] -= t.steps[i].Seconds
		}
	}
	end := t.now + t.steps[i].Seconds
	t.running.push(event{at: end, step: i})
	for _, n := range t.after[i] {
		t.running.push(event{at: max(t.now, latest(end, t.steps[n].Seconds)), step: n, starts: true})
	}
}

// latest returns the time at which something that lasts so long starts, to end
// at the given time or a rounding later.
func latest(end, seconds float64) float64 {
	start := end - seconds
	for start+seconds < end {
		start = math.Nextafter(start, end)
	}
	return start
}

// end ends a step, which may let others start.
func (t *timetable) end(i int32) {
	for _, p := range t.steps[i].Places {
		if p != bounds.None {
			t.free[p]++
		}
	}
	if t.steps[i].Places != nowhere {
		t.markEnds(i)
	}
	for _, n := range t.next[i] {
		t.needs[n]--
		if t.needs[n] == 0 {
			t.lookAt([]int32{n})
		}
	}
	if t.gate != nil {
		t.lookAt(t.gate.ended(i, t.now))
	}
}

// enough is how many startable lanes a server compares: one with thousands of
// partners takes the best of the next so many, in turn.
const enough = 64

// pick returns the best step that may start at the server.
func (t *timetable) pick(s int32) (best int32, ok bool) {
	most, seen := math.Inf(-1), 0
	lanes := t.open[s]
	for n, at := 0, int(t.turn[s]); n < len(lanes) && seen < enough; n++ {
		if at >= len(lanes) {
			at = 0
		}
		id := lanes[at]
		i, startable := t.firstOf(id)
		if t.first[id] == int32(len(t.lanes[id].steps)) {
			lanes[at] = lanes[len(lanes)-1]
			lanes = lanes[:len(lanes)-1]
			n--
			continue
		}
		at++
		t.turn[s] = int32(at)
		if !startable {
			continue
		}
		seen++
		if w := t.weight(i); w > most || w == most && i < best {
			best, most, ok = i, w, true
		}
	}
	t.open[s] = lanes
	return best, ok
}

// firstOf returns the largest step of the lane that may start.
func (t *timetable) firstOf(id int32) (int32, bool) {
	l := &t.lanes[id]
	for int(t.first[id]) < len(l.steps) && t.start[l.steps[t.first[id]]] >= 0 {
		t.first[id]++
	}
	if !t.hasRoom(l) {
		return 0, false
	}
	for _, i := range l.steps[t.first[id]:] {
		if t.start[i] < 0 && t.startable(i) {
			return i, true
		}
	}
	return 0, false
}

func (t *timetable) hasRoom(l *lane) bool {
	if l.a == l.b {
		return t.free[l.a] >= min(2, t.units[l.a])
	}
	return t.free[l.a] > 0 && t.free[l.b] > 0
}

func (t *timetable) startable(i int32) bool {
	s := &t.steps[i]
	return t.needs[i] == 0 && t.inOrder(s) &&
		(s.Places[2] == bounds.None || t.free[s.Places[2]] > 0) &&
		t.now+s.Seconds <= t.deadline &&
		(t.gate == nil || !t.gate.shut(i))
}

// inOrder reports whether all that the step follows has started and ends no
// later than the step would if it started now.
func (t *timetable) inOrder(s *bounds.Step) bool {
	for _, n := range s.Follows {
		if t.start[n] < 0 || t.start[n]+t.steps[n].Seconds > t.now+s.Seconds {
			return false
		}
	}
	return true
}

func (t *timetable) weight(i int32) float64 {
	a, b := t.ends(i)
	la, lb := t.load(a), t.load(b)
	return t.key.busier*max(la, lb) + t.key.other*min(la, lb) + t.key.size*t.size[i]
}
