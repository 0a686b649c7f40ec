package moves

import (
	"maps"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/load"
)

// level is a level whose failures every state must survive.
type level struct {
	load.Level
	of    []int32 // domain of each server
	alive []bool  // domains with a server left to fail
	up    int     // how many those are
}

// survived returns the levels to survive. At a level that no server has a label
// for, every server is its own domain.
func survived(f *load.Fleet) []level {
	var levels []level
	for _, name := range f.Inventory.Survive {
		l := level{Level: f.Levels[max(f.Level(name), 0)]}
		l.Name, l.of = name, l.Of
		l.alive = make([]bool, len(l.Domains))
		for s, d := range l.of {
			if !f.Down[s] && !l.alive[d] {
				l.alive[d] = true
				l.up++
			}
		}
		levels = append(levels, l)
	}
	return levels
}

// limits say how far states on the way may go: as far as the rules allow, and
// where today's state or the target is beyond them, as far as those.
type limits struct{ excused map[excuse]float64 }

// rounding is how much further than excused a state may go: the sum of ρ·L over
// stores changes by quanta when users move between two stores of one server.
const rounding = 1e-9

type excuse struct {
	rule     planner.Rule
	index    int32 // of the server or store
	resource int
}

// breach is a limit that a state passes.
type breach struct {
	excuse
	failed string // the failure domain that is down, or empty
	value  float64
	limit  float64 // of the rule
}

func (m *limits) clone() *limits { return &limits{excused: maps.Clone(m.excused)} }

func (b breach) ofStore() bool { return b.rule == planner.StoreCapacity }

// passed returns the breach if the value is beyond the rule's limit and not
// excused.
func (m *limits) passed(rule planner.Rule, index int32, resource int, value, limit float64) (breach, bool) {
	if value <= limit {
		return breach{}, false
	}
	e := excuse{rule, index, resource}
	if most, ok := m.excused[e]; ok && value-limit <= most+rounding {
		return breach{}, false
	}
	return breach{excuse: e, value: value, limit: limit}, true
}

// raise excuses the breach from now on.
func (m *limits) raise(b breach) {
	m.excused[b.excuse] = max(m.excused[b.excuse], b.value-b.limit)
}

// scope says which limits are looked at.
type scope int

const (
	space scope = iota // disk and slots: what changes under way take up
	rest               // everything else that a state must keep
	whole              // both
)

// skips reports whether the resource is out of scope.
func (sc scope) skips(isDisk bool) bool { return sc == space && !isDisk || sc == rest && isDisk }

// at returns the first limit that the store or a server of it passes.
func (l *ledger) at(store int32, sc scope) (breach, bool) {
	if b, bad := l.storeBreach(store, sc); bad {
		return b, true
	}
	for i, sites := range l.stores[store].layouts {
		for _, s := range sites {
			if within(s, l.stores[store].layouts[:i]) {
				continue
			}
			if b, bad := l.serverBreach(s, sc); bad {
				return b, true
			}
		}
	}
	return breach{}, false
}

func (l *ledger) storeBreach(store int32, sc scope) (breach, bool) {
	st := &l.fleet.Inventory.Stores[store]
	for r, res := range l.fleet.Inventory.Resources {
		if st.Capacity[r] == 0 || sc.skips(r == l.disk) {
			continue
		}
		u := float64(l.stores[store].load[r]) / l.fleet.Scale.Quanta(r, st.Capacity[r])
		if b, bad := l.limits.passed(planner.StoreCapacity, store, r, u, res.Ceiling); bad {
			return b, true
		}
	}
	return breach{}, false
}

func (l *ledger) serverBreach(s int32, sc scope) (breach, bool) {
	server := &l.fleet.Inventory.Servers[s]
	if server.Slots != inventory.Unlimited && sc != rest {
		if b, bad := l.limits.passed(planner.Slots, s, -1, float64(l.slots[s]), float64(server.Slots)); bad {
			return b, true
		}
	}
	if l.fleet.Down[s] {
		return breach{}, false
	}
	for r, res := range l.fleet.Inventory.Resources {
		if sc.skips(r == l.disk) {
			continue
		}
		u := l.fleet.Utilisation(int(s), r, l.carried[s][r])
		if b, bad := l.limits.passed(planner.Ceiling, s, r, u, res.Ceiling); bad {
			return b, true
		}
	}
	if sc == space {
		return breach{}, false
	}
	return l.failureBreach(s)
}

// failureBreach looks at the failures that add to the server and, with nothing
// added, at one of those that do not.
func (l *ledger) failureBreach(s int32) (breach, bool) {
	for i := range l.levels {
		if l.levels[i].up < 2 {
			continue
		}
		if b, bad := l.failure(s, &takeover{level: int32(i), domain: -1}); bad {
			return b, true
		}
	}
	for i := range l.taken[s] {
		if b, bad := l.failure(s, &l.taken[s][i]); bad {
			return b, true
		}
	}
	return breach{}, false
}

func (l *ledger) failure(s int32, t *takeover) (breach, bool) {
	lv := &l.levels[t.level]
	for _, r := range l.fleet.Failover {
		u := l.fleet.Utilisation(int(s), r, l.carried[s][r]+t.amounts[r])
		limit := l.fleet.Inventory.Resources[r].FailureCeiling.At(lv.Name)
		if b, bad := l.limits.passed(planner.FailureCeiling, s, r, u, limit); bad {
			b.failed = lv.Domains[l.failing(s, t)].String()
			return b, true
		}
	}
	return breach{}, false
}

// failing returns the domain of the takeover, or for one of nothing the first
// domain that may fail without the server.
func (l *ledger) failing(s int32, t *takeover) int32 {
	if t.domain >= 0 {
		return t.domain
	}
	lv := &l.levels[t.level]
	for d := range lv.Domains {
		if int32(d) != lv.of[s] && lv.alive[d] {
			return int32(d)
		}
	}
	return lv.of[s]
}

// excuseAll excuses and notes everything that the state passes.
func (l *ledger) excuseAll(all breaches, sc scope) {
	for s := range l.carried {
		l.excuse(all, func() (breach, bool) { return l.serverBreach(int32(s), sc) })
	}
	for s := range l.stores {
		l.excuse(all, func() (breach, bool) { return l.storeBreach(int32(s), sc) })
	}
}

// excuse excuses and notes what look finds until it finds nothing more.
func (l *ledger) excuse(all breaches, look func() (breach, bool)) {
	for b, bad := look(); bad; b, bad = look() {
		l.limits.raise(b)
		all.note(b)
	}
}
