package bounds

import (
	"cmp"
	"math"
	"slices"

	"github.com/interlacemail/interlace/inventory"
)

// model is a kind of server: those with the same capacities and slots.
type model struct {
	capacity [inventory.MaxResources]float64
	slots    float64
	servers  []int32
}

// class is a group of models that are nearly alike, in their mean.
type class struct {
	model
	models []int
	count  float64
}

// mostClasses limits the classes that a program has.
const mostClasses = 8

// models returns the kinds of holders in an order that does not depend on names.
func (p *problem) models() []model {
	f := p.fleet
	list := make([]model, 0, len(p.holders))
	for _, s := range p.holders {
		m := model{slots: float64(f.Inventory.Servers[s].Slots), servers: []int32{s}}
		if m.slots < 0 {
			m.slots = float64(p.mostInstances())
		}
		for r := range f.Resources {
			m.capacity[r] = f.Capacity[s][r]
		}
		list = append(list, m)
	}
	slices.SortStableFunc(list, compareModels)
	kinds := list[:0]
	for _, m := range list {
		if last := len(kinds) - 1; last >= 0 && compareModels(kinds[last], m) == 0 {
			kinds[last].servers = append(kinds[last].servers, m.servers...)
		} else {
			kinds = append(kinds, m)
		}
	}
	return kinds
}

// mostInstances is at least the number of instances that a server can have: one
// of each store.
func (p *problem) mostInstances() int { return len(p.live) + 1 }

func compareModels(a, b model) int {
	return cmp.Or(slices.Compare(a.capacity[:], b.capacity[:]), cmp.Compare(a.slots, b.slots))
}

// classes groups the models into at most mostClasses: it halves, again and
// again, the group whose capacities differ most in one resource.
func classes(kinds []model, resources int) []class {
	all := make([]int, len(kinds))
	for i := range all {
		all[i] = i
	}
	groups := [][]int{all}
	for len(groups) < mostClasses {
		at, axis, widest := -1, 0, 1e-9
		for g, group := range groups {
			for r := range resources {
				if w := spreadOf(kinds, group, r); w > widest {
					at, axis, widest = g, r, w
				}
			}
		}
		if at < 0 {
			break
		}
		low, high := halves(kinds, groups[at], axis)
		groups[at] = low
		groups = append(groups, high)
	}
	out := make([]class, len(groups))
	for i, group := range groups {
		out[i] = mean(kinds, group, resources)
	}
	return out
}

// spreadOf returns by what factor, as a logarithm, the capacities of a group differ.
func spreadOf(kinds []model, group []int, r int) float64 {
	low, high := math.Inf(1), 0.0
	for _, i := range group {
		low, high = min(low, kinds[i].capacity[r]), max(high, kinds[i].capacity[r])
	}
	return math.Log(high / low)
}

// halves parts a group at the widest step between neighbours along the axis.
func halves(kinds []model, group []int, axis int) (low, high []int) {
	sorted := slices.Clone(group)
	slices.SortStableFunc(sorted, func(a, b int) int {
		return cmp.Or(cmp.Compare(kinds[a].capacity[axis], kinds[b].capacity[axis]), compareModels(kinds[a], kinds[b]))
	})
	at, widest := 1, 0.0
	for i := 1; i < len(sorted); i++ {
		if step := kinds[sorted[i]].capacity[axis] / kinds[sorted[i-1]].capacity[axis]; step > widest {
			at, widest = i, step
		}
	}
	return sorted[:at:at], sorted[at:]
}

func mean(kinds []model, group []int, resources int) class {
	c := class{models: group}
	for _, i := range group {
		n := float64(len(kinds[i].servers))
		c.count += n
		c.slots += n * kinds[i].slots
		for r := range resources {
			c.capacity[r] += n * kinds[i].capacity[r]
		}
		c.servers = append(c.servers, kinds[i].servers...)
	}
	c.slots /= c.count
	for r := range resources {
		c.capacity[r] /= c.count
	}
	return c
}
