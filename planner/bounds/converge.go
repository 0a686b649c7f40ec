package bounds

import "slices"

// converge searches at rising worst utilisations, from t and values on, until the
// program says that the last one is the least that is possible, which it returns.
func (g *program) converge(t float64, values []float64) (float64, solution) {
	s := g.search(t, solution{values: values, primal: g.newPatterns()})
	for range 6 {
		next := g.lowest(t, g.sortsCost())
		if next < t*(1+1e-5) {
			break
		}
		t = next
		s = g.search(t, s)
	}
	return t, s
}

// least returns the worst utilisation at which all room of some resource is used,
// with the means of what is promoted.
func (g *program) least() float64 {
	t := 0.0
	for _, r := range g.fleet.Failover {
		t = max(t, g.evenly(r, g.reach))
	}
	return t
}

// solution is where the search for prices ended.
type solution struct {
	values []float64 // of the sorts
	primal *patterns
}

// Settings of the search for prices.
const (
	mostRounds = 120
	closeUp    = 1e-5 // difference of the program and its dual at which it ends
)

// newPatterns returns the linear program of the program's sorts and classes, without
// any pattern.
func (g *program) newPatterns() *patterns {
	demand, servers := make([]float64, len(g.sorts)), make([]float64, len(g.classes))
	for i := range demand {
		demand[i] = g.sorts[i].count
	}
	for c := range servers {
		servers[c] = g.classes[c].count
	}
	return newPatterns(demand, servers)
}

// search finds prices for a worst utilisation of t, which is no less than that of
// the solution it goes on from: patterns still fit servers that have more room. The
// program keeps the prices of the best values.
func (g *program) search(t float64, from solution) solution {
	x, values := from.primal, from.values
	best, found := g.evaluate(t, values, true)
	prices, usable := g.keep()
	x.keepUsed()
	x.list = append(x.list, found...)
	width, null := 0.1, 0
	for range mostRounds {
		for i, v := range values {
			x.low[i], x.high[i] = v*(1-width), v*(1+width)
		}
		x.solve()
		hoped := best - x.objective()
		if hoped < closeUp*best {
			break
		}
		next := make([]float64, len(values))
		for i := range next {
			next[i] = min(max(x.prices[i], x.low[i]), x.high[i])
		}
		worth, found := g.evaluate(t, g.worthOne(next), false)
		x.list = append(x.list, found...)
		switch {
		case worth < best-0.3*hoped:
			width, null = min(width*1.5, 0.9), 0
		case worth > best+hoped:
			if null++; null%8 == 0 {
				width *= 0.7
			}
		}
		if worth < best-0.05*hoped {
			best, values = worth, next
			prices, usable = g.keep()
		}
	}
	g.prices, g.usable = prices, usable
	return solution{values, x}
}

// surrogate returns the values of the sorts with which the program says the same
// as the sum over all servers: those of one row alone.
func (g *program) surrogate() []float64 {
	row := g.mainResource()
	values := make([]float64, len(g.sorts))
	for i := range values {
		values[i] = g.sorts[i].takes[row]
	}
	return g.worthOne(values)
}

// worthOne scales values so that the demand is worth 1.
func (g *program) worthOne(values []float64) []float64 {
	total := 0.0
	for i, v := range values {
		total += v * g.sorts[i].count
	}
	for i := range values {
		values[i] /= total
	}
	return values
}

// keep copies the prices.
func (g *program) keep() (prices [][]float64, usable [][]bool) {
	for c := range g.prices {
		prices, usable = append(prices, slices.Clone(g.prices[c])), append(usable, slices.Clone(g.usable[c]))
	}
	return prices, usable
}
