package bounds

import "math"

// filler finds the most valuable way to fill a server with parts of sorts: the
// linear program
//
//	max Σ value·u   over   Σ takes·u ≤ room, u ≥ 0
//
// with a handful of rows, by the revised simplex method (Dantzig 1963). Rooms
// must not be negative, so that u = 0 is a start. Values and rooms should be of
// the order of 1.
type filler struct {
	rows    int
	takes   []float64 // rows for each sort
	value   []float64
	allowed []bool

	basis   []int32   // sorts, or ^row for the room of a row that is left
	inverse []float64 // of the basis
	parts   []float64 // of the basis
	prices  []float64 // of the rows
	edge    []float64
	moved   bool // the basis is not that of the solution before
}

func newFiller(rows int, takes []float64) *filler {
	return &filler{
		rows: rows, takes: takes, basis: make([]int32, rows), inverse: make([]float64, rows*rows),
		parts: make([]float64, rows), prices: make([]float64, rows), edge: make([]float64, rows),
	}
}

// solve returns the value of the best filling. The prices of the rows prove it:
// they are not negative, no allowed sort is worth more than they say, and the
// rooms at these prices are worth the value. It starts from the last basis if
// that fits the rooms.
func (k *filler) solve(room, value []float64, allowed []bool) float64 {
	k.value, k.allowed, k.moved = value, allowed, false
	if !k.again(room) {
		k.moved = true
		k.afresh(room)
	}
	k.climb()
	if !k.fits(room) {
		k.afresh(room)
		k.climb()
	}
	return k.prove(room)
}

// climb goes from basis to basis until no exchange is better.
func (k *filler) climb() {
	for step := range 60 * k.rows {
		k.findPrices()
		if enter, ok := k.enter(step > 20*k.rows); !ok || !k.exchange(enter) {
			return
		}
	}
}

// fits reports whether what is filled in fits the rooms, as it must but for the
// rounding of many pivots.
func (k *filler) fits(room []float64) bool {
	for row, most := range room {
		used := 0.0
		for r, m := range k.basis {
			if m >= 0 {
				used += k.parts[r] * k.takes[int(m)*k.rows+row]
			}
		}
		if used > most*(1+1e-9)+1e-12 {
			return false
		}
	}
	return true
}

// afresh begins with nothing filled in.
func (k *filler) afresh(room []float64) {
	clear(k.inverse)
	for r := range k.rows {
		k.basis[r], k.parts[r], k.inverse[r*k.rows+r] = ^int32(r), room[r], 1
	}
}

// again reports whether the last basis fits the rooms, and begins with it.
func (k *filler) again(room []float64) bool {
	if k.inverse[0] == 0 && k.basis[0] == 0 {
		return false // there is none
	}
	for r := range k.rows {
		part := 0.0
		for c, v := range room {
			part += k.inverse[r*k.rows+c] * v
		}
		if part < 0 || k.basis[r] >= 0 && !k.allowed[k.basis[r]] {
			return false
		}
		k.parts[r] = part
	}
	return true
}

// prove raises the prices until no allowed sort is worth more, against rounding
// and searches cut short.
func (k *filler) prove(room []float64) float64 {
	short := 1.0
	for r := range k.prices {
		k.prices[r] = max(0, k.prices[r])
	}
	for i, v := range k.value {
		if !k.allowed[i] || v <= 0 {
			continue
		}
		if cost := k.worth(i); cost < v {
			if cost <= 0 {
				return math.Inf(1)
			}
			short = max(short, v/cost)
		}
	}
	total := 0.0
	for r := range k.prices {
		k.prices[r] *= short
		total += k.prices[r] * room[r]
	}
	return total
}

// worth is what a sort costs at the prices.
func (k *filler) worth(i int) float64 {
	sum := 0.0
	for r, t := range k.takes[i*k.rows : i*k.rows+k.rows] {
		sum += k.prices[r] * t
	}
	return sum
}

func (k *filler) findPrices() {
	for c := range k.rows {
		p := 0.0
		for r, m := range k.basis {
			if m >= 0 {
				p += k.value[m] * k.inverse[r*k.rows+c]
			}
		}
		k.prices[c] = p
	}
}

// enter returns what to take into the basis: the sort that is worth most more
// than it costs, for what it is worth, or a row whose price is negative. Under
// Bland's rule, which does not go in circles, it is the first of these.
func (k *filler) enter(bland bool) (int32, bool) {
	best, at, ok := 1e-9, int32(0), false
	for i, v := range k.value {
		if !k.allowed[i] || v <= 0 {
			continue
		}
		if gain := 1 - k.worth(i)/v; gain > best {
			best, at, ok = gain, int32(i), true
			if bland {
				return at, true
			}
		}
	}
	if ok {
		return at, true
	}
	for r, p := range k.prices {
		if p < -1e-12 {
			return ^int32(r), true
		}
	}
	return 0, false
}

// exchange takes a member into the basis for the one that is used up first.
func (k *filler) exchange(enter int32) bool {
	n := k.rows
	for r := range n {
		e := 0.0
		if enter >= 0 {
			for c, t := range k.takes[int(enter)*n : int(enter)*n+n] {
				e += k.inverse[r*n+c] * t
			}
		} else {
			e = k.inverse[r*n+int(^enter)]
		}
		k.edge[r] = e
	}
	leave, least := leaves(k.parts, k.edge)
	if leave < 0 {
		return false
	}
	k.basis[leave], k.moved = enter, true
	pivot(k.inverse, k.parts, k.edge, leave, least)
	return true
}

// leaves returns the member of a basis that is used up first as one enters whose
// column is edge, and how much of that enters then; −1 if none is. Of those used
// up at nearly the same time it is the one with the largest pivot, for the sake
// of precision (Harris 1973).
func leaves(parts, edge []float64) (row int, step float64) {
	const slip, small = 1e-10, 1e-8
	limit := math.Inf(1)
	for r, e := range edge {
		if e > small {
			limit = min(limit, (max(0, parts[r])+slip)/e)
		}
	}
	row = -1
	for r, e := range edge {
		if e > small && max(0, parts[r])/e <= limit && (row < 0 || e > edge[row]) {
			row = r
		}
	}
	if row < 0 {
		return -1, 0
	}
	return row, max(0, parts[row]) / edge[row]
}

// pivot makes the row of the inverse that of the member that enters, whose column
// in terms of the basis is edge and whose part is step.
func pivot(inverse, parts, edge []float64, row int, step float64) {
	n := len(parts)
	line := inverse[row*n : row*n+n]
	for c := range line {
		line[c] /= edge[row]
	}
	for r, e := range edge {
		if r == row || e == 0 {
			continue
		}
		parts[r] -= e * step
		other := inverse[r*n : r*n+n]
		for c, v := range line {
			other[c] -= e * v
		}
	}
	parts[row] = step
}
