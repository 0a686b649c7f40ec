package durability

import "github.com/interlacemail/interlace/planner/load"

// MeanOffline returns how many stores go offline in the mean when so many of the
// servers that are up fail at once, each set of them equally likely. It is exact: a
// store on r of n servers goes offline with C(n−r, f−r)/C(n, f).
func MeanOffline(f *load.Fleet, l load.Layout, failures int) float64 {
	_, up := upServers(f)
	var stores []int // by the number of servers that carry them
	for _, sites := range l {
		r := len(upSites(f, sites))
		for len(stores) <= r {
			stores = append(stores, 0)
		}
		stores[r]++
	}
	mean := 0.0
	for r := 1; r < len(stores); r++ {
		mean += float64(stores[r]) * hit(len(up), failures, r)
	}
	return mean
}

// hit returns the chance that all of r given servers are among f that fail, out
// of n, chosen at random: C(f, r) / C(n, r).
func hit(n, f, r int) float64 {
	chance := 1.0
	for i := range r {
		chance *= max(0, float64(f-i)) / float64(n-i)
	}
	return chance
}
