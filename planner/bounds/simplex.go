package bounds

import (
	"cmp"
	"math"
	"slices"
)

// simplex finds the best prices of a [Cover] with several needs. Along a line
// of prices the bound is concave and bends where an item becomes worth its cost;
// at its top k items or unused resources lie on the bend, the basis. The dual
// simplex method goes from basis to basis: where the basis asks for a part of an
// item below 0 or above 1, or leaves a need unmet, the prices move along the
// edge on which only that one gets off the bend, as far as the bound rises,
// past as many other bends as it takes (the long step of Fourer 1994).
//
// Weights are in units of the needs, so that all needs are 1, or 0 where there is
// nothing to take.
type simplex struct {
	*Cover
	unit  []float64 // weights, k for each item
	upper []bool    // items taken whole
	sum   []int64   // weight of these
	basis []int32   // items, or ^r for the unused part of resource r
	parts []float64 // of the basis
	edge  []float64 // how prices change along the edge
	lines [][]float64
	steps []bend
}

// bend is where along an edge an item, or the price of resource ^item, reaches
// the bend.
type bend struct {
	at   float64
	item int32
}

// tolerance is how far a part may be out of bounds.
const tolerance = 1e-9

// solve sets the prices of the cover.
func (s *simplex) solve(c *Cover) {
	s.Cover = c
	s.start()
	for range 40 + 20*c.k {
		if !s.findParts() {
			break
		}
		row, slope, sign := s.worst()
		if row < 0 || !s.findEdge(row, sign) || !s.follow(row, slope, sign) {
			break
		}
	}
	for r := range c.Prices {
		c.Prices[r] = max(0, c.Prices[r]) / float64(max(c.need[r], 1))
	}
}

// start begins with all prices 0 and nothing taken.
func (s *simplex) start() {
	n, k := len(s.cost), s.k
	s.unit = resize(s.unit, n*k)
	for i := range s.unit {
		s.unit[i] = float64(s.load[i]) / float64(max(s.need[i%k], 1))
	}
	s.upper = resize(s.upper, n)
	clear(s.upper)
	s.sum = resize(s.sum, k)
	clear(s.sum)
	s.parts, s.edge, s.basis = resize(s.parts, k), resize(s.edge, k), resize(s.basis, k)
	s.lines = resize(s.lines, k)
	for r := range s.basis {
		s.basis[r] = ^int32(r)
		s.lines[r] = resize(s.lines[r], k+1)
	}
	s.reduced = resize(s.reduced, n)
	for i, cost := range s.cost {
		s.reduced[i] = float64(cost)
	}
}

func resize[T any](s []T, n int) []T { return slices.Grow(s[:0], n)[:n] }

// column returns what the member of the basis weighs in the resource.
func (s *simplex) column(member, r int) float64 {
	if i := s.basis[member]; i >= 0 {
		return s.unit[int(i)*s.k+r]
	} else if int(^i) == r {
		return -1
	}
	return 0
}

// findParts solves for the parts of the basis that meet the needs exactly beside
// what is taken whole.
func (s *simplex) findParts() bool {
	for r, line := range s.lines {
		for m := range s.k {
			line[m] = s.column(m, r)
		}
		line[s.k] = float64(s.need[r]-s.sum[r]) / float64(max(s.need[r], 1))
	}
	return eliminate(s.lines, s.parts)
}

// findEdge solves for the change of prices along which only the member of the
// basis gets off the bend.
func (s *simplex) findEdge(member int, sign float64) bool {
	for m, line := range s.lines {
		for r := range s.k {
			line[r] = s.column(m, r)
		}
		line[s.k] = 0
	}
	s.lines[member][s.k] = sign
	return eliminate(s.lines, s.edge)
}

// eliminate solves a small system of equations by Gauss with pivoting.
func eliminate(lines [][]float64, out []float64) bool {
	k := len(lines)
	for c := range k {
		p := c
		for r := c + 1; r < k; r++ {
			if math.Abs(lines[r][c]) > math.Abs(lines[p][c]) {
				p = r
			}
		}
		if math.Abs(lines[p][c]) < 1e-14 {
			return false
		}
		lines[c], lines[p] = lines[p], lines[c]
		for r := range k {
			if f := lines[r][c] / lines[c][c]; r != c && f != 0 {
				for x := c; x <= k; x++ {
					lines[r][x] -= f * lines[c][x]
				}
			}
		}
	}
	for c := range k {
		out[c] = lines[c][k] / lines[c][c]
	}
	return true
}

