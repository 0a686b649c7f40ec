package bounds

import (
	"math"
	"math/bits"
	"slices"

	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/load"
)

// Copying bounds from below the bytes that lead from today's layout to one whose
// worst single-failure utilisation is at most t.
//
// Such a layout keeps, on every server b, rows of the form Σ weight ≤ limit over
// the instances on b: the load in each resource below its ceiling, the instances
// below the slots and, in each failover resource, U_b + G_b ≤ t·C_b. Of G_b it is
// used that it is no less than any mean of the Δ that b promotes, at most one of
// each failing domain at a time: of the stores whose first replica is on b today,
// each counts with the same part; where there are none, Σ Δ over all that b
// promotes is divided by the domains that can hit b. That is linear in where
// instances lie, so for any prices y ≥ 0 of the rows
//
//	bytes ≥ Σ_stores min (bytes + Σ y·weight) − Σ y·limit,
//
// where the minimum is over all ways to give the store's roles to the servers that
// have it now, at no bytes, or to others, at one copy each (Lagrange; Geoffrion
// 1974). An instance on another server costs at least its weights at the least
// prices of all servers. A role swap costs no bytes, and so does not count.
//
// The prices are raised by subgradients, each in steps of its own size (Duchi,
// Hazan and Singer 2011); whatever they have become, the bound holds. Those of one
// call are where the next one starts.
type Copying struct {
	*problem
	rows   int
	stores []copied
	limits []float64 // inverse of the limit, by holder and row; 0 where there is none
	seat   []int32   // holder of each server, or −1
	alike  []float64 // by holder: the part of each domain in G_b where all count alike, else 0
	scale  float64   // what a price is like, bytes

	prices    []float64 // by holder and row: of the whole limit
	slope     []float64 // of the bound, by price
	staying   []float64 // the slopes where every store stays as it is
	squares   []float64 // of the slopes so far, added up
	priced    []bool    // by holder
	floor     []float64 // by row: the least price of a unit of weight
	floorSeat []int32

	least     float64    // of the store looked at
	costs     []float64  // by role and place
	together  [2]float64 // by site of the first replica: what it costs more when the master is on the other
	now, best []int32
}

// copied is a store as far as its copies go.
type copied struct {
	store  int
	bytes  float64
	sites  []int32 // holders that may keep an instance, in today's order but for the first replica's
	roles  []role
	create bool // one instance is created, which copies nothing
	fixed  bool

	// For the first two sites: the part of the store's Δ in G_b when its first
	// replica is there and its master on the other of the two, or, if whole,
	// anywhere.
	part  [2]float64
	whole bool
}

// NewCopying makes the fleet ready for [Copying.Least].
func NewCopying(f *load.Fleet, opts LayoutOptions) *Copying {
	p := newProblem(f, opts)
	c := &Copying{problem: p, rows: f.Resources + len(f.Failover) + 1, seat: make([]int32, len(f.Capacity))}
	for i := range c.seat {
		c.seat[i] = -1
	}
	for i, s := range p.holders {
		c.seat[s] = int32(i)
	}
	c.limits = make([]float64, len(p.holders)*c.rows)
	for _, list := range []*[]float64{&c.prices, &c.slope, &c.staying, &c.squares} {
		*list = make([]float64, len(c.limits))
	}
	c.priced = make([]bool, len(p.holders))
	c.floor, c.floorSeat = make([]float64, c.rows), make([]int32, c.rows)
	bytes, instances := 0.0, 0
	for store := range p.live {
		if p.live[store] == 0 {
			continue
		}
		s := c.copied(store)
		c.stores = append(c.stores, s)
		bytes += s.bytes
		instances += len(s.roles)
	}
	c.findParts()
	c.scale = bytes / float64(max(len(c.stores), 1)) * float64(instances) / float64(max(len(p.holders), 1))
	return c
}

func (c *Copying) copied(store int) copied {
	st := &c.fleet.Inventory.Stores[store]
	s := copied{store: store, bytes: float64(c.fleet.DiskBytes(store)), create: len(c.today[store]) == 0, fixed: st.Pinned}
	for in := range roles {
		for range c.instances(store, in) {
			s.roles = append(s.roles, in)
		}
	}
	for i, server := range c.today[store] {
		at := c.seat[server]
		again := slices.Contains(c.today[store][:i], server)
		if at < 0 || !st.Pinned && (again || c.emptied[server] || !st.AllowedOn(&c.fleet.Inventory.Servers[server])) {
			continue
		}
		s.sites = append(s.sites, at)
	}
	if c.guarded[store] && len(s.sites) > 1 {
		// The first replica is the first instance on another server.
		if at := slices.IndexFunc(s.sites, func(holder int32) bool { return holder != s.sites[0] }); at > 0 {
			s.sites[1], s.sites[at] = s.sites[at], s.sites[1]
		}
	}
	return s
}

