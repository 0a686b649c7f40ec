package bounds

import (
	"cmp"
	"encoding/binary"
	"slices"
)

// spreadOut returns the least T with T·C ≥ W + Σ G_b, where what b promotes is
// divided among the domains that can hit b, so that G_b is at least their mean: no
// server is hit by more than reach domains, hence Σ G_b ≥ Σ Δ / reach. It is 0 where
// no failure makes a server promote anything.
func (p *problem) spreadOut(level, r int) float64 {
	if reach := p.reach(level); reach > 0 {
		return p.evenly(r, float64(reach))
	}
	return 0
}

// grained returns the same where G_b is at least the largest Δ that b promotes, so
// that Σ G_b is at least the integral over t of the number of servers that promote a
// store with Δ > t, and that is at least the fewest servers with room for all of
// them ([grain.sum]). Room depends on T, so T is found by bisection.
func (p *problem) grained(level, r int) float64 {
	if p.reach(level) == 0 {
		return 0
	}
	weight, _ := p.totals(r)
	capacity := p.capacity(r)
	lo := weight / capacity
	g := p.newGrain(r)
	enough := func(t float64) bool { return t*capacity >= weight+g.sum(t) }
	if lo == 0 || enough(lo) {
		return lo
	}
	// Σ max Δ falls as t rises, so what it comes to at the lower end is above
	// the answer.
	return bisect(lo, (weight+g.sum(lo))/capacity, enough)
}

// evenly returns the utilisation at which all servers are full of the resource, with
// the mean of what is promoted where so many domains can make a server do so.
func (p *problem) evenly(r int, reach float64) float64 {
	weight, delta := p.totals(r)
	return (weight + delta/reach) / p.capacity(r)
}

// least returns, by bisection, the largest T below which enough never holds, at
// least lo. The answer errs downwards.
func least(lo float64, enough func(t float64) bool) float64 {
	if lo == 0 || enough(lo) {
		return lo
	}
	hi := 2 * lo
	for !enough(hi) {
		lo, hi = hi, 2*hi
	}
	return bisect(lo, hi, enough)
}

// bisect returns the lower end of a small interval, up to hi, in which enough
// begins to hold.
func bisect(lo, hi float64, enough func(t float64) bool) float64 {
	for range 50 {
		if hi-lo <= 1e-12*hi {
			break
		}
		if mid := (lo + hi) / 2; enough(mid) {
			hi = mid
		} else {
			lo = mid
		}
	}
	return lo
}

// reach returns the largest number of domains of the level whose failure can
// make one server promote something: those with a server that may carry a
// master, outside every domain that spread keeps apart from the server. Servers
// with the same domains at all those levels are looked at once.
//
// A server promotes only stores whose masters are on its partners, and these lie
// in at most as many domains as there are partners.
func (p *problem) reach(level int) int {
	of := p.fleet.Levels[level].Of
	seen := map[string]bool{}
	hit := make([]int, len(p.fleet.Levels[level].Domains)) // by domain: for which server it was counted last, from 1
	most := 0
	for n, b := range p.holders {
		key := p.signature(b, of)
		if seen[key] {
			continue
		}
		seen[key] = true
		count := 0
		for _, a := range p.holders {
			if hit[of[a]] != n+1 && of[a] != of[b] && !p.together(a, b) {
				hit[of[a]] = n + 1
				count++
			}
		}
		most = max(most, count)
		if len(p.apart) == 0 {
			break
		}
	}
	if p.scatter > 0 {
		most = min(most, p.scatter)
	}
	return most
}

// signature names the domains of the server at the levels that matter to reach.
// At level "server" every server fails alone and only the others count.
func (p *problem) signature(server int32, of []int32) string {
	key := make([]byte, 0, 16)
	if len(p.apart) > 0 && of[server] != p.fleet.Levels[0].Of[server] {
		key = binary.AppendVarint(key, int64(of[server]))
	}
	for _, level := range p.apart {
		key = binary.AppendVarint(key, int64(p.fleet.Levels[level].Of[server]))
	}
	return string(key)
}

