package layout

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/interlacemail/interlace/planner/bounds"
)

// masters places the masters of a construction.
type masters struct {
	*construction
	plan    *bounds.Blueprint
	rng     *rand.Rand
	kinds   []bounds.SeatKind
	of      []int     // by server: its kind, or −1
	servers [][]int32 // by kind
	regrets []float64 // by kind, for the store at hand

	group []int       // by store: its group in the blueprint
	left  [][]float64 // by group and kind: how many masters are still to go there; nil where kinds are too small for that
}

// placeMasters gives every store a master, the heaviest first, and completes the
// other instances as they were. A store that no server has room for stays
// without instances; repair takes it up.
func (c *construction) placeMasters(plan *bounds.Blueprint, rng *rand.Rand) {
	m := c.newMasters(plan, rng)
	for _, store := range c.fleet.HeaviestFirst() {
		if c.fixed[store] || c.copies[store] == 0 {
			continue
		}
		b := c.replica[store]
		a := m.place(store, b)
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
		if len(list) >= c.copies[store] || slices.Contains(list, server) || c.drain[server] || !c.welcome(list, -1, server) {
			continue
		}
		if longer := append(slices.Clone(list), server); c.shortage(store, longer) == 0 {
			list = longer
		}
	}
	return list
}

// seatsPerKind is how many servers of a kind there must be in the mean for the
// blueprint's masters to be dealt out kind by kind: among fewer servers parts of
// masters say little.
const seatsPerKind = 8

func (c *construction) newMasters(plan *bounds.Blueprint, rng *rand.Rand) *masters {
	m := &masters{construction: c, plan: plan, rng: rng, of: make([]int, len(c.target)), group: make([]int, len(c.start))}
	for i := range m.of {
		m.of[i] = -1
	}
	for i := range plan.Seats {
		s := &plan.Seats[i]
		if !c.target[s.Server] {
			continue
		}
		kind := slices.Index(m.kinds, s.Kind)
		if kind < 0 {
			kind = len(m.kinds)
			m.kinds, m.servers = append(m.kinds, s.Kind), append(m.servers, nil)
		}
		m.of[s.Server] = kind
		m.servers[kind] = append(m.servers[kind], s.Server)
	}
	m.regrets = make([]float64, len(m.kinds))
	if len(c.targets) >= seatsPerKind*len(m.kinds) {
		m.dealOut()
	}
	return m
}

// dealOut reads off how many masters of each group are to go to each kind.
func (m *masters) dealOut() {
	for g, group := range m.plan.Masters {
		for _, store := range group.Stores {
			m.group[store] = g
		}
		left := make([]float64, len(m.kinds))
		for i, kind := range group.Kinds {
			if k := slices.Index(m.kinds, kind); k >= 0 {
				left[k] = group.Counts[i]
			}
		}
		m.left = append(m.left, left)
	}
}

// place returns the server to put the store's master on when its first replica is
// on b (−1: it has none), or −1 where none has room: a server of the kind where
// most masters like it are still missing, or of any kind.
func (m *masters) place(store int, b int32) int32 {
	clear(m.regrets)
	if m.left != nil {
		left := m.left[m.group[store]]
		for range kindsTried {
			kind := slices.Index(left, slices.Max(left))
			if left[kind] <= 0 {
				break
			}
			if a := m.best(store, b, m.servers[kind]); a >= 0 {
				left[kind]--
				return a
			}
			left[kind] -= 0.5
		}
	}
	for i, kind := range m.kinds {
		m.regrets[i] = m.plan.Regret(kind, store)
	}
	return m.best(store, b, m.targets)
}

// kindsTried is how many kinds are looked at for each master, and mastersTried how
// many servers.
const kindsTried, mastersTried = 3, 48

// Weights of what placing a master costs: a regret of 1 % counts as much as the
// fill of a server that is 2 % higher, and an overshoot of b for as much as that
// much more load on 20 servers.
const (
	regretWeight    = 2 * fullness
	overshootWeight = 20
)

// best returns the server, of some of those given picked at random, where a master
// of the store costs least room, or −1.
func (m *masters) best(store int, b int32, servers []int32) int32 {
	best, least := int32(-1), 0.0
	for i := range min(mastersTried, len(servers)) {
		a := servers[i]
		if len(servers) > mastersTried {
			a = servers[m.rng.IntN(len(servers))]
		}
		if !m.may(store, a) || b >= 0 && (a == b || m.shortage(store, []int32{a, b}) > 0) || !m.hasRoom(a, &m.fleet.Active[store]) {
			continue
		}
		cost := m.loss(store, a) * math.Exp(regretWeight*m.regrets[m.of[a]])
		if b >= 0 && (best < 0 || cost < least) {
			cost += m.overshoot(store, a, b) / m.plan.Worst * overshootWeight * math.Exp(fullness)
		}
		if best < 0 || cost < least {
			best, least = a, cost
		}
	}
	return best
}

// fullness is how much steeper the loss of room is counted the fuller a server is.
const fullness = 150

// loss returns how much room is lost if the server gets the store's master, of
// every resource, and more where little is left: in a resource with ρ ≥ 1 below
// its ceiling, in the others below the blueprint's worst utilisation after the
// failure that hits the server worst.
func (m *masters) loss(store int, a int32) float64 {
	f, loss := m.fleet, 0.0
	more := &f.Active[store]
	for _, r := range f.Full {
		loss += filled(fullness, float64(m.carried[a][r]), float64(more[r]), max(float64(m.most[a][r]), 1))
	}
	for j, r := range f.Failover {
		loss += filled(fullness, float64(m.carried[a][r]+m.largest[a][j]), float64(more[r]), f.Capacity[a][r]*m.plan.Worst)
	}
	return loss
}

// filled returns by how much exp(steepness·part) rises when more is added to what
// fills a room.
func filled(steepness, now, more, room float64) float64 {
	return math.Exp(steepness*now/room) * math.Expm1(steepness*more/room)
}

// overshoot returns by how much b gets fuller, after the failure of a, than it is
// anyway, if the store's master is on a.
func (c *construction) overshoot(store int, a, b int32) float64 {
	sums := c.promoted(c.takes[b], c.fleet.Levels[c.levels[c.peak.level]].Of[a])
	worst := 0.0
	for j, v := range c.deltas(int32(store)) {
		worst = max(worst, float64(sums[j]+v-c.largest[b][j])/c.fleet.Capacity[b][c.fleet.Failover[j]])
	}
	return worst
}
