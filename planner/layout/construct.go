package layout

import (
	"cmp"
	"math"
	"slices"

	"github.com/interlacemail/interlace/inventory"
)

// construct lays out the stores that are not fixed anew, by segregation: stores
// in decreasing order of Δ, servers filled one after the other up to a quota of
// replicas, so that each promotes stores of like size; then the masters, each on
// a server that has an instance of it already if that is good enough. The quota
// is share times the server's part of all replicas by its capacity.
func (s *search) construct(share float64) *state {
	c := &construction{
		search: s, share: share, state: newState(s.problem, make([][]int32, len(s.sites))),
		replica: make([]int32, len(s.sites)), largest: make([][inventory.MaxResources]int64, len(s.scores)),
		passive: make([]inventory.Amounts, len(s.scores)), count: make([]int, len(s.scores)),
	}
	for store, sites := range s.sites {
		c.replica[store] = -1
		if s.fixed[store] {
			c.state.commit(change{store, sites})
		}
	}
	c.placeReplicas()
	c.placeMasters()
	return c.state
}

type construction struct {
	*search
	share   float64
	state   *state
	replica []int32                         // server of the first replica of each store being laid out, or −1
	largest [][inventory.MaxResources]int64 // largest Δ that each server promotes
	passive []inventory.Amounts             // of replicas whose masters are not placed yet, by server
	count   []int                           // of those
}

// byDelta returns the stores to lay out that have a replica, largest Δ first.
func (c *construction) byDelta() []int {
	var order []int
	for _, store := range c.heaviestFirst() {
		if !c.fixed[store] && c.copies[store] >= 2 {
			order = append(order, store)
		}
	}
	return order
}

// bySize returns the servers that may receive instances, the largest first.
func (c *construction) bySize() []int32 {
	size := make([]float64, len(c.scores))
	for r := range c.fleet.Resources {
		total := 0.0
		for server := range size {
			total += c.fleet.Capacity[server][r]
		}
		for server := range size {
			size[server] += c.fleet.Capacity[server][r] / total
		}
	}
	order := slices.Clone(c.cold)
	slices.Sort(order)
	slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(size[b], size[a]) })
	return order
}

// placeReplicas fills servers in turn. A server is left for good when it has no
// room for the store at hand; one that merely must not hold this store is kept.
func (c *construction) placeReplicas() {
	servers := c.bySize()
	full := make([]bool, len(c.scores))
	quota := c.quotas(servers)
	for _, store := range c.byDelta() {
		for _, b := range servers {
			if full[b] || !c.may(store, b) {
				continue
			}
			if !c.room(store, b, &quota[b]) {
				full[b] = true
				continue
			}
			c.hold(store, b)
			break
		}
	}
}

// quotas returns by server the most that its replicas may weigh.
func (c *construction) quotas(servers []int32) []inventory.Amounts {
	f := c.fleet
	var passive, capacity [inventory.MaxResources]float64
	for store := range c.replica {
		for r := range f.Resources {
			passive[r] += float64(f.Passive[store][r]) * float64(max(c.copies[store]-1, 0))
		}
	}
	for _, b := range servers {
		for r := range f.Resources {
			capacity[r] += f.Capacity[b][r]
		}
	}
	quota := make([]inventory.Amounts, len(c.scores))
	for _, b := range servers {
		for r, res := range f.Inventory.Resources {
			fair := passive[r] * f.Capacity[b][r] / capacity[r]
			quota[b][r] = int64(math.Floor(min(res.Ceiling*f.Capacity[b][r], c.share*fair)))
		}
	}
	return quota
}

// room reports whether the replica of the store fits into the server's quota.
func (c *construction) room(store int, b int32, quota *inventory.Amounts) bool {
	f := c.fleet
	slots := f.Inventory.Servers[b].Slots
	if slots != inventory.Unlimited && c.state.used[b]+c.count[b] >= slots {
		return false
	}
	for r := range f.Resources {
		if c.passive[b][r]+f.Passive[store][r] > quota[r] {
			return false
		}
	}
	return true
}