// findParts finds how much of each F[a→b] counts in G_b.
func (c *Copying) findParts() {
	type pair struct{ from, to int32 }
	common := map[pair]int{}
	promoted := make([]int, len(c.holders))
	pairs := func(do func(s *copied, a, b int32)) {
		for i := range c.stores {
			if s := &c.stores[i]; c.guarded[s.store] && len(s.sites) > 1 && s.sites[0] != s.sites[1] {
				do(s, s.sites[0], s.sites[1])
			}
		}
	}
	pairs(func(_ *copied, a, b int32) {
		common[pair{a, b}]++
		promoted[b]++
	})
	pairs(func(s *copied, a, b int32) {
		s.part[0] = float64(common[pair{b, a}]) / float64(max(promoted[a], 1))
		s.part[1] = float64(common[pair{a, b}]) / float64(max(promoted[b], 1))
		s.whole = common[pair{a, b}]+common[pair{b, a}] == 1
	})
	c.alike = make([]float64, len(c.holders))
	if reach := c.reach(0); reach > 0 {
		for i, n := range promoted {
			if n == 0 {
				c.alike[i] = 1 / float64(reach)
			}
		}
	}
}

// firstSteps are the sizes of the first step of a price, as parts of what a price is
// like, in rounds that each start from the best prices so far.
var firstSteps = [...]float64{0.3, 0.1, 0.03, 0.01}

// passes returns how often the prices are raised in a round: less often where there
// are many stores.
func (c *Copying) passes() int {
	const evaluations = 1_000_000
	return min(max(evaluations/max(len(c.stores), 1), 10), 200)
}

// Least returns the bound for the worst single-failure utilisation.
func (c *Copying) Least(worst float64) planner.Number {
	least := c.problem.bytes()
	if len(c.holders) == 0 || c.scale == 0 {
		return planner.Known(least)
	}
	c.limit(worst)
	c.stay()
	best, value := slices.Clone(c.prices), math.Inf(-1)
	for _, size := range firstSteps {
		clear(c.squares)
		copy(c.prices, best)
		for range c.passes() {
			if v := c.evaluate(); v > value {
				value = v
				copy(best, c.prices)
			}
			for i, g := range c.slope {
				if c.squares[i] += g * g; c.squares[i] > 0 {
					c.prices[i] = max(0, c.prices[i]+size*c.scale*g/math.Sqrt(c.squares[i]))
				}
			}
		}
	}
	copy(c.prices, best)
	return planner.Known(max(least, c.prove()))
}

// limit sets the limits of the rows.
func (c *Copying) limit(worst float64) {
	f := c.fleet
	for i, s := range c.holders {
		row := c.limits[i*c.rows : (i+1)*c.rows]
		set := func(at int, limit float64) {
			row[at] = 0
			if limit > 0 && limit < Unlimited {
				row[at] = 1 / limit
			}
		}
		for r, res := range f.Inventory.Resources {
			set(r, float64(Most(f.Capacity[s][r], res.Ceiling)))
		}
		for j, r := range f.Failover {
			set(f.Resources+j, float64(Most(f.Capacity[s][r], worst)))
		}
		set(c.rows-1, float64(f.Inventory.Servers[s].Slots))
	}
}

// weigh calls row with the weights that the store's instance in a role has on the
// holder when its master is on another one.
func (c *Copying) weigh(s *copied, in role, holder, mastered int32, row func(at int, weight float64)) {
	f := c.fleet
	amounts := c.weighs(s.store, in)
	part := 0.0
	if in == first && holder != elsewhere {
		part = c.alike[holder]
		for i := range min(2, len(s.sites)) {
			if s.sites[i] == holder && (s.whole || mastered != elsewhere && mastered == s.sites[1-i]) {
				part = max(part, s.part[i])
			}
		}
	}
	for r := range f.Resources {
		row(r, float64(amounts[r]))
	}
	for j, r := range f.Failover {
		row(f.Resources+j, float64(amounts[r])+part*float64(c.delta(s.store, r)))
	}
	row(c.rows-1, 1)
}

// elsewhere stands for a holder that has no instance of the store today.
const elsewhere = -1

// price returns what the store's instance in a role costs on the holder.
func (c *Copying) price(s *copied, in role, holder, mastered int32) float64 {
	total := 0.0
	c.weigh(s, in, holder, mastered, func(at int, weight float64) {
		if holder == elsewhere {
			total += weight * c.floor[at]
		} else if i := int(holder)*c.rows + at; c.prices[i] > 0 {
			total += weight * c.prices[i] * c.limits[i]
		}
	})
	return total
}

// enter adds the instances of the store to the slopes of the prices (sign 1) or
// takes them out (−1).
func (c *Copying) enter(slope []float64, s *copied, places []int32, sign float64) {
	for k, holder := range places {
		c.weigh(s, s.roles[k], holder, places[0], func(at int, weight float64) {
			i := int(holder)*c.rows + at
			if holder == elsewhere {
				i = int(c.floorSeat[at])*c.rows + at
			}
			slope[i] += sign * weight * c.limits[i]
		})
	}
}

// findFloor looks for the least prices of a unit of weight.
func (c *Copying) findFloor() {
	for at := range c.rows {
		c.floor[at], c.floorSeat[at] = math.Inf(1), 0
		for i := range c.holders {
			if y := c.prices[i*c.rows+at] * c.limits[i*c.rows+at]; y < c.floor[at] {
				c.floor[at], c.floorSeat[at] = y, int32(i)
			}
		}
	}
}

