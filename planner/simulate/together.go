package simulate

import (
	"fmt"
	"math"
	"slices"

	"github.com/interlacemail/interlace/planner"
)

// mostCounted is how many sets of more than two servers are counted, rather than
// estimated.
const mostCounted = 1_000_000

// Together returns what the failure of so many servers at once takes offline. A
// store goes offline with all of the servers that are up and carry it, its copyset.
//
// Where there are few sets of servers that may fail the chance is counted. Else it
// is, with E_r different copysets of r servers among n and f that fail,
//
//	1 − Π_r (1 − E_r/C(n, r))^C(f, r),
//
// as if each of the C(f, r) sets of servers that fail were drawn by itself (Cidon
// et al., Copysets, 2013). The mean number of stores is exact: each of the stores
// with r servers is offline with C(n−r, f−r)/C(n, f).
func (s *Simulator) Together(servers int) planner.Together {
	n := s.Up()
	t := planner.Together{Servers: servers}
	if servers > n {
		return t
	}
	sets, stores := s.copysets()
	mean := 0.0
	for r, of := range stores {
		each := float64(of)
		for i := range r {
			each *= max(0, float64(servers-i)) / float64(n-i)
		}
		mean += each
	}
	chance := 0.0
	if all := choose(n, servers); servers <= 2 || all <= mostCounted {
		taking := all - sets.spared(slices.Sorted(slices.Values(s.order)), servers)
		chance, t.Exact = taking/all, true
	} else {
		chance = sets.estimate(n, servers)
	}
	t.ChanceOffline = planner.Known(chance)
	if mean > 0 && chance > 0 {
		t.StoresOffline = planner.Known(mean / chance)
	}
	return t
}

// copysets are the different sets of servers that are up and carry a store between
// them, by their last server.
type copysets map[int32][][]int32

// copysets returns them, and how many stores have so many servers.
func (s *Simulator) copysets() (sets copysets, stores []int) {
	sets = copysets{}
	seen := map[string]bool{}
	for _, sites := range s.layout {
		var up []int32
		for _, b := range sites {
			if !s.fleet.Down[b] {
				up = append(up, b)
			}
		}
		slices.Sort(up)
		if up = slices.Compact(up); len(up) == 0 {
			continue
		}
		for len(stores) <= len(up) {
			stores = append(stores, 0)
		}
		stores[len(up)]++
		if key := fmt.Sprint(up); !seen[key] {
			seen[key] = true
			last := up[len(up)-1]
			sets[last] = append(sets[last], up)
		}
	}
	return sets, stores
}

// estimate returns about the chance that servers among n hold a copyset.
func (c copysets) estimate(n, servers int) float64 {
	of := map[int]int{}
	most := 0
	for _, sets := range c {
		for _, set := range sets {
			of[len(set)]++
			most = max(most, len(set))
		}
	}
	none := 1.0
	for r := 1; r <= most; r++ {
		none *= math.Pow(1-float64(of[r])/choose(n, r), choose(servers, r))
	}
	return 1 - none
}

// spared counts the sets of so many of the servers that hold no copyset.
func (c copysets) spared(up []int32, servers int) float64 {
	if servers == 2 {
		return c.sparedByTwo(up)
	}
	failed := map[int32]bool{}
	count := 0.0
	var fail func(from, left int)
	fail = func(from, left int) {
		if left == 0 {
			count++
			return
		}
		for i := from; i+left <= len(up); i++ {
			b := up[i]
			failed[b] = true
			if !slices.ContainsFunc(c[b], func(set []int32) bool { return !slices.ContainsFunc(set, func(s int32) bool { return !failed[s] }) }) {
				fail(i+1, left-1)
			}
			failed[b] = false
		}
	}
	fail(0, servers)
	return count
}

// sparedByTwo counts the pairs of servers that hold no copyset.
func (c copysets) sparedByTwo(up []int32) float64 {
	alone := map[int32]bool{}
	for b, sets := range c {
		alone[b] = slices.ContainsFunc(sets, func(set []int32) bool { return len(set) == 1 })
	}
	able, pairs := 0, 0
	for _, b := range up {
		if alone[b] {
			continue
		}
		able++
		for _, set := range c[b] {
			if len(set) == 2 && !alone[set[0]] {
				pairs++
			}
		}
	}
	return choose(able, 2) - float64(pairs)
}

// choose returns how many sets of k there are among n.
func choose(n, k int) float64 {
	sets := 1.0
	for i := range k {
		sets = sets * float64(max(0, n-i)) / float64(i+1)
	}
	return sets
}