// worst returns the member of the basis whose part is furthest out of bounds, by
// how much, and on which side: 1 above, -1 below; -1 if none is.
func (s *simplex) worst() (member int, by, sign float64) {
	member = -1
	for m, part := range s.parts {
		if -part > max(by, tolerance) {
			member, by, sign = m, -part, -1
		}
		if s.basis[m] >= 0 && part-1 > max(by, tolerance) {
			member, by, sign = m, part-1, 1
		}
	}
	return member, by, sign
}

// follow moves the prices along the edge to where the bound is highest, and puts
// what reaches the bend there into the basis. It reports whether there is such a
// place.
func (s *simplex) follow(member int, slope, sign float64) bool {
	last, ok := s.farthest(slope)
	if !ok {
		return false
	}
	for r := range s.Prices {
		s.Prices[r] += last.at * s.edge[r]
	}
	for i := range s.reduced {
		s.reduced[i] -= last.at * s.along(i)
	}
	for _, b := range s.steps {
		if b.item >= 0 && b.item != last.item && s.before(b, last) {
			s.flip(int(b.item))
		}
	}
	if leaving := s.basis[member]; leaving >= 0 && sign > 0 {
		s.flip(int(leaving))
	}
	if last.item >= 0 && s.upper[last.item] {
		s.flip(int(last.item))
	}
	s.basis[member] = last.item
	return true
}

// along returns how much more the item is worth per step along the edge.
func (s *simplex) along(i int) float64 {
	worth := 0.0
	for r, e := range s.edge {
		worth += e * s.unit[i*s.k+r]
	}
	return worth
}

func (s *simplex) flip(i int) {
	sign := int64(1)
	if s.upper[i] {
		sign = -1
	}
	s.upper[i] = !s.upper[i]
	for r := range s.sum {
		s.sum[r] += sign * s.load[i*s.k+r]
	}
}

// whole is the slope in the whole numbers in which it is counted down.
const whole = 1 << 32

// farthest collects the bends along the edge, and returns the one at which the
// bound stops rising. It rises by slope at first, and at each bend by as much
// less as the item there weighs along the edge; a price must not fall below 0.
func (s *simplex) farthest(slope float64) (bend, bool) {
	s.steps, s.breaks = s.steps[:0], s.breaks[:0]
	enter := func(at float64, item int32, less float64) {
		s.steps = append(s.steps, bend{max(0, at), item})
		s.breaks = append(s.breaks, breakpoint{max(0, at), int64(math.Ceil(min(1, less/slope) * whole))})
	}
	for i := range s.cost {
		worth := s.along(i)
		if (worth > 1e-12) != s.upper[i] && math.Abs(worth) > 1e-12 && !slices.Contains(s.basis, int32(i)) {
			enter(s.reduced[i]/worth, int32(i), math.Abs(worth))
		}
	}
	for r, e := range s.edge {
		if e < 0 && !slices.Contains(s.basis, ^int32(r)) {
			enter(-s.Prices[r]/e, ^int32(r), slope)
		}
	}
	total := int64(0)
	for _, b := range s.breaks {
		total += b.load
	}
	if total < whole {
		return bend{}, false
	}
	at := crossing(s.breaks, whole)
	return s.crossingAt(at, slope), true
}

// crossingAt returns the bend at which the slope is used up, among those at the
// same place.
func (s *simplex) crossingAt(at, slope float64) bend {
	left := int64(whole)
	var there []bend
	for _, b := range s.steps {
		if b.at < at {
			left -= s.less(b, slope)
		} else if b.at == at {
			there = append(there, b)
		}
	}
	slices.SortFunc(there, s.compareBends)
	for _, b := range there {
		if left -= s.less(b, slope); left <= 0 {
			return b
		}
	}
	return there[len(there)-1]
}

func (s *simplex) less(b bend, slope float64) int64 {
	if b.item < 0 {
		return whole
	}
	return int64(math.Ceil(min(1, math.Abs(s.along(int(b.item)))/slope) * whole))
}

// before reports whether bend a is passed before b.
func (s *simplex) before(a, b bend) bool { return s.compareBends(a, b) < 0 }

// compareBends orders bends along the edge, and those at one place by what tells
// their items apart.
func (s *simplex) compareBends(a, b bend) int {
	if order := cmp.Compare(a.at, b.at); order != 0 {
		return order
	}
	if a.item < 0 || b.item < 0 {
		return cmp.Compare(a.item, b.item)
	}
	return s.compare(deviation{item: a.item}, deviation{item: b.item})
}
