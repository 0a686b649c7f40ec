package bounds

import (
	"math"
	"slices"
)

// mostMixing limits the work of [alike.knapsack].
const mostMixing = 3_000_000

// mixed is for how many servers configurations are chosen one by one.
func (a *alike) mixed() int {
	k := float64(a.stores)/float64(a.servers) + 1
	return min(a.servers, int(math.Sqrt(mostMixing/(3*k*k))))
}

// exact reports whether they are chosen for all servers.
func (a *alike) exact() bool { return a.mixed() == a.servers }

// mix returns a configuration for each server, at a worst utilisation of t, with a
// place for all masters and first replicas, nil if none were found; and whether
// there may be some.
//
// What a server serves must be promoted by the others, by each no more than it can
// at once, which is its slice: M ≤ Σ slices of the others. So if the largest M +
// slice is within, slices add up to within at least. Every such number is looked
// at, the largest first, and then replicas and slices are asked for together, in
// several weighted sums.
func (a *alike) mix(t float64) (list []configuration, possible bool) {
	if !a.exact() {
		list = a.knapsack(t, math.MaxInt, 0)
		return list, true
	}
	for within := a.widest(t); within > 0; within-- {
		open := true
		for _, weight := range weights {
			chosen := a.knapsack(t, within, weight)
			if chosen == nil || value(chosen, weight) < a.needed(within, weight) {
				if open = false; weight == 0 {
					return list, possible // nor with fewer within
				}
				break
			}
			switch wide, works := a.works(t, chosen); {
			case works && wide:
				return chosen, true
			case works && list == nil:
				list, possible = chosen, true
			}
		}
		possible = possible || open
	}
	return list, possible
}

// What slices weigh against perReplica for each replica in what is asked for.
var weights = []int{0, 1, 2, 5, 10}

func value(list []configuration, weight int) int {
	sum := 0
	for _, c := range list {
		sum += c.value(weight)
	}
	return sum
}

// needed is the value that so many slices and a replica of each store have.
func (a *alike) needed(slices, weight int) int {
	if !a.guarded {
		return 0
	}
	return perReplica*a.stores + weight*slices
}

// works reports whether there is a place for all replicas, and for what each server
// serves on the others; and whether that is so as well if none of them are on the
// servers that are to be apart from it.
func (a *alike) works(t float64, list []configuration) (wide, works bool) {
	if !a.guarded {
		return true, true
	}
	replicas, slices, widest, masters := 0, 0, 0, 0
	for _, c := range list {
		slice := a.slice(c, t)
		replicas, slices = replicas+c.r, slices+slice
		widest, masters = max(widest, c.m+slice), max(masters, c.m)
	}
	works = replicas >= a.stores && slices >= widest
	return slices*a.reach >= masters*a.servers, works
}

// widest is the largest M + slice of a configuration.
func (a *alike) widest(t float64) int {
	most := 0
	for m := 0; m <= a.stores; m++ {
		c := configuration{m: m}
		if a.replicas(c, t) < 0 {
			break
		}
		for c.slice = 1; a.replicas(c, t) >= c.slice; c.slice++ {
			most = max(most, m+c.slice)
		}
		most = max(most, m)
	}
	return most
}

// knapsack returns a configuration for each server that together have all masters
// and are worth most; nil if there are none. Where there are many servers, most of
// them get the two corners of the hull next to the mean; for the others it is the
// most that so many servers can be worth beside so many masters, server by server.
func (a *alike) knapsack(t float64, within, weight int) []configuration {
	few := a.mixed()
	list := a.corners(t, a.servers-few)
	masters := a.stores
	for _, c := range list {
		masters -= c.m
	}
	if masters < 0 || len(list)+few < a.servers {
		return nil
	}
	var choices []configuration // by masters
	for m := 0; m <= masters; m++ {
		c, ok := a.best(m, t, within, weight)
		if !ok {
			break
		}
		choices = append(choices, c)
	}
	values := make([]int, len(choices))
	for m, c := range choices {
		values[m] = c.value(weight)
	}
	worth := [][]int{make([]int, masters+1)} // by servers and masters
	for m := 1; m <= masters; m++ {
		worth[0][m] = nothing
	}
	for range few {
		worth = append(worth, convolved(worth[len(worth)-1], values))
	}
	if worth[few][masters] < 0 {
		return nil
	}
	for n := few; n > 0; n-- {
		m := 0
		for worth[n-1][masters-m]+values[m] != worth[n][masters] {
			m++
		}
		list = append(list, choices[m])
		masters -= m
	}
	return list
}

// nothing is less than any sum of values.
const nothing = math.MinInt / 2

// convolved returns the most that one more server is worth beside what there is.
func convolved(worth, values []int) []int {
	out := make([]int, len(worth))
	for m := range out {
		out[m] = nothing
		for here, v := range values[:min(len(values), m+1)] {
			out[m] = max(out[m], worth[m-here]+v)
		}
	}
	return out
}

// corners returns so many configurations, of the two corners of the hull at t next
// to the mean.
func (a *alike) corners(t float64, servers int) []configuration {
	hull := a.hull(t)
	at := slices.IndexFunc(hull, func(c configuration) bool { return c.m*a.servers >= a.stores })
	if at < 0 {
		return nil
	}
	u, v := hull[max(at-1, 0)], hull[at]
	list := make([]configuration, servers)
	for i := range list {
		list[i] = u
		if u == v || i < servers*(a.stores-u.m*a.servers)/(a.servers*(v.m-u.m)) {
			list[i] = v
		}
	}
	return list
}