// stay sets the slopes of the prices where every store that may stays as it is.
func (c *Copying) stay() {
	for i, limit := range c.limits {
		c.staying[i] = 0
		if limit > 0 {
			c.staying[i] = -1
		}
	}
	for i := range c.stores {
		if s := &c.stores[i]; s.stays() {
			c.enter(c.staying, s, s.sites, 1)
		}
	}
}

// evaluate returns the bound at the present prices, roughly, and finds their
// slopes. A store on servers without prices stays as it is.
func (c *Copying) evaluate() float64 {
	c.findFloor()
	total := 0.0
	for i := range c.holders {
		c.priced[i] = false
		for at, y := range c.prices[i*c.rows : (i+1)*c.rows] {
			total -= y
			c.priced[i] = c.priced[i] || y > 0 && c.limits[i*c.rows+at] > 0
		}
	}
	copy(c.slope, c.staying)
	for i := range c.stores {
		s := &c.stores[i]
		stays := s.stays()
		if stays && !slices.ContainsFunc(s.sites, func(holder int32) bool { return c.priced[holder] }) {
			continue
		}
		least, places := c.cheapest(s)
		total += least
		if stays {
			if slices.Equal(places, s.sites) {
				continue
			}
			c.enter(c.slope, s, s.sites, -1)
		}
		c.enter(c.slope, s, places, 1)
	}
	return total
}

// cheapest returns the least cost of the store, and the holders of its roles then.
// Roles go to different servers; where there are many of them, each goes to the one
// that is cheapest for it alone, which costs no more.
func (c *Copying) cheapest(s *copied) (float64, []int32) {
	n := len(s.roles)
	c.now, c.best = slices.Grow(c.now[:0], n)[:n], slices.Grow(c.best[:0], n)[:n]
	c.costs = c.costs[:0]
	for k, in := range s.roles {
		for _, holder := range s.sites {
			c.costs = append(c.costs, c.price(s, in, holder, elsewhere))
		}
		more := c.price(s, in, elsewhere, elsewhere)
		if !s.create || k > 0 {
			more += s.bytes
		}
		c.costs = append(c.costs, more)
	}
	c.together = [2]float64{}
	if n > 1 && s.roles[1] == first && len(s.sites) > 1 {
		for i := range c.together {
			c.together[i] = c.price(s, first, s.sites[i], s.sites[1-i]) - c.costs[len(s.sites)+1+i]
		}
	}
	if s.fixed && s.stays() {
		total := c.together[1]
		for k := range n {
			total += c.costs[k*(n+1)+k]
			c.best[k] = s.sites[k]
		}
		return total, c.best
	}
	c.least = math.Inf(1)
	c.give(s, 0, 0)
	return c.least, c.best
}

// mostRoles is how many roles of a store are given to different servers.
const mostRoles = 3

// give gives the store's roles from the k-th on to servers; those before cost so
// much.
func (c *Copying) give(s *copied, k int, cost float64) {
	if cost >= c.least {
		return
	}
	if k == len(s.roles) {
		c.least = cost
		copy(c.best, c.now)
		return
	}
	width := len(s.sites) + 1
	costs := c.costs[k*width : (k+1)*width]
	if len(s.roles) > mostRoles {
		at := 0
		for i, v := range costs {
			if v < costs[at] {
				at = i
			}
		}
		c.now[k] = s.place(at)
		c.give(s, k+1, cost+costs[at])
		return
	}
	for i, v := range costs {
		if k == 1 && s.roles[k] == first && i < 2 && len(s.sites) > 1 && c.now[0] == s.sites[1-i] {
			v += c.together[i]
		}
		if holder := s.place(i); holder == elsewhere || !slices.Contains(c.now[:k], holder) {
			c.now[k] = holder
			c.give(s, k+1, cost+v)
		}
	}
}

// place returns the i-th holder that the store may go to: those of today, then any
// other.
func (s *copied) place(i int) int32 {
	if i < len(s.sites) {
		return s.sites[i]
	}
	return elsewhere
}

// stays reports whether the store may stay as it is.
func (s *copied) stays() bool { return len(s.sites) == len(s.roles) }

// prove returns what the prices prove. Costs and prices are rounded to whole
// numbers, so that their sums do not depend on the order, costs down and prices up.
func (c *Copying) prove() float64 {
	c.findFloor()
	most := 1.0
	for i := range c.stores {
		most += c.stores[i].bytes * float64(len(c.stores[i].roles))
	}
	for _, y := range c.prices {
		most += y
	}
	whole := math.Ldexp(1, 60-bits.Len64(uint64(most)))
	total := int64(0)
	for i, y := range c.prices {
		if c.limits[i] > 0 {
			total -= int64(math.Ceil(y * whole))
		}
	}
	for i := range c.stores {
		least, _ := c.cheapest(&c.stores[i])
		total += int64(math.Floor(least * slack * whole))
	}
	return max(0, math.Ceil(float64(total)/whole-most*1e-12))
}
