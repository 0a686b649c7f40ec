package moves

import (
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/transit"
)

// auditor follows a finished schedule, change by change, and notes what its
// states break further than today and the target. It has sums of its own, so
// that it sees what was let pass on purpose and whatever else got by.
type auditor struct {
	*problem
	now   *transit.Ledger // what has ended
	room  *transit.Ledger // and what is under way or held at a source: only disk and slots count
	found transit.Breaches
	full  fullest

	begun []bool    // of each task
	steps []int     // of each bundle, tasks that have begun
	kept  []keeping // by time
}

// audit fills in what the schedule breaks and its fullest disk.
func (s *scheduler) audit() {
	limits := s.strict.Clone()
	a := &auditor{
		problem: s.problem, found: transit.Breaches{},
		now:   transit.NewLedger(s.fleet, s.after.Levels, limits, s.start, s.fleet.Active),
		room:  transit.NewLedger(s.fleet, nil, limits, s.start, s.fleet.Active),
		begun: make([]bool, len(s.tasks)), steps: make([]int, len(s.bundles)),
	}
	a.full.look(a.room)
	for _, m := range s.moments() {
		a.pass(m)
	}
	s.forced, s.fullest = a.found, a.full
}

// pass goes through a moment and looks at the state that it leads to.
func (a *auditor) pass(m moment) {
	a.release(m.at)
	var ended, changed []int32 // stores
	for _, i := range m.ends {
		ended = append(ended, a.end(i, m.at)...)
	}
	for _, i := range m.starts {
		changed = append(changed, a.begin(i))
	}
	for _, store := range ended {
		a.now.Excuse(a.found, func() (transit.Breach, bool) { return a.now.At(store, transit.Rest) })
	}
	for _, store := range append(changed, ended...) {
		a.room.Excuse(a.found, func() (transit.Breach, bool) { return a.room.At(store, transit.Space) })
		for _, sites := range a.room.Stores[store].Layouts {
			for _, server := range sites {
				a.full.lookAt(a.room, server)
			}
		}
	}
}

// begin puts the task under way and returns the store to which it brings something.
func (a *auditor) begin(i int32) (store int32) {
	t := &a.tasks[i]
	a.begun[i] = true
	h := a.room.Stores[t.store]
	if t.do == planner.Move {
		h.Load.Add(a.loadOf(t))
	} else {
		if a.steps[t.bundle] == 0 {
			h.From = h.Layouts[len(h.Layouts)-1]
		}
		h.Layouts = append(slices.Clip(h.Layouts), a.bundles[t.bundle].effects[0].via[a.steps[t.bundle]])
		a.steps[t.bundle]++
	}
	a.room.Change(t.store, h)
	return t.store
}

// end carries the task out and returns the stores that it changes.
func (a *auditor) end(i int32, at float64) (stores []int32) {
	if !a.begun[i] {
		a.begin(i)
	}
	t := &a.tasks[i]
	if t.do == planner.Move {
		a.moveUser(t, at)
		return []int32{t.from, t.store}
	}
	h := a.room.Stores[t.store]
	h.Layouts = h.Layouts[1:]
	a.room.Change(t.store, h)
	n := a.now.Stores[t.store]
	n.Layouts = h.Layouts[:1]
	a.now.Change(t.store, n)
	return []int32{t.store}
}

// moveUser takes the user of the task from one store to the other. What it
// leaves behind stays in the room of the source for a while.
func (a *auditor) moveUser(t *task, at float64) {
	load := a.loadOf(t)
	come, leave, left := a.now.Stores[t.store], a.now.Stores[t.from], a.room.Stores[t.from]
	come.Load.Add(load)
	leave.Load.Sub(load)
	left.Load.Sub(load)
	if r := a.keeps(); r >= 0 {
		left.Load[r] += load[r]
		a.kept = append(a.kept, keeping{at + a.opts.keepSeconds(), t.from, load[r]})
	}
	a.now.Change(t.store, come)
	a.now.Change(t.from, leave)
	a.room.Change(t.from, left)
}

func (a *auditor) loadOf(t *task) *inventory.Amounts {
	load := a.fleet.Scale.Amounts(&a.fleet.Inventory.Users[t.user].Load)
	return &load
}

// release takes away what sources have held until the given time.
func (a *auditor) release(at float64) {
	for len(a.kept) > 0 && a.kept[0].until <= at {
		k := a.kept[0]
		h := a.room.Stores[k.store]
		h.Load[a.disk] -= k.amount
		a.room.Change(k.store, h)
		a.kept = a.kept[1:]
	}
}
