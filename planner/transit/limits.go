package transit

import (
	"maps"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/load"
)

// Level is a level whose failures every state must survive.
type Level struct {
	load.Level
	of    []int32 // domain of each server
	alive []bool  // domains with a server left to fail
	up    int     // how many those are
}

// Survived returns the levels to survive. At a level that no server has a label
// for, every server is its own domain.
func Survived(f *load.Fleet) []Level {
	var levels []Level
	for _, name := range f.Inventory.Survive {
		l := Level{Level: f.Levels[max(f.Level(name), 0)]}
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

// Limits say how far states on the way may go: as far as the rules allow, and
// where today's state or the target is beyond them, as far as those.
type Limits struct{ excused map[excuse]float64 }

// NewLimits are those of the rules.
func NewLimits() *Limits { return &Limits{excused: map[excuse]float64{}} }

// rounding is how much further than excused a state may go: the sum of ρ·L over
// stores changes by quanta when users move between two stores of one server.
const rounding = 1e-9

// excuse names a limit that may be passed.
type excuse struct {
	rule     planner.Rule
	Index    int32 // of the server or store
	resource int
}

// Breach is a limit that a state passes.
type Breach struct {
	excuse
	failed string // the failure domain that is down, or empty
	Value  float64
	Limit  float64 // of the rule
}

// Clone returns a copy.
func (m *Limits) Clone() *Limits { return &Limits{excused: maps.Clone(m.excused)} }

// OfStore reports whether the breach is of a store and not of a server.
func (b Breach) OfStore() bool { return b.rule == planner.StoreCapacity }

// passed returns the breach if the value is beyond the rule's limit and not
// excused.
func (m *Limits) passed(rule planner.Rule, index int32, resource int, value, limit float64) (Breach, bool) {
	if value <= limit {
		return Breach{}, false
	}
	e := excuse{rule, index, resource}
	if most, ok := m.excused[e]; ok && value-limit <= most+rounding {
		return Breach{}, false
	}
	return Breach{excuse: e, Value: value, Limit: limit}, true
}

// raise excuses the breach from now on.
func (m *Limits) raise(b Breach) {
	m.excused[b.excuse] = max(m.excused[b.excuse], b.Value-b.Limit)
}

// Scope says which limits are looked at.
type Scope int

const (
	Space Scope = iota // disk and slots: what changes under way take up
	Rest               // everything else that a state must keep
	Whole              // both
)

// skips reports whether the resource is out of scope.
func (sc Scope) skips(isDisk bool) bool { return sc == Space && !isDisk || sc == Rest && isDisk }

// At returns the first limit that the store or a server of it passes.
func (l *Ledger) At(store int32, sc Scope) (Breach, bool) {
	if b, bad := l.StoreBreach(store, sc); bad {
		return b, true
	}
	for i, sites := range l.Stores[store].Layouts {
		for _, s := range sites {
			if within(s, l.Stores[store].Layouts[:i]) {
				continue
			}
			if b, bad := l.ServerBreach(s, sc); bad {
				return b, true
			}
		}
	}
	return Breach{}, false
}

// StoreBreach returns the first limit that the store itself passes.
func (l *Ledger) StoreBreach(store int32, sc Scope) (Breach, bool) {
	st := &l.Fleet.Inventory.Stores[store]
	for r, res := range l.Fleet.Inventory.Resources {
		if st.Capacity[r] == 0 || sc.skips(r == l.Disk) {
			continue
		}
		u := float64(l.Stores[store].Load[r]) / l.Fleet.Scale.Quanta(r, st.Capacity[r])
		if b, bad := l.limits.passed(planner.StoreCapacity, store, r, u, res.Ceiling); bad {
			return b, true
		}
	}
	return Breach{}, false
}

// ServerBreach returns the first limit that the server passes.
func (l *Ledger) ServerBreach(s int32, sc Scope) (Breach, bool) {
	server := &l.Fleet.Inventory.Servers[s]
	if server.Slots != inventory.Unlimited && sc != Rest {
		if b, bad := l.limits.passed(planner.Slots, s, -1, float64(l.Slots[s]), float64(server.Slots)); bad {
			return b, true
		}
	}
	if l.Fleet.Down[s] {
		return Breach{}, false
	}
	for r, res := range l.Fleet.Inventory.Resources {
		if sc.skips(r == l.Disk) {
			continue
		}
		u := l.Fleet.Utilisation(int(s), r, l.Carried[s][r])
		if b, bad := l.limits.passed(planner.Ceiling, s, r, u, res.Ceiling); bad {
			return b, true
		}
	}
	if sc == Space {
		return Breach{}, false
	}
	return l.failureBreach(s)
}

// failureBreach looks at the failures that add to the server and, with nothing
// added, at one of those that do not.
func (l *Ledger) failureBreach(s int32) (Breach, bool) {
	for i := range l.Levels {
		if l.Levels[i].up < 2 {
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
	return Breach{}, false
}

func (l *Ledger) failure(s int32, t *takeover) (Breach, bool) {
	lv := &l.Levels[t.level]
	for _, r := range l.Fleet.Failover {
		u := l.Fleet.Utilisation(int(s), r, l.Carried[s][r]+t.amounts[r])
		limit := l.Fleet.Inventory.Resources[r].FailureCeiling.At(lv.Name)
		if b, bad := l.limits.passed(planner.FailureCeiling, s, r, u, limit); bad {
			b.failed = lv.Domains[l.failing(s, t)].String()
			return b, true
		}
	}
	return Breach{}, false
}

// failing returns the domain of the takeover, or for one of nothing the first
// domain that may fail without the server.
func (l *Ledger) failing(s int32, t *takeover) int32 {
	if t.domain >= 0 {
		return t.domain
	}
	lv := &l.Levels[t.level]
	for d := range lv.Domains {
		if int32(d) != lv.of[s] && lv.alive[d] {
			return int32(d)
		}
	}
	return lv.of[s]
}

// Sound reports whether the state keeps all limits.
func (l *Ledger) Sound() bool {
	for s := range l.Carried {
		if _, bad := l.ServerBreach(int32(s), Whole); bad {
			return false
		}
	}
	for s := range l.Stores {
		if _, bad := l.StoreBreach(int32(s), Whole); bad {
			return false
		}
	}
	return true
}

// Overfills reports whether the server has no room for so much more.
func (l *Ledger) Overfills(s int32, more inventory.Amounts, slots int) bool {
	l.Carried[s].Add(&more)
	l.Slots[s] += slots
	_, bad := l.ServerBreach(s, Space)
	l.Carried[s].Sub(&more)
	l.Slots[s] -= slots
	return bad
}

// ExcuseAll excuses and notes everything that the state passes.
func (l *Ledger) ExcuseAll(all Breaches, sc Scope) {
	for s := range l.Carried {
		l.Excuse(all, func() (Breach, bool) { return l.ServerBreach(int32(s), sc) })
	}
	for s := range l.Stores {
		l.Excuse(all, func() (Breach, bool) { return l.StoreBreach(int32(s), sc) })
	}
}

// Excuse excuses and notes what look finds until it finds nothing more.
func (l *Ledger) Excuse(all Breaches, look func() (Breach, bool)) {
	for b, bad := look(); bad; b, bad = look() {
		l.limits.raise(b)
		all.note(b)
	}
}
