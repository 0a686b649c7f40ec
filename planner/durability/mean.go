package durability

import (
	"slices"

	"github.com/interlacemail/interlace/planner/load"
)

// MeanOffline returns how many stores go offline in the mean when so many of the
// servers that are up fail at once, each set of them equally likely. It is exact: a
// store on r of n servers goes offline with C(n−r, f−r)/C(n, f).
func MeanOffline(f *load.Fleet, l load.Layout, failures int) float64 {
	var stores []int // by the number of servers that carry them
	n := 0
	for _, down := range f.Down {
		if !down {
			n++
		}
	}
	for _, sites := range l {
		r := 0
		for i, s := range sites {
			if !f.Down[s] && !slices.Contains(sites[:i], s) {
				r++
			}
		}
		for len(stores) <= r {
			stores = append(stores, 0)
		}
		stores[r]++
	}
	mean := 0.0
	for r := 1; r < len(stores); r++ {
		mean += float64(stores[r]) * hit(n, failures, r)
	}
	return mean
}
