package bounds

import (
	"math"
	"math/bits"
	"slices"
	"sync"
)

// priced returns the price bound on the worst utilisation after the failure of
// one domain of the level, and 0 where there is none.
func (p *problem) priced(level int) float64 {
	d := coarse
	if len(p.live) >= manyStores {
		d = fine
	}
	g := newProgram(p, level, d)
	if g == nil {
		return 0
	}
	g.converge(g.least(), g.surrogate())
	return g.prove()
}

// prove returns the worst utilisation that the prices prove for the stores as
// they are. Costs are rounded down to whole numbers, so that their sum does not
// depend on the order.
func (g *program) prove() float64 {
	whole := math.Ldexp(1, 55-bits.Len(uint(len(g.holders)))) // the total is about the number of servers
	parts, priced := make([]int64, 2), make([]bool, 2)
	var wait sync.WaitGroup
	for i := range parts {
		wait.Go(func() {
			parts[i], priced[i] = g.costs(len(g.live)*i/len(parts), len(g.live)*(i+1)/len(parts), whole)
		})
	}
	wait.Wait()
	if slices.Contains(priced, false) {
		return g.lowest(0, math.Inf(1))
	}
	total := int64(0)
	for _, part := range parts {
		total += part
	}
	// Rounding is a part of the whole, in which T may have a small part: it is
	// taken off here.
	return g.lowest(0, float64(total)/whole/float64(len(g.holders))*slack)
}

// costs returns what the instances of some stores cost at least, in whole parts,
// unless there are prices of no place where one of them may lie.
func (g *program) costs(from, to int, whole float64) (total int64, priced bool) {
	one := g.newInstance()
	for store := from; store < to; store++ {
		for in := range roles {
			times := g.instances(store, in)
			if times == 0 {
				continue
			}
			g.read(one, store, in)
			cost := g.cheapest(one.takes, one.delta)
			if math.IsInf(cost, 1) {
				return 0, false
			}
			total += int64(times) * int64(math.Floor(cost*whole))
		}
	}
	return total, true
}

// lowest returns the least worst utilisation, at least lo, at which what the
// servers have room for is worth the total, or lo where that is far from anything
// that could be.
func (g *program) lowest(lo, total float64) float64 {
	room := make([]float64, g.rows)
	enough := func(t float64) bool { return g.offered(t, room) >= total }
	if enough(max(lo, tiny)) || !enough(absurd) {
		return lo
	}
	return least(max(lo, tiny), enough)
}

// Utilisations below and above those of any fleet.
const tiny, absurd = 1e-9, 1e6

// offered returns what the rooms of all servers are worth at the prices, +Inf if
// some level has become possible that has no prices.
func (g *program) offered(t float64, room []float64) float64 {
	var parts []float64
	for c := range g.classes {
		for _, i := range g.classes[c].models {
			most := 0.0
			for l, step := range g.levelsOf(c) {
				g.room(room, &g.kinds[i], t, g.by[c], step.low)
				switch {
				case slices.Min(room) < 0:
				case !g.usable[c][l]:
					return math.Inf(1)
				default:
					most = max(most, dot(g.pricesOf(SeatKind{c, l}), room))
				}
			}
			parts = append(parts, most*float64(len(g.kinds[i].servers))/float64(len(g.holders)))
		}
	}
	return sum(parts)
}

func dot(a, b []float64) float64 {
	total := 0.0
	for i, v := range a {
		total += v * b[i]
	}
	return total
}

// sortsCost returns what the demand of the sorts costs at the prices.
func (g *program) sortsCost() float64 {
	total := 0.0
	for i := range g.sorts {
		total += g.sorts[i].count * g.cheapest(g.sorts[i].takes, g.sorts[i].delta)
	}
	return total
}

// cheapest returns the least cost of an instance over classes and levels.
func (g *program) cheapest(takes, delta []float64) float64 {
	least := math.Inf(1)
	for c := range g.classes {
		for l, step := range g.levelsOf(c) {
			if g.usable[c][l] && delta[g.by[c]] <= step.high {
				least = min(least, dot(g.pricesOf(SeatKind{c, l}), takes))
			}
		}
	}
	return least
}
