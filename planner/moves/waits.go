package moves

import (
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/bounds"
	"github.com/interlacemail/interlace/planner/load"
	"github.com/interlacemail/interlace/planner/transit"
)

// addWaits tells the bound which tasks cannot be first: where one finds no room
// in the state of the inventory, all by itself, something there must have been
// removed before it starts.
func (c *chooser) addWaits(steps []bounds.Step) {
	now := transit.NewLedger(c.fleet, nil, c.limits, c.start, c.fleet.Active)
	full := map[int32][]int32{} // tasks that find no room, by place as in repairer
	for i := range c.tasks {
		if t := &c.tasks[i]; !t.isGate() && !c.followsGate(t) {
			if at, ok := c.noRoom(now, t); ok {
				full[at] = append(full[at], int32(i))
			}
		}
	}
	if len(full) == 0 {
		return
	}
	releases := c.releases(full)
	for at, tasks := range full {
		for _, i := range tasks {
			steps[i].Waits = releases[at]
		}
	}
}

// followsGate reports whether an earlier plan changes a store of the task first.
func (c *chooser) followsGate(t *task) bool {
	for _, n := range t.Needs {
		if c.tasks[n].isGate() {
			return true
		}
	}
	return false
}

// noRoom returns a server or store that the task alone would overfill.
func (c *chooser) noRoom(now *transit.Ledger, t *task) (at int32, full bool) {
	switch t.do {
	case planner.Seed:
		return t.server, now.Overfills(t.server, now.Passive(&now.Stores[t.store].Load), 1)
	case planner.Move:
		return c.noRoomForUser(now, t)
	}
	return 0, false
}

func (c *chooser) noRoomForUser(now *transit.Ledger, t *task) (at int32, full bool) {
	h := now.Stores[t.store]
	more := c.fleet.Scale.Amounts(&c.fleet.Inventory.Users[t.user].Load)
	less := now.Passive(&more)
	now.Stores[t.store].Load.Add(&more)
	_, full = now.StoreBreach(t.store, transit.Space)
	now.Stores[t.store] = h
	if full {
		return int32(len(now.Carried)) + t.store, true
	}
	serving := load.Master(h.Layouts[0], c.fleet.Down)
	for _, s := range h.Layouts[0] {
		adds := less
		if s == serving {
			adds = more
		}
		if now.Overfills(s, adds, 0) {
			return s, true
		}
	}
	return 0, false
}

// releases returns, for the places that are full, what may make room there.
func (c *chooser) releases(full map[int32][]int32) map[int32][]bounds.Release {
	found := map[int32][]bounds.Release{}
	note := func(at, task int32, delay float64) {
		if _, ok := full[at]; ok {
			found[at] = append(found[at], bounds.Release{Step: task, Delay: delay})
		}
	}
	for i := range c.bundles {
		b := &c.bundles[i]
		for _, n := range b.tasks {
			switch t := &c.tasks[n]; t.do {
			case planner.Drop:
				note(t.server, n, 0)
			case planner.Promote: // where ρ > 1 the new master makes room too
				for _, s := range b.effects[0].before {
					note(s, n, 0)
				}
				note(t.server, n, 0)
			case planner.Move:
				note(int32(len(c.fleet.Capacity))+t.from, n, c.opts.keepSeconds())
				for _, s := range b.sitesOf(t.from) {
					note(s, n, c.opts.keepSeconds())
				}
			}
		}
	}
	return found
}

// sitesOf returns the servers of a store that users of the bundle leave.
func (b *bundle) sitesOf(store int32) []int32 {
	for i := range b.effects {
		if e := &b.effects[i]; e.store == store && e.sign < 0 {
			return e.before
		}
	}
	return nil
}
