package moves

import (
	"cmp"
	"math/rand/v2"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner/load"
	"github.com/interlacemail/interlace/planner/transit"
)

// ailing is what breaks a rule today.
type ailing struct {
	servers map[int32]bool
	stores  map[int32]bool
}

func newAiling(f *load.Fleet, found transit.Breaches) ailing {
	b := ailing{servers: map[int32]bool{}, stores: map[int32]bool{}}
	for _, br := range found {
		if br.OfStore() {
			b.stores[br.Index] = true
		} else {
			b.servers[br.Index] = true
		}
	}
	for i := range f.Inventory.Servers {
		if f.Inventory.Servers[i].State == inventory.Drain {
			b.servers[int32(i)] = true
		}
	}
	for i := range f.Inventory.Stores {
		if f.Inventory.Stores[i].State == inventory.Drain {
			b.stores[int32(i)] = true
		}
	}
	return b
}

// Urgency of bundles that compete for room, most urgent first.
const (
	repairs   = iota // it relieves what breaks a rule today, or copies nothing
	frees            // it makes room where others wait for it
	exchanges        // it makes such room and takes some
	others
)

// preference says which of equally urgent bundles comes first.
type preference int

const (
	busiest preference = iota // the one whose busiest server has most work left
	longest                   // the one that lasts longest: waves are as long as their longest
	listed                    // the one that its plan lists first
)

// policy is one of several ways to fill waves.
type policy struct {
	prefer preference
	// blind takes all bundles for equally urgent.
	blind bool
	// dice, if not 0, seeds a random factor of up to two on what is preferred.
	dice uint64
	// inLine lets a bundle pass only after those that stand before it and bring
	// something to the same place. Where the order of the plan can be carried out
	// one by one, room is then never taken from the bundle whose turn it is.
	inLine bool
	// fewest gives a wave no more than the two bundles that its plan lists next.
	fewest bool
	// inTurn lets a plan begin when the one before it is done: what moved users
	// leave behind is then in nobody's way.
	inTurn bool
	// length, if not 0, is how many seconds of work a wave gives a place at most.
	length float64
}

// rank is how urgent a bundle is, and how much it is preferred.
type rank struct {
	urgency int
	weight  float64
}

// order returns the bundles that are waiting, most urgent first: by stage, then
// by urgency, then as preferred; or as they are listed.
func (c *chooser) order(waitingFor []int32) []int32 {
	switch {
	case c.policy.fewest:
		return slices.Clone(waitingFor[:min(2, len(waitingFor))])
	case c.policy.prefer == listed:
		return slices.Clone(waitingFor)
	}
	work := c.work(waitingFor)
	crowded := c.crowded(waitingFor)
	dice := rand.New(rand.NewPCG(c.policy.dice, uint64(len(waitingFor))))
	ranks := make([]rank, len(c.bundles))
	for _, i := range waitingFor {
		b := &c.bundles[i]
		if !c.policy.blind {
			ranks[i].urgency = c.urgency(b, crowded)
		}
		switch c.policy.prefer {
		case busiest:
			ranks[i].weight = c.busiest(b, work)
		case longest:
			ranks[i].weight = c.length(b)
		}
		if c.policy.dice != 0 {
			ranks[i].weight *= 1 + dice.Float64()
		}
	}
	order := slices.Clone(waitingFor)
	slices.SortFunc(order, func(a, b int32) int {
		return cmp.Or(
			cmp.Compare(c.bundles[a].stage, c.bundles[b].stage),
			cmp.Compare(ranks[a].urgency, ranks[b].urgency),
			cmp.Compare(ranks[b].weight, ranks[a].weight),
			cmp.Compare(a, b),
		)
	})
	return order
}

// work returns what remains to be done at each place, in seconds of all its units.
func (c *chooser) work(bundles []int32) []float64 {
	work := make([]float64, len(c.units))
	for _, i := range bundles {
		for _, t := range c.bundles[i].tasks {
			for _, p := range c.tasks[t].Places {
				if p >= 0 {
					work[p] += c.tasks[t].Seconds / float64(c.units[p])
				}
			}
		}
	}
	return work
}

