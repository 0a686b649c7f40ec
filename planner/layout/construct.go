package layout

import (
	"cmp"
	"math/rand/v2"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner/bounds"
)

// construct lays out the stores that are not fixed anew, by segregation: stores
// in decreasing order of Δ, seats of the blueprint filled one after the other, so
// that each server promotes stores of like size; then the masters, the heaviest
// first, each on the least loaded of some servers. Further replicas stay where
// they are if they can. It returns nil where replicas find no place.
func (p *problem) construct(plan *bounds.Blueprint, rng *rand.Rand) *state {
	c := p.newConstruction()
	c.rng = rng
	if !c.placeReplicas(plan) {
		return nil
	}
	c.plan, c.seat = plan, make([]int, len(p.target))
	for i := range plan.Seats {
		c.seat[plan.Seats[i].Server] = i
	}
	c.placeMasters()
	return newState(p, c.sites)
}

// newConstruction begins with the stores that are fixed.
func (p *problem) newConstruction() *construction {
	c := &construction{
		problem: p, sites: make([][]int32, len(p.start)), replica: make([]int32, len(p.start)),
		carried: make([]inventory.Amounts, len(p.target)), used: make([]int, len(p.target)),
		largest: make([]inventory.Amounts, len(p.target)), takes: make([][]take, len(p.target)),
	}
	for store, sites := range p.start {
		c.replica[store] = -1
		if p.fixed[store] {
			c.put(store, sites)
		}
	}
	for b, ok := range p.target {
		if ok {
			c.targets = append(c.targets, int32(b))
		}
	}
	return c
}

// construction is a layout that is being built.
type construction struct {
	*problem
	rng     *rand.Rand
	targets []int32
	plan    *bounds.Blueprint
	seat    []int // by server
	sites   [][]int32
	replica []int32             // server of the first replica of each store being laid out, or −1
	carried []inventory.Amounts // by server, with replicas whose masters are not placed yet
	used    []int
	largest []inventory.Amounts // by server and failover resource: the largest Δ that it promotes
	takes   [][]take            // by server: the stores that it promotes, and their masters' servers
}

// put makes the list the sites of a store.
func (c *construction) put(store int, list []int32) {
	c.sites[store] = slices.Clone(list)
	for at, server := range list {
		c.used[server]++
		if amounts := c.weighs(store, list, at); amounts != nil {
			c.carried[server].Add(amounts)
		}
	}
	if b, a := c.promotes(0, list); b >= 0 {
		c.promise(store, b)
		c.takes[b] = append(c.takes[b], take{int32(store), a})
	}
}

// promise raises the largest Δ of a server to that of the store.
func (c *construction) promise(store int, b int32) {
	for j, v := range c.deltas(store) {
		c.largest[b][j] = max(c.largest[b][j], v)
	}
}

// deltas returns the Δ of the store by failover resource.
func (p *problem) deltas(store int) []int64 {
	width := len(p.fleet.Failover)
	return p.delta[store*width : store*width+width]
}

