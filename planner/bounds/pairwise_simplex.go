package bounds

import (
	"math"
	"slices"
)

// pairwisePivots ends a solution that does not come to an end, as where servers and
// stores are all alike: so many pivots for each row.
const pairwisePivots = 12

// solve returns the highest bound that the prices on the way to the solution prove.
func (w *pairwise) solve() float64 {
	w.start()
	best := 0.0
	for n := range pairwisePivots * len(w.basis) {
		if n%200 == 0 && !w.refactor() {
			return best
		}
		w.findPrices()
		enter, gain, costs := w.enter()
		best = max(best, w.bound(costs))
		if gain <= 1e-10 || w.value()-best <= 1e-9*best || !w.exchange(enter) {
			break
		}
	}
	if w.passed() {
		return 0
	}
	return best
}

// passed reports whether limits are passed even in parts: then no layout keeps them,
// and there is nothing to bound.
func (w *pairwise) passed() bool {
	return slices.ContainsFunc(w.basis, func(c wayIn) bool { return c.kind == excess && w.parts[slices.Index(w.basis, c)] > 1e-6 })
}

// start begins with every store on its first list, which is today's where that may be.
func (w *pairwise) start() {
	m := len(w.lists) + len(w.prices)
	w.basis = make([]wayIn, m)
	w.parts, w.duals, w.edge = make([]float64, m), make([]float64, m), make([]float64, m)
	rows := make([]float64, len(w.prices))
	for store, lists := range w.lists {
		w.basis[store] = wayIn{kind: inParts, at: store}
		w.entries(store, lists[0], func(row int, v float64) { rows[row] += v })
	}
	busiest := 0
	for i, v := range rows {
		at := len(w.lists) + i
		w.basis[at] = wayIn{kind: unused, at: at}
		if i >= len(w.peaks) && v > w.right(at) {
			w.basis[at].kind = excess
		}
		if i < len(w.peaks) && v-w.right(at) > rows[busiest]-w.right(len(w.lists)+busiest) {
			busiest = i
		}
	}
	w.basis[len(w.lists)+busiest] = wayIn{kind: utilisation}
}

// right is the right side of a row: each store is somewhere, and limits are parts
// of the most. A little more, different for each row, keeps the method from going in
// circles.
func (w *pairwise) right(row int) float64 {
	little := 1e-8 * (1 + float64(row*7919%101)/101)
	switch i := row - len(w.lists); {
	case i < 0:
		return 1
	case i < len(w.peaks):
		return little
	}
	return 1 + little
}

// refactor computes the inverse of the basis anew. It reports whether there is one.
func (w *pairwise) refactor() bool {
	m := len(w.basis)
	a := make([]float64, m*m)
	for c, column := range w.basis {
		w.column(column, func(row int, v float64) { a[row*m+c] += v })
	}
	inverse := invert(a, m)
	if inverse == nil {
		return false
	}
	w.inverse = inverse
	for r := range m {
		w.parts[r] = 0
		for i := range m {
			w.parts[r] += inverse[r*m+i] * w.right(i)
		}
	}
	return true
}

// column tells the entries of a column.
func (w *pairwise) column(c wayIn, entry func(row int, v float64)) {
	switch c.kind {
	case inParts:
		entry(c.at, 1)
		w.entries(c.at, w.lists[c.at][c.list], func(row int, v float64) { entry(len(w.lists)+row, v) })
	case utilisation:
		for i := range w.peaks {
			entry(len(w.lists)+i, -1)
		}
	case unused:
		entry(c.at, 1)
	case excess:
		entry(c.at, -1)
	}
}

// findPrices reads the prices off the basis; none is below 0.
func (w *pairwise) findPrices() {
	m := len(w.basis)
	clear(w.duals)
	for r, c := range w.basis {
		cost := 0.0
		switch c.kind {
		case utilisation:
			cost = 1
		case excess:
			cost = dearest
		}
		if cost != 0 {
			for i, v := range w.inverse[r*m : r*m+m] {
				w.duals[i] += cost * v
			}
		}
	}
	for i := range w.prices {
		w.prices[i] = max(0, -w.duals[len(w.lists)+i])
	}
	w.findRates()
}

// value returns the objective: T, and what is passed of limits.
func (w *pairwise) value() float64 {
	total := 0.0
	for r, c := range w.basis {
		switch c.kind {
		case utilisation:
			total += w.parts[r]
		case excess:
			total += dearest * w.parts[r]
		}
	}
	return total
}

// enter returns the column that lowers the objective fastest, by how much a unit of it
// does, and what all stores cost on their cheapest lists.
func (w *pairwise) enter() (column wayIn, gain, costs float64) {
	offer := func(g float64, c wayIn) {
		if g > gain {
			column, gain = c, g
		}
	}
	for store := range w.lists {
		list, cost := w.cheapest(store)
		costs += cost
		offer(w.duals[store]-cost, wayIn{inParts, store, list})
	}
	for at := len(w.lists); at < len(w.duals); at++ {
		offer(w.duals[at], wayIn{kind: unused, at: at})
		if at >= len(w.lists)+len(w.peaks) {
			offer(-w.duals[at]-dearest, wayIn{kind: excess, at: at})
		}
	}
	return column, gain, costs
}

// exchange takes a column into the basis for the one that is used up first.
func (w *pairwise) exchange(enter wayIn) bool {
	m := len(w.basis)
	clear(w.edge)
	w.column(enter, func(row int, v float64) {
		for r := range m {
			w.edge[r] += w.inverse[r*m+row] * v
		}
	})
	leave, step := leaves(w.parts, w.edge)
	if leave < 0 || math.IsNaN(step) {
		return false
	}
	w.basis[leave] = enter
	pivot(w.inverse, w.parts, w.edge, leave, step)
	return true
}
