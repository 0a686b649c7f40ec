package transit

import (
	"math"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner/load"
)

// Ledger adds up what every server and store carries, and what each failure
// adds to it. Stores may be at rest or in motion; one in motion weighs, on every
// server and in every failure, the most that it weighs in any of its layouts.
type Ledger struct {
	Fleet  *load.Fleet
	Levels []Level // whose failures are added up
	limits *Limits
	Disk   int // resource, or -1

	Stores  []Holding
	Carried []inventory.Amounts // by server
	Slots   []int               // in use, by server
	taken   [][]takeover        // by server
}

// Holding is what one store keeps where.
type Holding struct {
	Layouts [][]int32         // its servers; more than one layout while it is in motion
	From    []int32           // where it was before the motion; nil where Layouts begin with that
	Load    inventory.Amounts // of all who are on it, arrive or have left something behind
}

// takeover is what one failure adds to one server.
type takeover struct {
	level, domain int32
	amounts       inventory.Amounts
}

// NewLedger enters the stores at rest.
func NewLedger(f *load.Fleet, levels []Level, limits *Limits, layout load.Layout, loads []inventory.Amounts) *Ledger {
	l := &Ledger{
		Fleet: f, Levels: levels, limits: limits, Disk: f.Inventory.Disk(),
		Stores:  make([]Holding, len(layout)),
		Carried: make([]inventory.Amounts, len(f.Capacity)),
		Slots:   make([]int, len(f.Capacity)),
		taken:   make([][]takeover, len(f.Capacity)),
	}
	rest := slices.Clone(layout)
	for s := range layout {
		l.Stores[s] = Holding{Layouts: rest[s : s+1 : s+1], Load: loads[s]}
		l.add(int32(s), 1)
	}
	return l
}

// Clone returns a copy with limits of its own that shares only what is never written.
func (l *Ledger) Clone(own *Limits) *Ledger {
	c := *l
	c.limits = own
	c.Stores = slices.Clone(l.Stores)
	c.Carried = slices.Clone(l.Carried)
	c.Slots = slices.Clone(l.Slots)
	c.taken = make([][]takeover, len(l.taken))
	for s := range l.taken {
		c.taken[s] = slices.Clone(l.taken[s])
	}
	return &c
}

// Change replaces what the store keeps.
func (l *Ledger) Change(store int32, h Holding) {
	l.add(store, -1)
	l.Stores[store] = h
	l.add(store, 1)
}

// add enters the store's Holding into all sums, or with sign -1 takes it out.
func (l *Ledger) add(store int32, sign int64) {
	h := &l.Stores[store]
	active, passive := h.Load, l.Passive(&h.Load)
	for i, sites := range h.Layouts {
		for at, s := range sites {
			if !slices.Contains(sites[:at], s) && !within(s, h.Layouts[:i]) {
				l.weigh(h, s, sign, &active, &passive)
			}
		}
	}
	for i := range l.Levels {
		l.addTakeovers(int32(i), h, sign, &active, &passive)
	}
}

// Passive returns what a replica of so much weighs.
func (l *Ledger) Passive(active *inventory.Amounts) inventory.Amounts {
	var passive inventory.Amounts
	for r, res := range l.Fleet.Inventory.Resources {
		passive[r] = inventory.Times(active[r], res.Replica)
	}
	return passive
}

func within(s int32, Layouts [][]int32) bool {
	for _, sites := range Layouts {
		if slices.Contains(sites, s) {
			return true
		}
	}
	return false
}

// weigh enters the most that the Holding weighs on one of its servers in any of
// its layouts.
func (l *Ledger) weigh(h *Holding, s int32, sign int64, active, passive *inventory.Amounts) {
	var most inventory.Amounts
	slots := 0
	for _, sites := range h.Layouts {
		n := count(sites, s)
		slots = max(slots, n)
		masters := 0
		if n > 0 && load.Master(sites, l.Fleet.Down) == s {
			masters = 1
		}
		for r := range l.Fleet.Resources {
			most[r] = max(most[r], int64(masters)*active[r]+int64(n-masters)*passive[r])
		}
	}
	if l.Disk >= 0 {
		most[l.Disk] = min(most[l.Disk], l.diskOfLeaver(h, s, active, passive))
	}
	l.Slots[s] += int(sign) * slots
	if !l.Fleet.Down[s] {
		for r := range l.Fleet.Resources {
			l.Carried[s][r] += sign * most[r]
		}
	}
}

// diskOfLeaver returns the most disk that an instance takes which the motion ends: what
// it took before. A replica may take more than a master, but not from one moment to the
// next, and a master that becomes one on its way out has no more than that.
func (l *Ledger) diskOfLeaver(h *Holding, s int32, active, passive *inventory.Amounts) int64 {
	from := h.From
	if from == nil {
		from = h.Layouts[0]
	}
	if slices.Contains(h.Layouts[len(h.Layouts)-1], s) || load.Master(from, l.Fleet.Down) != s {
		return math.MaxInt64
	}
	return active[l.Disk] + int64(count(from, s)-1)*passive[l.Disk]
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

// addTakeovers enters what the Holding adds to the server that takes it over
// when the domain of its master fails.
func (l *Ledger) addTakeovers(level int32, h *Holding, sign int64, active, passive *inventory.Amounts) {
	for i, sites := range h.Layouts {
		domain, heir := l.heir(level, sites)
		if heir < 0 || slices.ContainsFunc(h.Layouts[:i], func(other []int32) bool {
			d, s := l.heir(level, other)
			return d == domain && s == heir
		}) {
			continue
		}
		t := l.takeover(heir, level, domain)
		for _, r := range l.Fleet.Failover {
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
func (l *Ledger) heir(level int32, sites []int32) (domain, server int32) {
	of := l.Levels[level].of
	domain = -1
	for _, s := range sites {
		switch {
		case l.Fleet.Down[s]:
		case domain < 0:
			domain = of[s]
		case of[s] != domain:
			return domain, s
		}
	}
	return domain, -1
}

func (l *Ledger) takeover(s, level, domain int32) *takeover {
	for i := range l.taken[s] {
		if t := &l.taken[s][i]; t.level == level && t.domain == domain {
			return t
		}
	}
	l.taken[s] = append(l.taken[s], takeover{level: level, domain: domain})
	return &l.taken[s][len(l.taken[s])-1]
}
