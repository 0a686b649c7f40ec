package bounds

import (
	"math"
	"slices"
)

// program is the linear program behind the price bound: servers of one class
// that promote nothing above a level are filled alike, with parts of instances.
//
// Take a layout whose worst utilisation is T, and describe every server b by its
// class and by the level in which the largest Δ that it promotes in resource
// by(class) lies. Then, for what b carries,
//
//	U_b + low(level) ≤ T·C_b in by(class),
//	U_b + Σ Δ / reach ≤ T·C_b in each failover resource,
//
// since G_b is at least the largest Δ and at least the mean over the domains that
// can hit b; the resources with ρ ≥ 1 keep their ceilings, and slots theirs; and b
// promotes nothing above high(level). These are the rows. A way to fill a server
// within them is a pattern, and the layout is a whole number of patterns; so T is
// possible only if patterns, in any parts, can meet the demand of all stores.
//
// The dual is the bound. Give every class and level prices y ≥ 0 of the rows.
// Then the cheapest place of every instance costs no more than its place in the
// layout, and what all servers carry costs no more than their rooms:
//
//	Σ_instances min_{class, level} y·takes ≤ Σ_b max_level y·room_b(T),
//
// where an instance that promotes Δ has only the levels with high ≥ Δ. That holds
// for any prices whatever, so they are found on a few sorts of stores and classes
// of servers, and then put to every store and server ([program.prove]).
type program struct {
	*problem
	detail     detail
	reach      float64
	rows       int       // a mean and a peak row for each failover resource, one for each other resource, slots
	unit       []float64 // of the rows: the mean room of a server
	weights    []float64 // by resource: what the fleet carries
	importance []float64 // by resource: how full it is
	heaviest   []int64   // by resource: what the heaviest store carries, at least 1

	kinds   []model
	classes []class
	by      []int     // by class: the failover resource, as an index in Failover, of its levels
	steps   [][]level // by failover resource
	sorts   []sort

	within  float64     // part of the ceilings of resources with ρ ≥ 1 that is used; the bound uses all
	fillers [][]*filler // by class and level
	prices  [][]float64 // by class and level
	usable  [][]bool    // by class and level: there are prices
}

// newProgram returns nil where no failure makes a server promote anything.
func newProgram(p *problem, of int, d detail) *program {
	f := p.fleet
	g := &program{problem: p, detail: d, within: 1, reach: float64(p.reach(of)), rows: 2*len(f.Failover) + len(f.Full) + 1}
	if g.reach == 0 || len(f.Failover) == 0 {
		return nil
	}
	g.weights, g.importance, g.heaviest = make([]float64, f.Resources), make([]float64, f.Resources), make([]int64, f.Resources)
	for r := range f.Resources {
		w, _ := p.totals(r)
		g.weights[r], g.importance[r], g.heaviest[r] = max(w, 1), w/p.capacity(r), 1
		for store := range p.live {
			g.heaviest[r] = max(g.heaviest[r], f.Active[store][r])
		}
	}
	g.kinds = p.models()
	g.classes = classes(g.kinds, f.Resources)
	g.unit = make([]float64, g.rows)
	for i := range g.unit {
		g.unit[i] = 1
	}
	mean, room := make([]float64, g.rows), make([]float64, g.rows)
	for i := range g.classes {
		g.room(room, &g.classes[i].model, 1, -1, 0)
		for r, v := range room {
			mean[r] += v * g.classes[i].count / float64(len(p.holders))
		}
	}
	g.unit = mean
	g.findBy()
	main := g.mainResource()
	for j := range f.Failover {
		switch {
		case j == main:
			g.steps = append(g.steps, g.levels(j, d.levels))
		case slices.Contains(g.by, j):
			g.steps = append(g.steps, g.levels(j, d.levels/4))
		default:
			g.steps = append(g.steps, []level{{0, math.Inf(1)}})
		}
	}
	g.sorts = g.findSorts()
	for i := range g.sorts {
		g.sorts[i].count /= float64(len(p.holders))
	}
	for i := range g.classes {
		g.classes[i].count /= float64(len(p.holders))
	}
	g.makeFillers()
	return g
}

// makeFillers begins without prices.
func (g *program) makeFillers() {
	var takes []float64
	for i := range g.sorts {
		takes = append(takes, g.sorts[i].takes...)
	}
	g.fillers, g.prices, g.usable = nil, nil, nil
	for c := range g.classes {
		var fillers []*filler
		for range g.levelsOf(c) {
			fillers = append(fillers, newFiller(g.rows, takes))
		}
		g.fillers = append(g.fillers, fillers)
		g.prices = append(g.prices, make([]float64, len(g.levelsOf(c))*g.rows))
		g.usable = append(g.usable, make([]bool, len(g.levelsOf(c))))
	}
}

