package moves

import (
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner/load"
)

// ledger adds up what every server and store carries, and what each failure
// adds to it. Stores may be at rest or in motion; one in motion weighs, on every
// server and in every failure, the most that it weighs in any of its layouts.
type ledger struct {
	fleet  *load.Fleet
	levels []level // whose failures are added up
	limits *limits
	disk   int // resource, or -1

	stores  []holding
	carried []inventory.Amounts // by server
	slots   []int               // in use, by server
	taken   [][]takeover        // by server
}

// holding is what one store keeps where.
type holding struct {
	layouts [][]int32         // its servers; more than one layout while it is in motion
	load    inventory.Amounts // of all who are on it, arrive or have left something behind
}

// takeover is what one failure adds to one server.
type takeover struct {
	level, domain int32
	amounts       inventory.Amounts
}

// newLedger enters the stores at rest.
func newLedger(f *load.Fleet, levels []level, limits *limits, layout load.Layout, loads []inventory.Amounts) *ledger {
	l := &ledger{
		fleet: f, levels: levels, limits: limits, disk: f.Inventory.Disk(),
		stores:  make([]holding, len(layout)),
		carried: make([]inventory.Amounts, len(f.Capacity)),
		slots:   make([]int, len(f.Capacity)),
		taken:   make([][]takeover, len(f.Capacity)),
	}
	rest := slices.Clone(layout)
	for s := range layout {
		l.stores[s] = holding{layouts: rest[s : s+1 : s+1], load: loads[s]}
		l.add(int32(s), 1)
	}
	return l
}

// clone returns a copy with limits of its own that shares only what is never written.
func (l *ledger) clone(own *limits) *ledger {
	c := *l
	c.limits = own
	c.stores = slices.Clone(l.stores)
	c.carried = slices.Clone(l.carried)
	c.slots = slices.Clone(l.slots)
	c.taken = make([][]takeover, len(l.taken))
	for s := range l.taken {
		c.taken[s] = slices.Clone(l.taken[s])
	}
	return &c
}

// change replaces what the store keeps.
func (l *ledger) change(store int32, h holding) {
	l.add(store, -1)
	l.stores[store] = h
	l.add(store, 1)
}

// add enters the store's holding into all sums, or with sign -1 takes it out.
func (l *ledger) add(store int32, sign int64) {
	h := &l.stores[store]
	active, passive := h.load, l.passive(&h.load)
	for i, sites := range h.layouts {
		for at, s := range sites {
			if !slices.Contains(sites[:at], s) && !within(s, h.layouts[:i]) {
				l.weigh(h, s, sign, &active, &passive)
			}
		}
	}
	for i := range l.levels {
		l.addTakeovers(int32(i), h, sign, &active, &passive)
	}
}

func (l *ledger) passive(active *inventory.Amounts) inventory.Amounts {
	var passive inventory.Amounts
	for r, res := range l.fleet.Inventory.Resources {
		passive[r] = inventory.Times(active[r], res.Replica)
	}
	return passive
}

func within(s int32, layouts [][]int32) bool {
	for _, sites := range layouts {
		if slices.Contains(sites, s) {
			return true
		}
	}
	return false
}

// weigh enters the most that the holding weighs on one of its servers in any of
// its layouts.
func (l *ledger) weigh(h *holding, s int32, sign int64, active, passive *inventory.Amounts) {
	var most inventory.Amounts
	slots := 0
	for _, sites := range h.layouts {
		n := count(sites, s)
		slots = max(slots, n)
		masters := 0
		if n > 0 && load.Master(sites, l.fleet.Down) == s {
			masters = 1
		}
		for r := range l.fleet.Resources {
			most[r] = max(most[r], int64(masters)*active[r]+int64(n-masters)*passive[r])
		}
	}
	l.slots[s] += int(sign) * slots
	if !l.fleet.Down[s] {
		for r := range l.fleet.Resources {
			l.carried[s][r] += sign * most[r]
		}
	}
}

func count(sites []int32, s int32) int {
	n := 0
	for _, other := range sites {
		if other == s {
			n++
		}
	}
	return n
}

// addTakeovers enters what the holding adds to the server that takes it over
// when the domain of its master fails.
func (l *ledger) addTakeovers(level int32, h *holding, sign int64, active, passive *inventory.Amounts) {
	for i, sites := range h.layouts {
		domain, heir := l.heir(level, sites)
		if heir < 0 || slices.ContainsFunc(h.layouts[:i], func(other []int32) bool {
			d, s := l.heir(level, other)
			return d == domain && s == heir
		}) {
			continue
		}
		t := l.takeover(heir, level, domain)
		for _, r := range l.fleet.Failover {
			t.amounts[r] += sign * (active[r] - passive[r])
		}
		if t.amounts == (inventory.Amounts{}) {
			all := l.taken[heir]
			*t = all[len(all)-1]
			l.taken[heir] = all[:len(all)-1]
		}
	}
}

// heir returns the domain of the store's master, and the server that takes over
// when it fails; below 0 if none does.
func (l *ledger) heir(level int32, sites []int32) (domain, server int32) {
	of := l.levels[level].of
	domain = -1
	for _, s := range sites {
		switch {
		case l.fleet.Down[s]:
		case domain < 0:
			domain = of[s]
		case of[s] != domain:
			return domain, s
		}
	}
	return domain, -1
}

func (l *ledger) takeover(s, level, domain int32) *takeover {
	for i := range l.taken[s] {
		if t := &l.taken[s][i]; t.level == level && t.domain == domain {
			return t
		}
	}
	l.taken[s] = append(l.taken[s], takeover{level: level, domain: domain})
	return &l.taken[s][len(l.taken[s])-1]
}
