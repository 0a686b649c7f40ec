package layout

import (
	"cmp"
	"fmt"
	"slices"
)

// complete gives the servers further partners as long as they may have some, near
// ones of a ring, and returns all of them. With two instances a store these are the servers at distance 1, 2
// and so on to both sides, the symmetric offsets {d, n−d} by which every pair serves
// in both directions. With more, all instances of a store must be partners of one
// another, so the ring is cut into cells.
func (g *pairing) complete(most int) *partners {
	alike := g.proportional()
	ring := g.ring(alike)
	g.admit(ring)
	if g.mostCopies > 2 {
		g.cells(ring)
		return &g.partners
	}
	if alike {
		for _, section := range g.sections(ring, most) {
			g.encircle(section)
		}
	}
	g.encircle(ring)
	g.exchange(ring)
	return &g.partners
}

// encircle makes near servers of a ring partners, the nearest first.
func (g *pairing) encircle(ring []int32) {
	for d := 1; d <= len(ring)/2; d++ {
		open := 0
		for i, a := range ring {
			if b := ring[(i+d)%len(ring)]; g.free[a] > 0 && g.free[b] > 0 && g.suit(a, b) {
				g.add(a, b)
			}
			if g.free[a] > 0 {
				open++
			}
		}
		if open < 2 {
			return
		}
	}
}

// suit reports whether the servers may be made partners.
func (g *pairing) suit(a, b int32) bool { return a != b && !g.linked(a, b) && !g.sameDomain(a, b) }

// add makes the servers partners in a way that may be taken back.
func (g *pairing) add(a, b int32) {
	g.join([]int32{a, b})
	g.added = append(g.added, [2]int32{a, b})
}

// exchange finds partners for servers that still may have some but suit nobody who
// may: a and b take the places of one another in a pair c, d, which becomes a, c and
// b, d.
func (g *pairing) exchange(ring []int32) {
	for _, a := range ring {
		for _, b := range ring {
			if g.free[a] <= 0 || g.free[b] <= 0 || a == b && g.free[a] < 2 {
				continue
			}
			at := slices.IndexFunc(g.added, func(p [2]int32) bool { return g.suit(a, p[0]) && g.suit(b, p[1]) && b != p[0] && a != p[1] })
			if at < 0 {
				continue
			}
			pair := g.added[at]
			g.added = slices.Delete(g.added, at, at+1)
			g.part(pair[0], pair[1])
			g.free[pair[0]]++
			g.free[pair[1]]++
			g.add(a, pair[0])
			g.add(b, pair[1])
		}
	}
}

// sections cuts a ring between servers of different kinds, so that each section has
// servers enough for one of them to find all its partners there.
func (g *pairing) sections(ring []int32, most int) [][]int32 {
	var cut [][]int32
	from := 0
	for i := range ring {
		if i+1 < len(ring) && (g.fleet.Capacity[ring[i]] == g.fleet.Capacity[ring[i+1]] || i+1-from <= most || len(ring)-i-1 <= most) {
			continue
		}
		cut = append(cut, ring[from:i+1])
		from = i + 1
	}
	return cut
}

// cells cuts the part of the ring that has room for it into cells of partners.
func (g *pairing) cells(ring []int32) {
	var open []int32
	least := 0
	for _, s := range ring {
		if g.free[s] >= g.mostCopies-1 {
			open = append(open, s)
			if least == 0 || g.free[s] < least {
				least = g.free[s]
			}
		}
	}
	n := min((len(open)+least)/(least+1), len(open)/g.mostCopies)
	for i := range n {
		cell := open[i*len(open)/n : (i+1)*len(open)/n]
		g.join(cell[:min(len(cell), least+1)])
	}
}

// admit gives stores that are limited to some servers partners among these, where
// they have none.
func (g *pairing) admit(ring []int32) {
	seen := map[string]bool{}
	for store := range g.start {
		only := g.fleet.Inventory.Stores[store].Only
		if len(only) == 0 || g.fixed[store] || g.copies[store] < 2 {
			continue
		}
		key := fmt.Sprint(g.copies[store], only)
		if seen[key] {
			continue
		}
		seen[key] = true
		if !g.housed(store, ring) {
			g.house(store, ring)
		}
	}
}

// housed reports whether partners could carry the store.
func (g *pairing) housed(store int, ring []int32) bool {
	p := *g.problem
	p.links = &g.partners
	return slices.ContainsFunc(ring, func(s int32) bool {
		return p.may(store, s) && p.settlement(nil, store, s, 0) != nil
	})
}

// house makes servers partners that may carry the store: those with the most room.
func (g *pairing) house(store int, ring []int32) {
	var able []int32
	for _, s := range ring {
		if g.may(store, s) {
			able = append(able, s)
		}
	}
	slices.SortStableFunc(able, func(a, b int32) int { return cmp.Compare(g.free[b], g.free[a]) })
	var list []int32
	for _, s := range able {
		if len(list) < g.copies[store] && !g.crowds(list, s) && g.fits(append(slices.Clone(list), s)) {
			list = append(list, s)
		}
	}
	if len(list) == g.copies[store] {
		g.join(list)
	}
}
