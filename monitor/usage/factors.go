package usage

import (
	"maps"
	"slices"
)

// Factor is what a replica was measured to weigh of its master in a resource.
type Factor struct {
	Resource string
	Replica  float64 // the middle of those of the stores
	Stores   int     // in which it is known
}

// Factors returns what replicas weigh over all stores, sorted by resource.
func Factors(loads []Load) []Factor {
	by := map[string][]float64{}
	for i := range loads {
		if l := &loads[i]; l.Factor.Known {
			by[l.Resource] = append(by[l.Resource], l.Factor.Value)
		}
	}
	var list []Factor
	for _, resource := range slices.Sorted(maps.Keys(by)) {
		list = append(list, Factor{Resource: resource, Replica: middle(by[resource]), Stores: len(by[resource])})
	}
	return list
}