// slice reports whether what b promotes when the server a fails stays within
// its largest store if the store's master is on a.
func (c *construction) slice(store int, a, b int32) bool {
	f := c.fleet
	for j, r := range f.Failover {
		sum := c.delta[store*len(f.Failover)+j]
		most := max(c.largest[b][r], sum)
		for _, other := range c.state.takes[0][b] {
			if c.state.sites[other][0] == a {
				sum += c.delta[int(other)*len(f.Failover)+j]
			}
		}
		if sum > most {
			return false
		}
	}
	return true
}

// hold gives the first replica of the store to the server.
func (c *construction) hold(store int, b int32) {
	f := c.fleet
	for _, r := range f.Failover {
		c.largest[b][r] = max(c.largest[b][r], f.Active[store][r]-f.Passive[store][r])
	}
	c.replica[store] = b
	c.passive[b].Add(&f.Passive[store])
	c.count[b]++
}

// placeMasters gives every store a master, the heaviest first, and completes
// the other instances as they were. A store that no server has room for stays
// without instances; repair takes it up.
func (c *construction) placeMasters() {
	for _, store := range c.heaviestFirst() {
		if c.fixed[store] || c.copies[store] == 0 {
			continue
		}
		b := c.replica[store]
		a := c.bestMaster(store, b)
		if a < 0 {
			continue
		}
		list := []int32{a}
		if b >= 0 {
			list = append(list, b)
			c.passive[b].Sub(&c.fleet.Passive[store])
			c.count[b]--
		}
		c.state.commit(change{store, c.withOthers(store, list)})
	}
}

// withOthers adds to the master and first replica the further replicas that the
// store has now, where they do not disturb the new ones.
func (c *construction) withOthers(store int, list []int32) []int32 {
	for _, server := range c.sites[store] {
		if len(list) >= c.copies[store] || slices.Contains(list, server) || c.drain[server] {
			continue
		}
		if longer := append(slices.Clone(list), server); c.shortage(store, longer) == 0 {
			list = longer
		}
	}
	return list
}

// bestMaster returns the server to put the store's master on when its first
// replica is on b (−1: it has none): one that has an instance already, as long
// as that leaves it within the goal; else one where the failure does not make b
// promote more than its largest store, and of those the one that is then least
// loaded; −1 if there is none with room.
func (c *construction) bestMaster(store int, b int32) int32 {
	for _, a := range c.sites[store] {
		if !c.may(store, a) || b >= 0 && (a == b || c.shortage(store, []int32{a, b}) > 0 || !c.slice(store, a, b)) {
			continue
		}
		if load, ok := c.loadWith(store, a); ok && load <= c.goal {
			return a
		}
	}
	best, bestLoad, bestFits := int32(-1), 0.0, false
	for i := range min(2*targetsTried, len(c.cold)) {
		a := c.cold[i]
		if len(c.cold) > 2*targetsTried {
			a = c.cold[c.rng.IntN(len(c.cold))]
		}
		if !c.may(store, a) || b >= 0 && (a == b || c.shortage(store, []int32{a, b}) > 0) {
			continue
		}
		load, ok := c.loadWith(store, a)
		if !ok {
			continue
		}
		fits := b < 0 || c.slice(store, a, b)
		if best < 0 || fits && !bestFits || fits == bestFits && load < bestLoad {
			best, bestLoad, bestFits = a, load, fits
		}
	}
	return best
}

// loadWith returns how full the server is after the failure that hits it worst
// when it gets the store's master, counting the replicas promised to it, and
// whether slots and ceilings in resources with ρ ≥ 1 leave room.
func (c *construction) loadWith(store int, a int32) (load float64, ok bool) {
	f := c.fleet
	slots := f.Inventory.Servers[a].Slots
	if slots != inventory.Unlimited && c.state.used[a]+c.count[a] >= slots {
		return 0, false
	}
	for r, res := range f.Inventory.Resources {
		amount := c.state.carried[a][r] + c.passive[a][r] + f.Active[store][r]
		if !res.Failover() {
			if f.Utilisation(int(a), r, amount) > res.Ceiling {
				return 0, false
			}
			continue
		}
		load = max(load, f.Utilisation(int(a), r, amount+c.largest[a][r]))
	}
	return load, true
}
