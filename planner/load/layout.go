package load

import (
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// Layout says which servers carry each store: by store index, server indices,
// the master first, then the replicas in promotion order. A store that is yet
// to be created has none.
type Layout [][]int32

// Current returns the layout that the inventory describes.
func (f *Fleet) Current() Layout {
	inv := f.Inventory
	index := make(map[inventory.ServerID]int32, len(inv.Servers))
	for i := range inv.Servers {
		index[inv.Servers[i].Name] = int32(i)
	}
	l := make(Layout, len(inv.Stores))
	for i := range inv.Stores {
		for _, in := range inv.Stores[i].Instances {
			l[i] = append(l[i], index[in.Server])
		}
	}
	return l
}

// Clone returns a copy that shares nothing with l.
func (l Layout) Clone() Layout {
	c := make(Layout, len(l))
	for i := range l {
		c[i] = slices.Clone(l[i])
	}
	return c
}

// Placements names the servers of each store that has any.
func (f *Fleet) Placements(l Layout) []planner.Placement {
	out := make([]planner.Placement, 0, len(l))
	for i, sites := range l {
		if len(sites) == 0 {
			continue
		}
		p := planner.Placement{
			Store: f.Inventory.Stores[i].Name, Master: f.Inventory.Servers[sites[0]].Name,
			Replicas: make([]inventory.ServerID, 0, len(sites)-1),
		}
		for _, s := range sites[1:] {
			p.Replicas = append(p.Replicas, f.Inventory.Servers[s].Name)
		}
		out = append(out, p)
	}
	return out
}

// Master returns the server that serves the store while the servers marked are
// down: the first of its sites that is not, or -1 if the store is offline.
func Master(sites []int32, down []bool) int32 {
	for _, s := range sites {
		if !down[s] {
			return s
		}
	}
	return -1
}
