package bounds

import (
	"cmp"
	"math"
	"slices"
)

// core is the search for the best whole choice of a [Cover]: which items differ
// from what the prices suggest, to take those that are worth more than they cost
// and leave the others. By the identity in the comment of Cover, a choice costs
// the bound, plus |cost − y·load| for each item that differs, plus the price of
// what is taken too much. So sets of such deviations are tried, first single
// ones, then pairs and so on, while their sum leaves room for a better choice.
type core struct {
	taken   []bool
	covered []int64 // weight of what is taken
	cost    int64   // of what is taken

	best     []bool
	bestCost int64

	added []int       // by complete
	order []deviation // of the items that may differ, the cheapest first
	reach []int64     // for each place in order, k weights: what deviations from there on can add
	steps int         // left
	cut   bool        // a set was not tried for lack of steps or depth
}

// deviation is an item and what it costs to treat it otherwise than the prices suggest.
type deviation struct {
	price float64
	item  int32
}

// Choose returns, by index in the order they were added, which items to take,
// their cost, and the best bound that is known: equal to the cost where the
// search proved that nothing is cheaper. It tries at most the given number of
// sets. Relax must have been called. The slice is overwritten by the next call.
func (c *Cover) Choose(steps int) (taken []bool, cost, bound int64) {
	s := &c.core
	c.followPrices()
	c.complete()
	c.dropSuperfluous()
	s.best = append(s.best[:0], s.taken...)
	s.bestCost = s.cost
	bound = max(0, int64(math.Ceil(c.bound)), c.cheapestFew())
	c.followPrices()
	s.steps, s.cut = steps, s.bestCost > bound
	whole := c.orderCore()
	for depth := 1; s.cut && s.steps > 0; depth++ {
		s.cut = false
		c.try(0, depth, 0)
	}
	if !s.cut && (whole || s.bestCost <= bound) {
		bound = s.bestCost
	}
	return s.best, s.bestCost, bound
}

// followPrices takes exactly the items that are worth more than they cost.
func (c *Cover) followPrices() {
	s := &c.core
	s.taken = append(s.taken[:0], make([]bool, len(c.cost))...)
	s.covered = append(s.covered[:0], make([]int64, c.k)...)
	s.cost = 0
	for i, reduced := range c.reduced {
		if reduced < 0 {
			c.flip(i)
		}
	}
}

// flip takes an item or puts it back.
func (c *Cover) flip(i int) {
	s := &c.core
	sign := int64(1)
	if s.taken[i] {
		sign = -1
	}
	s.taken[i] = !s.taken[i]
	s.cost += sign * c.cost[i]
	for r := range s.covered {
		s.covered[r] += sign * c.load[i*c.k+r]
	}
}

func (c *Cover) enough() bool {
	for r, need := range c.need {
		if c.core.covered[r] < need {
			return false
		}
	}
	return true
}

// complete takes further items, the best worth for their cost first, until the
// needs are met. An item that would meet them is only remembered, as the last
// one of a choice, and passed over, so that a large item does not end the search
// where several small ones cost less.
func (c *Cover) complete() {
	if c.enough() {
		return
	}
	s := &c.core
	s.order = s.order[:0]
	for i, taken := range s.taken {
		if !taken {
			s.order = append(s.order, deviation{c.reduced[i], int32(i)})
		}
	}
	slices.SortFunc(s.order, c.compare)
	added := s.added[:0]
	last, before, least := -1, 0, int64(math.MaxInt64)
	for _, d := range s.order {
		i := int(d.item)
		switch {
		case s.cost >= least:
		case c.closes(i):
			if cost := s.cost + c.cost[i]; cost < least {
				last, before, least = i, len(added), cost
			}
		case c.helps(i):
			c.flip(i)
			added = append(added, i)
		}
	}
	s.added = added
	for _, i := range added[before:] {
		c.flip(i)
	}
	c.flip(last)
}

// closes reports whether the needs are met once the item is taken.
func (c *Cover) closes(i int) bool {
	for r, need := range c.need {
		if c.core.covered[r]+c.load[i*c.k+r] < need {
			return false
		}
	}
	return true
}

// helps reports whether the item weighs something in a resource that is still needed.
func (c *Cover) helps(i int) bool {
	for r, need := range c.need {
		if c.core.covered[r] < need && c.load[i*c.k+r] > 0 {
			return true
		}
	}
	return false
}