// copy returns a program of the same fleet that shares nothing that changes.
func (g *program) copy() *program {
	c := *g
	c.makeFillers()
	return &c
}

// findBy gives each class the failover resource in which it is scarcest, next to
// the use of the fleet: that of the whole fleet, unless it has much more of that.
func (g *program) findBy() {
	main := g.mainResource()
	scarcity := func(c *class, j int) float64 {
		return g.importance[g.fleet.Failover[j]] * g.unit[j] / c.capacity[g.fleet.Failover[j]]
	}
	for i := range g.classes {
		by := main
		for j := range g.fleet.Failover {
			if scarcity(&g.classes[i], j) > 1.3*scarcity(&g.classes[i], by) {
				by = j
			}
		}
		g.by = append(g.by, by)
	}
}

// mainResource is the failover resource that is used most, with the means of what
// is promoted, as an index in Failover.
func (g *program) mainResource() int {
	main, most := 0, 0.0
	for j, r := range g.fleet.Failover {
		if t := g.evenly(r, g.reach); t > most {
			main, most = j, t
		}
	}
	return main
}

func (g *program) levelsOf(class int) []level { return g.steps[g.by[class]] }

// fill writes what an instance takes of each row.
func (g *program) fill(takes, amounts, delta []float64) {
	n := len(g.fleet.Failover)
	for j, r := range g.fleet.Failover {
		takes[j] = (amounts[r] + delta[j]/g.reach) / g.unit[j]
		takes[n+j] = amounts[r] / g.unit[n+j]
	}
	for j, r := range g.fleet.Full {
		takes[2*n+j] = amounts[r] / g.unit[2*n+j]
	}
	takes[g.rows-1] = 1 / g.unit[g.rows-1]
}

// instance is one instance: what it takes of each row, what it weighs by resource,
// and its Δ by failover resource.
type instance struct{ takes, amounts, delta []float64 }

func (g *program) newInstance() *instance {
	return &instance{make([]float64, g.rows), make([]float64, g.fleet.Resources), make([]float64, len(g.fleet.Failover))}
}

// read makes it an instance of the store in a role.
func (g *program) read(one *instance, store int, in role) {
	for r, amount := range g.weighs(store, in)[:g.fleet.Resources] {
		one.amounts[r] = float64(amount)
	}
	for j, r := range g.fleet.Failover {
		one.delta[j] = 0
		if in == first {
			one.delta[j] = float64(g.delta(store, r))
		}
	}
	g.fill(one.takes, one.amounts, one.delta)
}

// room writes how much of each row a server has at a worst utilisation of t: the
// peak row of failover resource by at a level that begins at low. Its other peak
// rows say no more than its mean rows.
func (g *program) room(room []float64, s *model, t float64, by int, low float64) {
	n := len(g.fleet.Failover)
	for j, r := range g.fleet.Failover {
		room[j] = t * s.capacity[r] / g.unit[j]
		room[n+j] = t * s.capacity[r] / g.unit[n+j]
		if j == by {
			room[n+j] -= low / g.unit[n+j]
		}
	}
	for j, r := range g.fleet.Full {
		room[2*n+j] = g.within * g.fleet.Inventory.Resources[r].Ceiling * s.capacity[r] / g.unit[2*n+j]
	}
	room[g.rows-1] = s.slots / g.unit[g.rows-1]
}

// evaluate finds the best patterns of all classes and levels at worst utilisation
// t for the given values of the sorts, keeps their prices, and returns what all
// servers are worth then, and the patterns: all, or those that are not the same
// as the last time.
func (g *program) evaluate(t float64, values []float64, all bool) (float64, []pattern) {
	room := make([]float64, g.rows)
	allowed := make([]bool, len(g.sorts))
	total := 0.0
	var found []pattern
	for c := range g.classes {
		most := 0.0
		for l, step := range g.levelsOf(c) {
			g.room(room, &g.classes[c].model, t, g.by[c], step.low)
			if g.usable[c][l] = slices.Min(room) >= 0; !g.usable[c][l] {
				continue
			}
			for i := range g.sorts {
				allowed[i] = g.sorts[i].delta[g.by[c]] <= step.high
			}
			k := g.fillers[c][l]
			most = max(most, k.solve(room, values, allowed))
			copy(g.pricesOf(SeatKind{c, l}), k.prices)
			if all || k.moved {
				found = append(found, k.pattern(c, l))
			}
		}
		total += most * g.classes[c].count
	}
	return total, found
}

func (k *filler) pattern(class, level int) pattern {
	p := pattern{class: int32(class), level: int32(level)}
	for r, m := range k.basis {
		if m >= 0 && k.parts[r] > 1e-12 {
			p.sorts, p.parts = append(p.sorts, m), append(p.parts, k.parts[r])
		}
	}
	return p
}
