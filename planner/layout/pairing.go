package layout

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/interlacemail/interlace/planner/load"
)

// pairing decides who may be partners.
type pairing struct {
	*problem
	partners
	free  []int      // partners that each server may still get
	added [][2]int32 // pairs that nothing asks for but that partners are few
}

func newPairing(p *problem, most int) *pairing {
	g := &pairing{problem: p, partners: partners{of: make([][]int32, len(p.target))}, free: make([]int, len(p.target))}
	for b := range g.free {
		g.free[b] = most
	}
	return g
}

// fromToday keeps the pairs that share most today, so that little has to be copied,
// and completes them. The pairs that must go count like those that stay: as long as
// some of their stores have not moved, a new partner would be one more than today.
func fromToday(p *problem, most int) *partners {
	g := newPairing(p, most)
	var left [][]int32
	for _, set := range g.sets(p.start) {
		if set.fixed || g.fits(set.servers) {
			g.join(set.servers)
		} else {
			left = append(left, set.servers)
		}
	}
	counted := map[[2]int32]bool{}
	for _, servers := range left {
		for i, a := range servers {
			for _, b := range servers[:i] {
				if key := [2]int32{min(a, b), max(a, b)}; !counted[key] && !g.linked(a, b) {
					counted[key] = true
					g.free[a]--
					g.free[b]--
				}
			}
		}
	}
	return g.complete(most)
}

// designed decides on pairs without regard to today. Only what cannot move or is on
// servers that are down stays.
func designed(p *problem, most int) *partners {
	g := newPairing(p, most)
	for _, set := range g.sets(p.start) {
		down := slices.ContainsFunc(set.servers, func(s int32) bool { return p.fleet.Down[s] })
		if set.fixed || down && g.fits(set.servers) {
			g.join(set.servers)
		}
	}
	return g.complete(most)
}

// heaviest keeps the pairs of a layout that share most, and completes them.
func heaviest(p *problem, most int, sites load.Layout) *partners {
	g := newPairing(p, most)
	for _, set := range g.sets(sites) {
		if set.fixed || g.fits(set.servers) {
			g.join(set.servers)
		}
	}
	return g.complete(most)
}

// ofLayout are the pairs that a layout uses.
func ofLayout(p *problem, sites load.Layout) *partners {
	g := newPairing(p, 0)
	for _, list := range sites {
		g.join(list)
	}
	return &g.partners
}

// together are servers that share stores.
type together struct {
	servers []int32 // ascending; without those that the stores are to leave
	weight  int64   // bytes of the stores, and one for each
	fixed   bool    // some of the stores stay as they are
	limited bool    // some of the stores may be on some servers only
}

// sets lists the sets of servers that share stores in a layout: the fixed first, then
// those of stores that have little choice, then by what they share.
func (g *pairing) sets(layout load.Layout) []together {
	index := map[string]int{}
	var sets []together
	for store, sites := range layout {
		var servers []int32
		for _, s := range sites {
			if !g.drain[s] || g.fixed[store] {
				servers = append(servers, s)
			}
		}
		slices.Sort(servers)
		servers = slices.Compact(servers)
		if len(servers) < 2 {
			continue
		}
		key := fmt.Sprint(servers)
		at, known := index[key]
		if !known {
			at = len(sets)
			index[key] = at
			sets = append(sets, together{servers: servers})
		}
		sets[at].weight += g.bytes[store] + 1
		sets[at].fixed = sets[at].fixed || g.fixed[store]
		sets[at].limited = sets[at].limited || g.only[store] != nil
	}
	slices.SortStableFunc(sets, func(a, b together) int {
		return cmp.Or(cmp.Compare(a.turn(), b.turn()), cmp.Compare(b.weight, a.weight))
	})
	return sets
}

// turn says which sets come first.
func (t together) turn() int {
	switch {
	case t.fixed:
		return 0
	case t.limited:
		return 1
	}
	return 2
}

// fits reports whether all servers of a set may become partners.
func (g *pairing) fits(servers []int32) bool {
	for _, a := range servers {
		more := 0
		for _, b := range servers {
			if !g.linked(a, b) {
				more++
			}
		}
		if more > g.free[a] {
			return false
		}
	}
	return true
}

// join makes all servers of a set partners.
func (g *pairing) join(servers []int32) {
	for i, a := range servers {
		for _, b := range servers[:i] {
			if !g.linked(a, b) {
				g.link(a, b)
				g.free[a]--
				g.free[b]--
			}
		}
	}
}