// byDelta returns the stores to lay out that have a replica, largest Δ first, as a
// part of what all stores have of it.
func (c *construction) byDelta() []int {
	width := len(c.fleet.Failover)
	totals := make([]float64, width)
	for store := range c.sites {
		for j, v := range c.deltas(store) {
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
		for j, v := range c.deltas(store) {
			size[store] = max(size[store], float64(v)/max(totals[j], 1))
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(size[b], size[a]) })
	return order
}

// placeReplicas fills the seats in turn. Quotas are stretched as far as it takes
// to place all stores.
func (c *construction) placeReplicas(plan *bounds.Blueprint) bool {
	order := c.byDelta()
	seats := make([]int32, len(order))
	enough := func(stretch float64) bool { return c.fill(plan, order, stretch, seats) }
	low, high := 0.9, 1.0
	for !enough(high) {
		if low, high = high, high+0.1; high > 1.6 {
			return false
		}
	}
	for high-low > 0.002 {
		if mid := (low + high) / 2; enough(mid) {
			high = mid
		} else {
			low = mid
		}
	}
	enough(high)
	for i, store := range order {
		c.hold(store, plan.Seats[seats[i]].Server)
	}
	return true
}

// fill gives every store in turn the first seat that is not full, and reports
// whether all find one.
func (c *construction) fill(plan *bounds.Blueprint, order []int, stretch float64, seats []int32) bool {
	cost := make([]float64, len(plan.Seats))
	used := make([]int, len(plan.Seats))
	full := make([]inventory.Amounts, len(plan.Seats))
	first := 0
	for n, store := range order {
		seats[n] = -1
		for i := first; i < len(plan.Seats) && seats[n] < 0; i++ {
			b := plan.Seats[i].Server
			more, _ := plan.Cost(i, store)
			if cost[i]+more/2 > plan.Seats[i].Quota*stretch || !c.fits(store, b, used[i], &full[i]) {
				if i == first {
					first++
				}
				continue
			}
			if !c.may(store, b) {
				continue
			}
			cost[i] += more
			used[i]++
			full[i].Add(&c.fleet.Passive[store])
			seats[n] = int32(i)
		}
		if seats[n] < 0 {
			return false
		}
	}
	return true
}

// fits reports whether a replica of the store has a slot and room beside what the
// server carries and the given replicas.
func (c *construction) fits(store int, b int32, used int, more *inventory.Amounts) bool {
	if slots := c.fleet.Inventory.Servers[b].Slots; slots != inventory.Unlimited && c.used[b]+used >= slots {
		return false
	}
	for r := range c.fleet.Resources {
		if c.carried[b][r]+more[r]+c.fleet.Passive[store][r] > c.most[b][r] {
			return false
		}
	}
	return true
}

// hold gives the first replica of the store to the server.
func (c *construction) hold(store int, b int32) {
	c.replica[store] = b
	c.carried[b].Add(&c.fleet.Passive[store])
	c.used[b]++
	c.promise(store, b)
}

// mastersTried is how many servers are looked at for each master.
const mastersTried = 64

// placeMasters gives every store a master, the heaviest first, and completes the
// other instances as they were. A store that no server has room for stays
// without instances; repair takes it up.
func (c *construction) placeMasters() {
	for _, store := range c.heaviestFirst() {
		if c.fixed[store] || c.copies[store] == 0 {
			continue
		}
		b := c.replica[store]
		a := c.bestMaster(store, b)
		if b >= 0 {
			c.carried[b].Sub(&c.fleet.Passive[store])
			c.used[b]--
		}
		if a < 0 {
			continue
		}
		list := []int32{a}
		if b >= 0 {
			list = append(list, b)
		}
		c.put(store, c.withOthers(store, list))
	}
}

// withOthers adds to the master and first replica the further replicas that the
// store has now, where they do not disturb the new ones.
func (c *construction) withOthers(store int, list []int32) []int32 {
	for _, server := range c.start[store] {
		if len(list) >= c.copies[store] || slices.Contains(list, server) || c.drain[server] || c.links != nil && !c.welcome(list, -1, server) {
			continue
		}
		if longer := append(slices.Clone(list), server); c.shortage(store, longer) == 0 {
			list = longer
		}
	}
	return list
}

// bestMaster returns the server to put the store's master on when its first
// replica is on b (−1: it has none): the one that is then least loaded, with what
// b must promote more; −1 if there is none with room.
func (c *construction) bestMaster(store int, b int32) int32 {
	best, least := int32(-1), 0.0
	for i := range min(mastersTried, len(c.targets)) {
		a := c.targets[i]
		if len(c.targets) > mastersTried {
			a = c.targets[c.rng.IntN(len(c.targets))]
		}
		if !c.may(store, a) || b >= 0 && (a == b || c.shortage(store, []int32{a, b}) > 0) {
			continue
		}
		load, ok := c.loadWith(store, a)
		if !ok {
			continue
		}
		load *= 1 + c.plan.Regret(c.seat[a], store)
		if best >= 0 && load >= least {
			continue
		}
		if b >= 0 {
			load += c.overshoot(store, a, b)
		}
		if best < 0 || load < least {
			best, least = a, load
		}
	}
	return best
}

// loadWith returns how full the server is after the failure that hits it worst
// when it gets the store's master, and whether slots and ceilings in resources
// with ρ ≥ 1 leave room.
func (c *construction) loadWith(store int, a int32) (load float64, ok bool) {
	f := c.fleet
	if slots := f.Inventory.Servers[a].Slots; slots != inventory.Unlimited && c.used[a] >= slots {
		return 0, false
	}
	for _, r := range f.Full {
		if c.carried[a][r]+f.Active[store][r] > c.most[a][r] {
			return 0, false
		}
	}
	for j, r := range f.Failover {
		load = max(load, float64(c.carried[a][r]+f.Active[store][r]+c.largest[a][j])/f.Capacity[a][r])
	}
	return load, true
}

// overshoot returns by how much b gets fuller, after the failure of a, than its
// largest store makes it, if the store's master is on a.
func (c *construction) overshoot(store int, a, b int32) float64 {
	var sums inventory.Amounts
	for _, t := range c.takes[b] {
		if t.domain == c.fleet.Levels[0].Of[a] {
			for j, v := range c.deltas(int(t.store)) {
				sums[j] += v
			}
		}
	}
	worst := 0.0
	for j, v := range c.deltas(store) {
		worst = max(worst, float64(sums[j]+v-c.largest[b][j])/c.fleet.Capacity[b][c.fleet.Failover[j]])
	}
	return worst
}
