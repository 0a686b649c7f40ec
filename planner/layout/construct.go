package layout

import (
	"cmp"
	"math/rand/v2"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner/bounds"
)

// construct lays out the stores that are not fixed anew: first replicas, then
// masters. Further replicas stay where they are if they can. It returns nil where
// replicas find no place.
func (p *problem) construct(plan *bounds.Blueprint, abreast int, rng *rand.Rand) *state {
	c := p.newConstruction()
	if !c.placeReplicas(plan, abreast) {
		return nil
	}
	c.placeMasters(plan, rng)
	return newState(p, c.sites)
}

// newConstruction begins with the stores that are fixed.
func (p *problem) newConstruction() *construction {
	c := &construction{
		problem: p, sites: rows[int32](p.copies, 0), replica: make([]int32, len(p.start)),
		carried: make([]inventory.Amounts, len(p.target)), used: make([]int, len(p.target)),
		largest: make([]inventory.Amounts, len(p.target)), takes: make([][]take, len(p.target)),
	}
	for store, sites := range p.start {
		c.replica[store] = -1
		if p.fixed[store] {
			c.put(store, sites)
		}
	}
	return c
}

// construction is a layout that is being built.
type construction struct {
	*problem
	sites   [][]int32
	replica []int32             // server of the first replica of each store being laid out, or −1
	carried []inventory.Amounts // by server, with replicas whose masters are not placed yet
	used    []int
	largest []inventory.Amounts // by server and failover resource: the most that it promotes, as far as it is known
	takes   [][]take            // by server: the stores that it promotes, and their masters' servers
}

// put makes the list the sites of a store.
func (c *construction) put(store int, list []int32) {
	c.sites[store] = append(c.sites[store], list...)
	c.carry(store, list)
	if b, domain := c.promotes(c.peak.level, list); b >= 0 {
		c.takes[b] = append(c.takes[b], take{int32(store), domain})
		c.promise(b, c.promoted(c.takes[b], domain))
	}
}

// carry adds the store to what its servers carry.
func (c *construction) carry(store int, list []int32) {
	for at, server := range list {
		c.used[server]++
		if amounts := c.weighs(store, list, at); amounts != nil {
			c.carried[server].Add(amounts)
		}
	}
}

// hasRoom reports whether slots and ceilings in resources with ρ ≥ 1 leave room for
// an instance.
func (c *construction) hasRoom(server int32, amounts *inventory.Amounts) bool {
	if !c.hasSlot(server, 0) {
		return false
	}
	return !slices.ContainsFunc(c.fleet.Full, func(r int) bool {
		return c.carried[server][r]+amounts[r] > c.most[server][r]
	})
}

// hasSlot reports whether slots leave room for an instance beside those given.
func (c *construction) hasSlot(server int32, beside int) bool {
	slots := c.slots[server]
	return slots == inventory.Unlimited || c.used[server]+beside < slots
}

// promise raises the most that a server promotes.
func (c *construction) promise(b int32, sums inventory.Amounts) {
	for j, v := range sums {
		c.largest[b][j] = max(c.largest[b][j], v)
	}
}

// byDelta returns the stores to lay out that have a replica, largest Δ first, as a
// part of what all stores have of it.
func (c *construction) byDelta() []int {
	width := len(c.fleet.Failover)
	totals := make([]float64, width)
	for store := range c.sites {
		for j, v := range c.deltas(int32(store)) {
			totals[j] += float64(v)
		}
	}
	size := make([]float64, len(c.sites))
	var order []int
	for store := range c.sites {
		if c.fixed[store] || c.copies[store] < 2 {
			continue
		}
		order = append(order, store)
		for j, v := range c.deltas(int32(store)) {
			size[store] = max(size[store], float64(v)/max(totals[j], 1))
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(size[b], size[a]) })
	return order
}
