package bounds

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"github.com/interlacemail/interlace/inventory"
)

// role is what an instance is for: it decides what the instance weighs.
type role int

const (
	master  role = iota // L
	first               // ρ·L, and Δ when the master's domain fails
	further             // ρ·L
	roles
)

// instances counts the instances of a role that the store must have on holders.
func (p *problem) instances(store int, in role) int {
	live := p.live[store]
	switch {
	case live == 0:
		return 0
	case in == master:
		return 1
	case in == first && p.guarded[store]:
		return 1
	case in == first:
		return 0
	case p.guarded[store]:
		return live - 2
	}
	return live - 1
}

// A sort is a number of instances of one role that are nearly alike, in their mean.
type sort struct {
	role  role
	count float64   // for each holder
	takes []float64 // of each row of a [program]
	delta []float64 // by failover resource
}

// Most sorts of each role that a program has. In small fleets they are fewer, for
// there parts say little about instances that are whole.
var mostSorts = [roles]int{master: 24, first: 48, further: 12}

const storesPerSort = 4

// findSorts groups the instances of the stores.
func (g *program) findSorts() []sort {
	var out []sort
	for in := range roles {
		var stores []int
		for store := range g.live {
			if g.instances(store, in) > 0 {
				stores = append(stores, store)
			}
		}
		for _, group := range g.alike(g.banded(stores, in), min(mostSorts[in], 1+len(stores)/storesPerSort)) {
			out = append(out, g.sortOf(group, in))
		}
	}
	return out
}

// banded groups stores by the levels of their Δ.
func (g *program) banded(stores []int, in role) [][]int {
	if in != first {
		return [][]int{stores}
	}
	bands := map[[inventory.MaxResources]int][]int{}
	for _, store := range stores {
		var key [inventory.MaxResources]int
		for j, steps := range g.steps {
			d := float64(g.delta(store, g.fleet.Failover[j]))
			for key[j] < len(steps)-1 && d < steps[key[j]].low {
				key[j]++
			}
		}
		bands[key] = append(bands[key], store)
	}
	keys := slices.SortedFunc(maps.Keys(bands), func(a, b [inventory.MaxResources]int) int { return slices.Compare(a[:], b[:]) })
	var out [][]int
	for _, key := range keys {
		out = append(out, bands[key])
	}
	return out
}

// alike groups stores by what they weigh, as a k-d tree does: it halves, again
// and again, the group that differs most in one resource.
func (g *program) alike(start [][]int, most int) [][]int {
	type group struct {
		stores []int
		axis   int
		weight float64
	}
	measure := func(stores []int) group {
		out := group{stores: stores}
		for r := range g.fleet.Resources {
			if w := g.scatter(stores, r); w > out.weight {
				out.axis, out.weight = r, w
			}
		}
		return out
	}
	var groups []group
	for _, stores := range start {
		if len(stores) > 0 {
			groups = append(groups, measure(stores))
		}
	}
	for len(groups) > 0 && len(groups) < most {
		at := 0
		for i := range groups {
			if groups[i].weight > groups[at].weight {
				at = i
			}
		}
		if groups[at].weight <= 0 {
			break
		}
		low, high := g.cut(groups[at].stores, groups[at].axis)
		if len(low) == 0 || len(high) == 0 {
			groups[at].weight = 0
			continue
		}
		groups[at] = measure(low)
		groups = append(groups, measure(high))
	}
	out := make([][]int, len(groups))
	for i := range groups {
		out[i] = groups[i].stores
	}
	return out
}

// scatter is how much the stores of a group differ in the resource: the sum of
// the squares of what their weights, as parts of what the fleet carries, differ
// from the mean, in whole numbers so that it does not depend on the order.
func (g *program) scatter(stores []int, r int) float64 {
	var sum, squares float64
	values := make([]float64, len(stores))
	for i, store := range stores {
		values[i] = float64(g.fleet.Active[store][r]) / g.weights[r]
	}
	slices.Sort(values)
	for _, v := range values {
		sum += v
		squares += v * v
	}
	return (squares - sum*sum/float64(len(values))) * g.importance[r]
}

// cut parts a group at the mean of the resource.
func (g *program) cut(stores []int, r int) (low, high []int) {
	total := int64(0)
	for _, store := range stores {
		total += g.fleet.Active[store][r] / int64(len(stores))
	}
	for _, store := range stores {
		if g.fleet.Active[store][r] <= total {
			low = append(low, store)
		} else {
			high = append(high, store)
		}
	}
	return low, high
}

// sortOf returns the mean of the instances of a role of the stores.
func (g *program) sortOf(stores []int, in role) sort {
	s := sort{role: in, takes: make([]float64, g.rows), delta: make([]float64, len(g.fleet.Failover))}
	sums := make([]int64, g.fleet.Resources)
	deltas := make([]int64, len(g.fleet.Failover))
	n := int64(0)
	for _, store := range stores {
		times := int64(g.instances(store, in))
		n += times
		amounts := &g.fleet.Active[store]
		if in != master {
			amounts = &g.fleet.Passive[store]
		}
		for r := range sums {
			sums[r] += times * amounts[r]
		}
		if in == first {
			for j, r := range g.fleet.Failover {
				deltas[j] += g.delta(store, r)
			}
		}
	}
	s.count = float64(n)
	amounts := make([]float64, len(sums))
	for r := range sums {
		amounts[r] = float64(sums[r]) / s.count
	}
	for j := range deltas {
		s.delta[j] = float64(deltas[j]) / s.count
	}
	g.fill(s.takes, amounts, s.delta)
	return s
}

// level is a limit to the Δ of what a server promotes: it promotes something
// above low and nothing above high.
type level struct{ low, high float64 }

// mostLevels limits the levels that a program has.
const mostLevels = 32

// levels divides the Δ of the stores in failover resource j, the highest level
// first. What a level loses is its width, for every server on it, and servers are
// as many as the weight of what they promote asks for; the sum of width × weight
// over a given number of levels is least where each has an equal part of the
// integral of √(dΔ·dweight).
func (g *program) levels(j, most int) []level {
	var deltas []float64
	for store := range g.live {
		if d := g.delta(store, g.fleet.Failover[j]); d > 0 {
			deltas = append(deltas, float64(d))
		}
	}
	if len(deltas) == 0 {
		return []level{{0, math.Inf(1)}}
	}
	slices.SortFunc(deltas, func(a, b float64) int { return cmp.Compare(b, a) })
	most = min(most, 1+len(deltas)/storesPerSort)
	total := 0.0
	part := make([]float64, len(deltas)) // of the integral up to each
	for i := 1; i < len(deltas); i++ {
		total += math.Sqrt((deltas[i-1] - deltas[i]) * deltas[i])
		part[i] = total
	}
	var out []level
	for i, next := 0, 0.0; i < len(deltas); {
		from := i
		next += total / float64(most)
		for i < len(deltas) && (i == from || part[i] <= next || deltas[i] == deltas[i-1]) {
			i++
		}
		out = append(out, level{low: deltas[i-1], high: deltas[from]})
	}
	return append(out, level{0, 0})
}
