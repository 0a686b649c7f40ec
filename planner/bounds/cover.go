package bounds

import (
	"math"
)

// Cover is the problem of taking items away, at least cost, until what they
// weighed together reaches a need in each of k resources: a store or a server
// that must come below its ceiling. Items have whole costs and weights. Call
// [Cover.Reset], [Cover.Add] for each item, then [Cover.Relax] and, for a choice
// of items, [Cover.Choose].
//
// [Cover.Relax] solves the relaxation in which items may be cut. For any prices
// y ≥ 0, one per resource, and any choice x that meets the needs,
//
//	Σ cost·x ≥ Σ cost·x − Σ_r y_r (Σ load_r·x − need_r)
//	         = Σ y_r·need_r + Σ (cost − y·load)·x
//	         ≥ Σ y_r·need_r − Σ max(0, y·load − cost),
//
// so the last line is a bound whatever the prices are (Lagrange; Geoffrion 1974).
// The best prices make it the value of the linear program: with one need that is
// the fractional knapsack (Dantzig 1957), with several the simplex method finds
// them. [Cover.Choose] then settles the items
// whose reduced cost cost − y·load decides nothing by branch and bound on that
// core (Balas and Zemel 1980).
//
// Nothing depends on the order in which items are added, apart from the choice
// between items that are equal in all respects: sums are of whole numbers.
type Cover struct {
	Prices []float64 // per unit of weight, after Relax

	k     int
	need  []int64
	cost  []int64
	load  []int64 // k for each item
	total []int64 // of all items

	breaks  []breakpoint
	reduced []float64 // reduced cost of each item
	bound   float64   // of Relax, before it is rounded up
	margin  float64   // what rounding can amount to
	simplex simplex
	core    core
}

// breakpoint is the price above which an item is worth taking, and its weight.
type breakpoint struct {
	price float64
	load  int64
}

// Reset starts a problem with the given needs, all above 0.
func (c *Cover) Reset(need []int64) {
	c.k = len(need)
	c.need = append(c.need[:0], need...)
	c.total = append(c.total[:0], make([]int64, c.k)...)
	c.cost, c.load = c.cost[:0], c.load[:0]
}

// Add adds an item. Weights are those in the resources of the needs.
func (c *Cover) Add(cost int64, load ...int64) {
	c.cost = append(c.cost, cost)
	c.load = append(c.load, load...)
	for r, l := range load {
		c.total[r] += l
	}
}

// Possible reports whether all items together meet the needs. If not, needs
// are lowered to what there is.
func (c *Cover) Possible() bool {
	possible := true
	for r := range c.need {
		if c.total[r] < c.need[r] {
			c.need[r], possible = c.total[r], false
		}
	}
	return possible
}

// Relax sets the prices and returns the bound on the cost of every choice that
// meets the needs, rounded up, since costs are whole.
func (c *Cover) Relax() int64 {
	c.Possible()
	c.Prices = append(c.Prices[:0], make([]float64, c.k)...)
	if c.k == 1 {
		c.Prices[0] = c.bestPrice()
	} else {
		c.simplex.solve(c)
	}
	c.bound = c.value()
	return max(0, int64(math.Ceil(c.bound)))
}

// bestPrice returns the best price where there is one need: as a function of it
// the bound is concave, with slope need less the weight of all items that are
// worth taking.
func (c *Cover) bestPrice() float64 {
	c.breaks = c.breaks[:0]
	for i, cost := range c.cost {
		if weight := c.load[i]; weight > 0 {
			c.breaks = append(c.breaks, breakpoint{float64(cost) / float64(weight), weight})
		}
	}
	return crossing(c.breaks, c.need[0])
}

// crossing returns the least price at which the items with breakpoints up to it
// weigh the need together; all of them weigh at least that. It selects by
// quickselect, and reorders the breakpoints.
func crossing(b []breakpoint, need int64) float64 {
	if len(b) == 0 {
		return 0
	}
	for len(b) > 1 {
		pivot := medianOfThree(b)
		low, high := partition(b, pivot)
		var below, at int64
		for _, x := range b[:low] {
			below += x.load
		}
		for _, x := range b[low:high] {
			at += x.load
		}
		switch {
		case below >= need && low > 0:
			b = b[:low]
		case below+at >= need || high == len(b):
			return pivot
		default:
			need -= below + at
			b = b[high:]
		}
	}
	return b[0].price
}

func medianOfThree(b []breakpoint) float64 {
	x, y, z := b[0].price, b[len(b)/2].price, b[len(b)-1].price
	return max(min(x, y), min(max(x, y), z))
}

// partition puts prices below the pivot first, then those equal to it, and
// returns where these begin and end.
func partition(b []breakpoint, pivot float64) (low, high int) {
	high = len(b)
	for i := 0; i < high; {
		switch {
		case b[i].price < pivot:
			b[low], b[i] = b[i], b[low]
			low++
			i++
		case b[i].price > pivot:
			high--
			b[i], b[high] = b[high], b[i]
		default:
			i++
		}
	}
	return low, high
}

// value returns the bound at the prices, less what rounding can amount to, and
// keeps the reduced costs. What items are worth beyond their cost is added up as
// whole numbers of a small part of the cost, rounded up.
func (c *Cover) value() float64 {
	c.reduced = c.reduced[:0]
	largest := 1.0
	for i, cost := range c.cost {
		worth := 0.0
		for r, y := range c.Prices {
			worth += y * float64(c.load[i*c.k+r])
		}
		c.reduced = append(c.reduced, float64(cost)-worth)
		largest = max(largest, worth)
	}
	all := largest * float64(len(c.cost)+1)
	part := math.Ldexp(1, min(30, 60-math.Ilogb(all)))
	gained := int64(0)
	for _, reduced := range c.reduced {
		if reduced < 0 {
			gained += int64(math.Ceil(-reduced * part))
		}
	}
	paid := 0.0
	for r, y := range c.Prices {
		paid += y * float64(c.need[r])
	}
	const eps = 1.0 / (1 << 50)
	c.margin = eps * (paid + all)
	return paid - float64(gained)/part - c.margin
}
