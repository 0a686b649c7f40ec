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

// weighs returns what an instance of the store weighs in the normal state.
func (p *problem) weighs(store int, in role) *inventory.Amounts {
	if in == master {
		return &p.fleet.Active[store]
	}
	return &p.fleet.Passive[store]
}

// A sort is a number of instances of one role that are nearly alike, in their mean.
type sort struct {
	role    role
	stores  []int
	count   float64   // for each holder
	amounts []float64 // what one weighs, by resource
	takes   []float64 // of each row of a [program]
	delta   []float64 // by failover resource
}

// detail says how finely a program tells instances apart: the most sorts of each
// role, and the most levels. In small fleets they are fewer, for there parts say
// little about instances that are whole.
type detail struct {
	sorts  [roles]int
	levels int
}

// Details of programs. The fine one gains a tenth of a percent on the bound where
// stores are many. Blueprints are no better for it.
var (
	coarse = detail{[roles]int{master: 24, first: 48, further: 12}, 32}
	fine   = detail{[roles]int{master: 48, first: 96, further: 24}, 48}
)

// manyStores is from where on the bound takes the fine detail, and storesPerSort
// how many stores there are at least for each sort or level.
const manyStores, storesPerSort = 5000, 4

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
		for _, group := range g.grouped(g.banded(stores, in), min(g.detail.sorts[in], 1+len(stores)/storesPerSort)) {
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

// grouped parts groups of stores by what they weigh, as a k-d tree does: it halves, again
// and again, the group that differs most in one resource.
func (g *program) grouped(start [][]int, most int) [][]int {
	type group struct {
		stores []int
		axis   int
		weight float64
	}
	measure := func(stores []int) group {
		out := group{stores: stores}
		for r := range g.fleet.Resources {
			if w := g.variation(stores, r); w > out.weight {
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

// variation is how much the stores of a group differ in the resource: the sum of
// the squares of what their weights differ from the mean, as parts of what the
// fleet carries. The sums are of whole numbers, so that the order does not matter.
func (g *program) variation(stores []int, r int) float64 {
	var sum, squares uint64
	scale := wholeWeight / float64(g.heaviest[r])
	for _, store := range stores {
		v := uint64(float64(g.fleet.Active[store][r]) * scale)
		sum += v
		squares += v * v
	}
	part := 1 / scale / g.weights[r]
	return (float64(squares) - float64(sum)*float64(sum)/float64(len(stores))) * part * part * g.importance[r]
}

// wholeWeight is the weight of the heaviest store in [program.variation]: millions of
// its squares add up to less than 2⁶⁴.
const wholeWeight = 1 << 20

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
	s := sort{role: in, stores: stores, takes: make([]float64, g.rows), delta: make([]float64, len(g.fleet.Failover))}
	sums := make([]int64, g.fleet.Resources)
	deltas := make([]int64, len(g.fleet.Failover))
	n := int64(0)
	for _, store := range stores {
		times := int64(g.instances(store, in))
		n += times
		amounts := g.weighs(store, in)
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
	s.amounts = make([]float64, len(sums))
	for r := range sums {
		s.amounts[r] = float64(sums[r]) / s.count
	}
	for j := range deltas {
		s.delta[j] = float64(deltas[j]) / s.count
	}
	g.fill(s.takes, s.amounts, s.delta)
	return s
}

// level is a limit to the Δ of what a server promotes: the largest is no less than
// low and no more than high.
type level struct{ low, high float64 }

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