// length returns how long the bundle's longest task lasts.
func (c *chooser) length(b *bundle) float64 {
	most := 0.0
	for _, t := range b.tasks {
		most = max(most, c.tasks[t].Seconds)
	}
	return most
}

func (c *chooser) busiest(b *bundle, work []float64) float64 {
	most := 0.0
	for _, t := range b.tasks {
		for _, p := range c.tasks[t].Places {
			if p >= 0 {
				most = max(most, work[p])
			}
		}
	}
	return most
}

// crowded reports the servers that have no room for all that is to come.
func (c *chooser) crowded(bundles []int32) []bool {
	slots := slices.Clone(c.during.Slots)
	disk := make([]int64, len(c.during.Carried))
	for _, i := range bundles {
		for j := range c.bundles[i].effects {
			e := &c.bundles[i].effects[j]
			c.bring(e, slots, disk)
		}
	}
	crowded := make([]bool, len(slots))
	for s := range crowded {
		server := &c.fleet.Inventory.Servers[s]
		crowded[s] = server.Slots != inventory.Unlimited && slots[s] > server.Slots
		if c.disk >= 0 {
			u := c.fleet.Utilisation(s, c.disk, c.during.Carried[s][c.disk]+disk[s])
			crowded[s] = crowded[s] || u > c.fleet.Inventory.Resources[c.disk].Ceiling
		}
	}
	return crowded
}

// bring adds what the effect takes up where it brings something.
func (c *chooser) bring(e *effect, slots []int, disk []int64) {
	if e.sign < 0 {
		return
	}
	amounts := &e.load
	if e.sign == 0 {
		amounts = &c.during.Stores[e.store].Load
	}
	for _, s := range e.after {
		if e.sign == 0 && slices.Contains(e.before, s) {
			continue
		}
		if e.sign == 0 {
			slots[s]++
		}
		if c.disk >= 0 {
			disk[s] += amounts[c.disk]
		}
	}
}

func (c *chooser) urgency(b *bundle, crowded []bool) int {
	if c.repairs(b) {
		return repairs
	}
	gives, takes := false, false
	for i := range b.effects {
		e := &b.effects[i]
		for _, s := range e.before {
			leaves := e.sign < 0 || e.sign == 0 && !slices.Contains(e.after, s)
			gives = gives || crowded[s] && leaves
		}
		for _, s := range e.after {
			comes := e.sign > 0 || e.sign == 0 && !slices.Contains(e.before, s)
			takes = takes || crowded[s] && comes
		}
	}
	switch {
	case gives && !takes:
		return frees
	case gives:
		return exchanges
	}
	return others
}

// repairs reports whether the bundle relieves what breaks a rule today, or
// copies nothing at all.
func (c *chooser) repairs(b *bundle) bool {
	if !b.copies {
		return true
	}
	for i := range b.effects {
		e := &b.effects[i]
		if e.sign < 0 && c.ailing.stores[e.store] || len(e.after) > len(e.before) || c.spreads(e) > 0 {
			return true
		}
		for at, s := range e.before {
			leaves := e.sign < 0 || e.sign == 0 && (!slices.Contains(e.after, s) || at == 0 && e.after[0] != s)
			if leaves && c.ailing.servers[s] {
				return true
			}
		}
	}
	return false
}

// spreads returns how many more failure domains the store occupies afterwards,
// over all levels of the rule.
func (c *chooser) spreads(e *effect) int {
	more := 0
	for _, sp := range c.fleet.Inventory.Spread {
		if level := c.fleet.Level(sp.Level); level >= 0 {
			of := c.fleet.Levels[level].Of
			more += domains(e.after, of) - domains(e.before, of)
		}
	}
	return more
}

func domains(sites, of []int32) int {
	n := 0
	for i, s := range sites {
		if !slices.ContainsFunc(sites[:i], func(o int32) bool { return of[o] == of[s] }) {
			n++
		}
	}
	return n
}
