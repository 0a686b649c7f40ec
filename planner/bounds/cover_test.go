package bounds_test

import (
	"math/rand/v2"
	"testing"

	"github.com/interlacemail/interlace/planner/bounds"
)

// cover is a covering problem as it is stated.
type cover struct {
	need  []int64
	cost  []int64
	loads [][]int64
}

func randomCover(rng *rand.Rand, most int) cover {
	c := cover{need: make([]int64, 1+rng.IntN(3))}
	kind := rng.IntN(3)
	for range 1 + rng.IntN(most) {
		loads := make([]int64, len(c.need))
		for r := range loads {
			loads[r] = rng.Int64N(20)
		}
		cost := loads[0] * 1e9 // in proportion, as bytes are to disk
		switch kind {
		case 1:
			cost = rng.Int64N(20)
		case 2:
			cost = 7
		}
		c.cost, c.loads = append(c.cost, cost), append(c.loads, loads)
	}
	for r := range c.need {
		scale := int64(1) << rng.IntN(40)
		total := int64(0)
		for _, l := range c.loads {
			l[r] *= scale
			total += l[r]
		}
		c.need[r] = 1 + rng.Int64N(max(1, total))
		if rng.IntN(4) == 0 {
			c.need[r] = 1 + rng.Int64N(5)
		}
	}
	return c
}

// cheapest tries every set of items; it returns -1 if none meets the needs.
func (c cover) cheapest() int64 {
	best := int64(-1)
	for set := range 1 << len(c.cost) {
		taken := make([]bool, len(c.cost))
		for i := range taken {
			taken[i] = set>>i&1 == 1
		}
		if cost, enough := c.worth(taken); enough && (best < 0 || cost < best) {
			best = cost
		}
	}
	return best
}

func (c cover) worth(taken []bool) (cost int64, enough bool) {
	sums := make([]int64, len(c.need))
	for i, taken := range taken {
		if taken {
			cost += c.cost[i]
			for r := range sums {
				sums[r] += c.loads[i][r]
			}
		}
	}
	for r, need := range c.need {
		if sums[r] < need {
			return cost, false
		}
	}
	return cost, true
}

func (c cover) load(solver *bounds.Cover) {
	solver.Reset(c.need)
	for i, cost := range c.cost {
		solver.Add(cost, c.loads[i]...)
	}
}

func TestCoverAgainstAllSets(t *testing.T) {
	var solver bounds.Cover
	var optimal, proved, possible int
	for seed := range uint64(4000) {
		c := randomCover(rand.New(rand.NewPCG(seed, 1)), 11)
		best := c.cheapest()
		c.load(&solver)
		if solver.Possible() != (best >= 0) {
			t.Fatalf("seed %d: possible is %v, the cheapest choice costs %d", seed, best < 0, best)
		}
		if best < 0 {
			continue
		}
		possible++
		relaxed := solver.Relax()
		taken, cost, bound := solver.Choose(2000)
		sum, enough := c.worth(taken)
		switch {
		case !enough || sum != cost:
			t.Fatalf("seed %d: the choice costs %d, not %d, enough: %v", seed, sum, cost, enough)
		case relaxed > bound || bound > best:
			t.Fatalf("seed %d: bounds %d and %d pass the cheapest choice at %d", seed, relaxed, bound, best)
		}
		if cost == best {
			optimal++
		}
		if bound == best {
			proved++
		}
	}
	t.Logf("of %d problems %d were solved and %d proved", possible, optimal, proved)
	if optimal < possible*99/100 || proved < possible*95/100 {
		t.Error("too few problems of this size are solved")
	}
}

func TestCoverDoesNotDependOnOrder(t *testing.T) {
	var solver bounds.Cover
	for seed := range uint64(500) {
		rng := rand.New(rand.NewPCG(seed, 2))
		c := randomCover(rng, 300)
		solve := func() [3]int64 {
			c.load(&solver)
			relaxed := solver.Relax()
			_, cost, bound := solver.Choose(500)
			return [3]int64{relaxed, cost, bound}
		}
		before := solve()
		rng.Shuffle(len(c.cost), func(i, j int) {
			c.cost[i], c.cost[j] = c.cost[j], c.cost[i]
			c.loads[i], c.loads[j] = c.loads[j], c.loads[i]
		})
		if after := solve(); after != before {
			t.Fatalf("seed %d: %v in one order, %v in another", seed, before, after)
		}
	}
}

func TestCoverTakesAllWhereThatIsNotEnough(t *testing.T) {
	for name, c := range map[string]cover{
		"one need":             {[]int64{100}, []int64{3, 4, 5}, [][]int64{{10}, {0}, {20}}},
		"a need nobody meets":  {[]int64{15, 100}, []int64{3, 4, 5, 20}, [][]int64{{10, 0}, {0, 0}, {20, 0}, {1, 0}}},
		"one of two too large": {[]int64{15, 100}, []int64{3, 4, 5, 9}, [][]int64{{1, 10}, {10, 0}, {20, 20}, {0, 0}}},
	} {
		t.Run(name, func(t *testing.T) {
			var solver bounds.Cover
			c.load(&solver)
			if solver.Possible() {
				t.Error("the needs cannot be met")
			}
			solver.Relax()
			want := map[string]int64{"one need": 8, "a need nobody meets": 5, "one of two too large": 8}[name]
			if _, cost, bound := solver.Choose(100); cost != want || bound != want {
				t.Errorf("cost %d and bound %d, want %d", cost, bound, want)
			}
		})
	}
}
