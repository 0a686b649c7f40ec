package usage

import (
	"cmp"
	"maps"
	"slices"
)

// Factor is what a replica was measured to weigh of its master in a resource.
type Factor struct {
	Resource string
	Replica  float64 // half of what all masters weigh is of stores with no larger factor
	Stores   int     // of which it is known
}

// Factors returns what replicas weigh over all stores, sorted by resource. Stores count
// as much as their masters weigh: the factor of an idle one says nothing.
func Factors(loads []Load) []Factor {
	by := map[string][]Load{}
	for _, l := range loads {
		if l.Factor.Known {
			by[l.Resource] = append(by[l.Resource], l)
		}
	}
	var list []Factor
	for _, resource := range slices.Sorted(maps.Keys(by)) {
		list = append(list, Factor{Resource: resource, Replica: weighed(by[resource]), Stores: len(by[resource])})
	}
	return list
}

// weighed returns the median of factors, each as often as its master weighs.
func weighed(loads []Load) float64 {
	slices.SortFunc(loads, func(a, b Load) int { return cmp.Compare(a.Factor.Value, b.Factor.Value) })
	total, sum := 0.0, 0.0
	for i := range loads {
		total += loads[i].Master.Value
	}
	for i := range loads {
		if sum += loads[i].Master.Value; sum >= total/2 {
			return loads[i].Factor.Value
		}
	}
	return loads[len(loads)-1].Factor.Value
}