// promotions returns the stores with Δ > 0 in the resource, largest Δ first.
func (p *problem) promotions(r int) []int {
	type item struct {
		delta int64
		store int
	}
	var items []item
	for store := range p.live {
		if d := p.delta(store, r); d > 0 {
			items = append(items, item{d, store})
		}
	}
	slices.SortFunc(items, func(a, b item) int { return cmp.Or(cmp.Compare(b.delta, a.delta), cmp.Compare(a.store, b.store)) })
	stores := make([]int, len(items))
	for i := range items {
		stores[i] = items[i].store
	}
	return stores
}

// grain are the stores that are promoted, and the space that their replicas take,
// made ready for many sums.
type grain struct {
	steps  []float64 // Δ_i − Δ_{i+1}, with the stores in decreasing order of Δ
	rooms  []room    // kinds of space; the first grows with T
	needs  [][]int64 // by kind of space: what the first i stores take
	widest int       // servers
}

func (p *problem) newGrain(r int) *grain {
	items := p.promotions(r)
	g := &grain{steps: make([]float64, len(items)), rooms: p.rooms(r), widest: len(p.holders)}
	for i, store := range items {
		next := int64(0)
		if i+1 < len(items) {
			next = p.delta(items[i+1], r)
		}
		g.steps[i] = float64(p.delta(store, r) - next)
	}
	for _, room := range g.rooms {
		need, sum := make([]int64, len(items)), int64(0)
		for i, store := range items {
			sum += room.demand(store)
			need[i] = sum
		}
		g.needs = append(g.needs, need)
	}
	return g
}

// sum returns the least Σ max Δ over layouts whose peak is at most t: the sum of
// (Δ_i − Δ_{i+1}) times the fewest servers that have room for the first replicas
// of the first i.
func (g *grain) sum(t float64) float64 {
	fewest := make([]int32, len(g.steps))
	for j, room := range g.rooms {
		scale := 1.0
		if j == 0 {
			scale = t
		}
		at := 0
		for i, need := range g.needs[j] {
			for at < len(room.sums) && scale*room.sums[at] < float64(need)*slack {
				at++
			}
			fewest[i] = max(fewest[i], int32(min(at+1, g.widest)))
		}
	}
	total := 0.0
	for i, step := range g.steps {
		total += step * float64(max(fewest[i], 1))
	}
	return total
}

// room is one kind of space that replicas take: the most that k servers offer,
// and what a store's replica asks for.
type room struct {
	sums   []float64 // sums[k−1]: the k largest servers together
	demand func(store int) int64
}

// rooms returns the kinds of space that limit where first replicas lie: the
// passive load that a peak of 1 leaves room for, the ceilings of resources with
// ρ ≥ 1, and slots.
func (p *problem) rooms(r int) []room {
	f := p.fleet
	passive := func(q int) func(int) int64 {
		return func(store int) int64 { return f.Passive[store][q] }
	}
	limits := func(limit func(server int32) float64) []float64 {
		values := make([]float64, len(p.holders))
		for i, s := range p.holders {
			values[i] = limit(s)
		}
		return runningSums(values)
	}
	rooms := []room{{limits(func(s int32) float64 { return f.Capacity[s][r] }), passive(r)}}
	for _, q := range f.Full {
		ceiling := f.Inventory.Resources[q].Ceiling
		rooms = append(rooms, room{limits(func(s int32) float64 { return ceiling * f.Capacity[s][q] }), passive(q)})
	}
	slots := func(s int32) float64 {
		if n := f.Inventory.Servers[s].Slots; n >= 0 {
			return float64(n)
		}
		return float64(len(f.Active))
	}
	return append(rooms, room{limits(slots), func(int) int64 { return 1 }})
}
