package durability

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/interlacemail/interlace/planner/load"
)

// Chance is a probability and its standard error, which is 0 where the value is
// exact.
type Chance struct {
	Value, StandardError float64
}

// unionSamples is how many samples [ChanceOffline] draws for three and more
// failures: enough for one percent of the value and better.
const unionSamples = 20_000

// ChanceOffline returns the chance that at least one store goes offline when so
// many of the servers that are up fail at once, each set of them equally likely.
//
// Up to two failures it is exact, by counting: the sets that hold all instances
// of a store; and for more where there are few sets, by going through them. Else it
// is a union of events of known probability, one for each
// different set of servers that carries a store, and is sampled without bias by
// the method of Karp, Luby and Madras ("Monte-Carlo approximation algorithms for
// enumeration problems", Journal of Algorithms 10, 1989): draw one of the sets by
// its probability and complete it at random, and divide the sum of all
// probabilities by how many sets fail then. The relative error does not grow when
// the chance gets small.
func ChanceOffline(f *load.Fleet, l load.Layout, failures int, seed uint64) Chance {
	c := newCopysets(f, l)
	switch {
	case failures <= 0 || len(c.sets) == 0:
		return Chance{}
	case failures >= c.servers:
		return Chance{Value: 1}
	case failures == 1:
		return Chance{Value: float64(c.alone) / float64(c.servers)}
	case failures == 2:
		return Chance{Value: c.pairs()}
	case choices(c.servers, failures) <= mostCounted:
		return Chance{Value: c.counted(failures)}
	}
	return c.union(failures, rand.New(rand.NewPCG(seed, uint64(failures))))
}

// copysets are the different sets of servers that carry a store. Sets around a
// server that carries a store alone are left out: its failure is enough.
type copysets struct {
	servers int // that are up
	alone   int // sets of one server
	sets    [][]int32
	of      [][]int32 // sets that begin with each server
}

func newCopysets(f *load.Fleet, l load.Layout) *copysets {
	index, up := upServers(f)
	c := &copysets{servers: len(up), of: make([][]int32, len(up))}
	for _, sites := range l {
		set := upSites(f, sites)
		for i, s := range set {
			set[i] = index[s]
		}
		if len(set) > 0 {
			slices.Sort(set)
			c.sets = append(c.sets, set)
		}
	}
	slices.SortFunc(c.sets, slices.Compare)
	c.sets = slices.CompactFunc(c.sets, slices.Equal)
	c.dropRedundant()
	for i, set := range c.sets {
		c.of[set[0]] = append(c.of[set[0]], int32(i))
	}
	return c
}

func (c *copysets) dropRedundant() {
	alone := make([]bool, c.servers)
	for _, set := range c.sets {
		if len(set) == 1 {
			alone[set[0]] = true
			c.alone++
		}
	}
	c.sets = slices.DeleteFunc(c.sets, func(set []int32) bool {
		return len(set) > 1 && slices.ContainsFunc(set, func(s int32) bool { return alone[s] })
	})
}

// pairs returns the exact chance for two failures: the pairs with one of the
// servers that carry a store alone, and the sets of two.
func (c *copysets) pairs() float64 {
	n, rest := float64(c.servers), float64(c.servers-c.alone)
	bad := n*(n-1)/2 - rest*(rest-1)/2
	for _, set := range c.sets {
		if len(set) == 2 {
			bad++
		}
	}
	return bad / (n * (n - 1) / 2)
}

// mostCounted is up to how many sets of servers that fail are gone through.
const mostCounted = 100_000

// choices returns how many sets of so many servers there are, or more than are
// counted.
func choices(servers, failures int) int {
	n := 1
	for i := range min(failures, servers-failures) {
		if n = n * (servers - i) / (i + 1); n > mostCounted {
			break
		}
	}
	return n
}

// counted returns the exact chance for more failures, from every set of so many
// servers.
func (c *copysets) counted(failures int) float64 {
	down, failed := make([]int32, 0, failures), make([]bool, c.servers)
	all, bad := 0, 0
	var extend func(from int)
	extend = func(from int) {
		if len(down) == failures {
			all++
			if c.hitBy(down, failed) > 0 {
				bad++
			}
			return
		}
		for s := from; s < c.servers; s++ {
			down, failed[s] = append(down, int32(s)), true
			extend(s + 1)
			down, failed[s] = down[:len(down)-1], false
		}
	}
	extend(0)
	return float64(bad) / float64(all)
}

// union samples the chance for more failures.
func (c *copysets) union(failures int, rng *rand.Rand) Chance {
	upTo := make([]float64, len(c.sets)) // running sum of the chances of the sets
	total := 0.0
	for i, set := range c.sets {
		total += hit(c.servers, failures, len(set))
		upTo[i] = total
	}
	if total == 0 {
		return Chance{}
	}
	order := make([]int32, c.servers)
	for i := range order {
		order[i] = int32(i)
	}
	failed := make([]bool, c.servers)
	sum, squares := 0.0, 0.0
	for range unionSamples {
		at, _ := slices.BinarySearch(upTo, rng.Float64()*total)
		set := c.sets[min(at, len(c.sets)-1)]
		down := c.complete(set, failures, order, failed, rng)
		x := total / float64(c.hitBy(down, failed))
		sum += x
		squares += x * x
		for _, s := range down {
			failed[s] = false
		}
	}
	mean := sum / unionSamples
	variance := max(0, squares/unionSamples-mean*mean) / (unionSamples - 1)
	return Chance{Value: min(1, mean), StandardError: math.Sqrt(variance)}
}

// complete marks the set and other servers, chosen at random, as failed until
// there are enough, and returns them. Order is all servers, in any order.
func (c *copysets) complete(set []int32, failures int, order []int32, failed []bool, rng *rand.Rand) []int32 {
	for _, s := range set {
		failed[s] = true
	}
	down := slices.Clone(set)
	for i := 0; len(down) < failures; i++ {
		j := i + rng.IntN(len(order)-i)
		order[i], order[j] = order[j], order[i]
		if s := order[i]; !failed[s] {
			failed[s] = true
			down = append(down, s)
		}
	}
	return down
}

// hitBy returns how many sets have failed as a whole.
func (c *copysets) hitBy(down []int32, failed []bool) int {
	n := 0
	for _, s := range down {
		for _, i := range c.of[s] {
			if !slices.ContainsFunc(c.sets[i], func(o int32) bool { return !failed[o] }) {
				n++
			}
		}
	}
	return n
}
