package bounds

// pattern is one way to fill a server of a class, at one level.
type pattern struct {
	class, level int32
	sorts        []int32
	parts        []float64
}

// patterns is the linear program over patterns (Gilmore and Gomory 1961): how
// many servers of each class to fill in which way, so that λ times the demand of
// every sort is met, λ as large as possible,
//
//	λ·demand_i ≤ Σ parts_ip·x_p,   Σ_{p of class c} x_p ≤ servers_c.
//
// The prices π of the sorts that solve its dual, min Σ servers_c·max_p π·parts_p
// over Σ π·demand = 1, are what is wanted; to find them in few rounds they are
// kept in a box around the best so far (Marsten, Hogan and Blankenship 1975),
// which in the program is a sort that may be bought and sold at the edges of its
// box. Revised simplex method with an explicit inverse.
type patterns struct {
	demand, servers []float64
	low, high       []float64 // the box
	list            []pattern

	basis   []int32 // indices in list, or one of the special columns
	in      map[int32]bool
	inverse []float64
	parts   []float64
	prices  []float64
	edge    []float64
	pivots  int // since the inverse was computed
}

// Special columns: λ, then for each row what is left of it, and what of its
// sort is bought and sold.
const scale int32 = -1

func spare(row int) int32  { return -2 - 3*int32(row) }
func bought(row int) int32 { return -3 - 3*int32(row) }
func sold(row int) int32   { return -4 - 3*int32(row) }

// rowOf returns the row of a special column other than scale.
func rowOf(column int32) int { return int(-2-column) / 3 }

func newPatterns(demand, servers []float64) *patterns {
	m := len(demand) + len(servers)
	x := &patterns{
		demand: demand, servers: servers, low: make([]float64, len(demand)), high: make([]float64, len(demand)),
		basis: make([]int32, m), in: map[int32]bool{}, inverse: make([]float64, m*m),
		parts: make([]float64, m), prices: make([]float64, m), edge: make([]float64, m),
	}
	for r := range x.basis {
		x.basis[r], x.inverse[r*m+r], x.parts[r] = spare(r), 1, x.room(r)
	}
	return x
}

// mostPivots ends a solution that does not come to an end, and mostRounding is after
// how many pivots the inverse is computed anew.
const mostPivots, mostRounding = 20_000, 100

// solve goes on from the last basis, which stays a start whatever was added to
// the list and wherever the box is.
func (x *patterns) solve() {
	for range mostPivots {
		if x.pivots >= mostRounding {
			x.refactor()
			x.pivots = 0
		}
		x.findPrices()
		if enter, ok := x.enter(); !ok || !x.exchange(enter) {
			return
		}
	}
}

// keepUsed forgets the patterns that are not in the basis.
func (x *patterns) keepUsed() {
	var used []pattern
	for r, column := range x.basis {
		if column >= 0 {
			x.basis[r] = int32(len(used))
			used = append(used, x.list[column])
		}
	}
	clear(x.in)
	for _, column := range x.basis {
		x.in[column] = true
	}
	x.list = used
}

// gain is what one unit of a column adds to the objective.
func (x *patterns) gain(column int32) float64 {
	if column == scale {
		return 1
	}
	if column >= 0 {
		return 0
	}
	switch row := rowOf(column); column {
	case bought(row):
		return -x.high[row]
	case sold(row):
		return x.low[row]
	}
	return 0
}

func (x *patterns) findPrices() {
	clear(x.prices)
	m := len(x.basis)
	for r, column := range x.basis {
		if g := x.gain(column); g != 0 {
			for i, v := range x.inverse[r*m : r*m+m] {
				x.prices[i] += g * v
			}
		}
	}
}

// objective is λ less what was bought and sold: the value of the dual within
// the box.
func (x *patterns) objective() float64 {
	v := 0.0
	for r, column := range x.basis {
		v += x.gain(column) * x.parts[r]
	}
	return v
}

func (x *patterns) enter() (int32, bool) {
	if !x.in[scale] {
		return scale, true
	}
	best, at, ok := 1e-10, int32(0), false
	offer := func(gain float64, column int32) {
		if gain > best && !x.in[column] {
			best, at, ok = gain, column, true
		}
	}
	for i := range x.list {
		p := &x.list[i]
		gain := -x.prices[len(x.demand)+int(p.class)]
		for k, s := range p.sorts {
			gain += x.prices[s] * p.parts[k]
		}
		offer(gain, int32(i))
	}
	for r, price := range x.prices {
		offer(-price, spare(r))
		if r < len(x.demand) {
			offer(price-x.high[r], bought(r))
			offer(x.low[r]-price, sold(r))
		}
	}
	return at, ok
}

// exchange takes a column into the basis for the one that is used up first.
func (x *patterns) exchange(enter int32) bool {
	x.findEdge(enter)
	leave, least := leaves(x.parts, x.edge)
	if leave < 0 {
		return false
	}
	delete(x.in, x.basis[leave])
	x.basis[leave] = enter
	x.in[enter] = true
	pivot(x.inverse, x.parts, x.edge, leave, least)
	x.pivots++
	return true
}

// findEdge expresses a column in terms of the basis.
func (x *patterns) findEdge(column int32) {
	clear(x.edge)
	m := len(x.basis)
	x.column(column, func(row int, v float64) {
		for r := range m {
			x.edge[r] += x.inverse[r*m+row] * v
		}
	})
}

// column tells the entries of a column.
func (x *patterns) column(column int32, entry func(row int, v float64)) {
	switch {
	case column == scale:
		for i, d := range x.demand {
			entry(i, d)
		}
	case column < 0:
		row := rowOf(column)
		if column == bought(row) {
			entry(row, -1)
		} else {
			entry(row, 1)
		}
	default:
		p := &x.list[column]
		for k, s := range p.sorts {
			entry(int(s), -p.parts[k])
		}
		entry(len(x.demand)+int(p.class), 1)
	}
}

// room is the right side of a row.
func (x *patterns) room(row int) float64 {
	if row < len(x.demand) {
		return 1e-8 * x.demand[row] * (1 + float64(row*7919%101)/101) // against circles
	}
	return x.servers[row-len(x.demand)]
}