// dropSuperfluous puts items back that the needs do not require, dear ones first.
func (c *Cover) dropSuperfluous() {
	s := &c.core
	s.order = s.order[:0]
	for i, taken := range s.taken {
		if taken && c.spare(i) {
			s.order = append(s.order, deviation{-float64(c.cost[i]), int32(i)})
		}
	}
	slices.SortFunc(s.order, c.compare)
	for _, d := range s.order {
		if c.spare(int(d.item)) {
			c.flip(int(d.item))
		}
	}
}

func (c *Cover) spare(i int) bool {
	for r, need := range c.need {
		if c.core.covered[r]-c.load[i*c.k+r] < need {
			return false
		}
	}
	return true
}

// maxCore limits the items that may deviate.
const maxCore = 256

// orderCore lists the items whose deviation alone leaves room for a better
// choice, the cheapest deviation first. It reports whether these are all.
func (c *Cover) orderCore() (whole bool) {
	s := &c.core
	s.order = s.order[:0]
	room := c.room()
	for i, reduced := range c.reduced {
		if math.Abs(reduced) <= room {
			s.order = append(s.order, deviation{math.Abs(reduced), int32(i)})
		}
	}
	slices.SortFunc(s.order, c.compare)
	whole = len(s.order) <= maxCore
	s.order = s.order[:min(len(s.order), maxCore)]
	s.reach = append(s.reach[:0], make([]int64, (len(s.order)+1)*c.k)...)
	for at := len(s.order) - 1; at >= 0; at-- {
		i := int(s.order[at].item)
		for r := range c.k {
			s.reach[at*c.k+r] = s.reach[(at+1)*c.k+r]
			if !s.taken[i] {
				s.reach[at*c.k+r] += c.load[i*c.k+r]
			}
		}
	}
	return whole
}

// room returns what deviations may cost together if the choice is to be better,
// by at least 1 since costs are whole, than the best so far.
func (c *Cover) room() float64 {
	return float64(c.core.bestCost-1) - c.bound + c.margin
}

// try looks at the present choice and at those with up to depth more deviations
// among the items from the given place on.
func (c *Cover) try(from, depth int, spent float64) {
	s := &c.core
	s.steps--
	if c.enough() && s.cost < s.bestCost {
		s.bestCost = s.cost
		s.best = append(s.best[:0], s.taken...)
	}
	for at := from; at < len(s.order) && c.within(at); at++ {
		total := spent + s.order[at].price
		if total > c.room() {
			return
		}
		if depth == 0 || s.steps <= 0 {
			s.cut = true
			return
		}
		c.flip(int(s.order[at].item))
		c.try(at+1, depth-1, total)
		c.flip(int(s.order[at].item))
	}
}

// within reports whether deviations from the place on can still meet the needs.
func (c *Cover) within(at int) bool {
	for r, need := range c.need {
		if c.core.covered[r]+c.core.reach[at*c.k+r] < need {
			return false
		}
	}
	return true
}

// compare orders deviations by price, and equal ones by all else that tells
// their items apart.
func (c *Cover) compare(a, b deviation) int {
	if order := cmp.Compare(a.price, b.price); order != 0 {
		return order
	}
	x, y := int(a.item)*c.k, int(b.item)*c.k
	return cmp.Or(
		cmp.Compare(c.cost[a.item], c.cost[b.item]),
		slices.Compare(c.load[x:x+c.k], c.load[y:y+c.k]),
		cmp.Compare(a.item, b.item),
	)
}

// fewItems is the largest number of items for which cheapestFew looks.
const fewItems = 256

// cheapestFew returns what the least number of items that can meet the needs
// costs at least: in each resource, as many of the cheapest items as there are
// heaviest ones needed.
func (c *Cover) cheapestFew() int64 {
	if len(c.cost) > fewItems {
		return 0
	}
	few := 0
	weights := make([]int64, len(c.cost))
	for r, need := range c.need {
		for i := range weights {
			weights[i] = c.load[i*c.k+r]
		}
		slices.Sort(weights)
		n := 0
		for ; n < len(weights) && need > 0; n++ {
			need -= weights[len(weights)-1-n]
		}
		few = max(few, n)
	}
	costs := weights
	copy(costs, c.cost)
	slices.Sort(costs)
	sum := int64(0)
	for _, cost := range costs[:few] {
		sum += cost
	}
	return sum
}
