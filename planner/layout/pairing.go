package layout

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/interlacemail/interlace/planner/bounds"
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
	for _, set := range g.today() {
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
	g.complete(most, g.proportional())
	return &g.partners
}

// anewPaired designs the pairs afresh. Only what cannot move or is on servers that
// are down stays.
func anewPaired(p *problem, most int) *partners {
	g := newPairing(p, most)
	for _, set := range g.today() {
		down := slices.ContainsFunc(set.servers, func(s int32) bool { return p.fleet.Down[s] })
		if set.fixed || down && g.fits(set.servers) {
			g.join(set.servers)
		}
	}
	g.complete(most, g.proportional())
	return &g.partners
}

// ofLayout are the pairs that a layout uses.
func ofLayout(p *problem, sites load.Layout) *partners {
	g := newPairing(p, 0)
	for _, list := range sites {
		g.join(list)
	}
	return &g.partners
}

// with returns the problem with other partners.
func (p *problem) with(links *partners) *problem {
	if p.links == nil {
		return p
	}
	other := *p
	other.links = links
	return &other
}

// designed returns the ladder with partners that today's layout does not bind.
func (l *ladder) designed() *ladder {
	if l.links == nil {
		return l
	}
	g := anewPaired(l.problem, *l.opts.Scatter)
	return &ladder{problem: l.with(g), ctx: l.ctx, bound: l.bound}
}

// together are servers that share stores today.
type together struct {
	servers []int32 // ascending; without those that the stores are to leave
	weight  int64   // bytes of the stores, and one for each
	fixed   bool    // some of the stores stay as they are
}

// today lists the sets of servers that share stores, the fixed first, then by what
// they share.
func (g *pairing) today() []together {
	index := map[string]int{}
	var sets []together
	for store, sites := range g.start {
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
	}
	slices.SortStableFunc(sets, func(a, b together) int {
		if a.fixed != b.fixed {
			if a.fixed {
				return -1
			}
			return 1
		}
		return cmp.Compare(b.weight, a.weight)
	})
	return sets
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

// complete gives the servers further partners as long as they may have some: near
// ones of a ring. With two instances a store these are the servers at distance 1, 2
// and so on to both sides, the symmetric offsets {d, n−d} by which every pair serves
// in both directions. With more, all instances of a store must be partners of one
// another, so the ring is cut into cells.
func (g *pairing) complete(most int, alike bool) {
	ring := g.ring(alike)
	g.admit(ring)
	if g.mostCopies > 2 {
		g.cells(ring)
	}
	if alike {
		for _, section := range g.sections(ring, most) {
			g.encircle(section)
		}
	}
	g.encircle(ring)
	g.exchange(ring)
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

// alikeRatio is how much the proportions of servers may differ that count as alike.
const alikeRatio = 1.5

// proportional reports whether large servers are like small ones in everything but
// size. Then servers of one size do best among themselves: each promotes the same
// from every partner, and the masters of all partners are as large as its own.
// Servers strong in one resource need partners strong in another.
func (g *pairing) proportional() bool {
	f := g.fleet
	for r := range f.Resources {
		low, high := 0.0, 0.0
		for b, ok := range g.target {
			if !ok || f.Capacity[b][r] == 0 || f.Capacity[b][0] == 0 {
				continue
			}
			ratio := f.Capacity[b][r] / f.Capacity[b][0]
			if low == 0 || ratio < low {
				low = ratio
			}
			high = max(high, ratio)
		}
		if high > alikeRatio*low {
			return false
		}
	}
	return true
}

// place is where a server stands in the ring.
type place struct {
	server   int32
	limits   string  // which limited stores it may carry
	position float64 // among those of equal limits
	rank     int     // among those of equal capacities in its domain
}

// ring orders the servers that may receive instances: those first apart that may
// carry different stores; then like beside like, or else all kinds mixed evenly; and
// servers of one kind in turn from all domains.
func (g *pairing) ring(alike bool) []int32 {
	kinds := g.kinds()
	var places []place
	for k, kind := range kinds {
		ranks := g.ranks(kind)
		slices.SortStableFunc(kind, func(a, b int32) int { return cmp.Compare(ranks[a], ranks[b]) })
		for i, s := range kind {
			at := place{server: s, limits: g.limitsOf(s), position: float64(k), rank: i}
			if !alike {
				at.position = (float64(i) + 0.5) / float64(len(kind))
			}
			places = append(places, at)
		}
	}
	slices.SortStableFunc(places, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.limits, b.limits), cmp.Compare(a.position, b.position), cmp.Compare(a.rank, b.rank))
	})
	ring := make([]int32, len(places))
	for i := range places {
		ring[i] = places[i].server
	}
	return ring
}

// kinds groups the servers that may receive instances by capacity, in its order.
func (p *problem) kinds() [][]int32 {
	var servers []int32
	for b, ok := range p.target {
		if ok {
			servers = append(servers, int32(b))
		}
	}
	compare := func(a, b int32) int {
		return slices.Compare(p.fleet.Capacity[a][:], p.fleet.Capacity[b][:])
	}
	slices.SortStableFunc(servers, compare)
	var kinds [][]int32
	for i, s := range servers {
		if i == 0 || compare(servers[i-1], s) != 0 {
			kinds = append(kinds, nil)
		}
		kinds[len(kinds)-1] = append(kinds[len(kinds)-1], s)
	}
	return kinds
}

// ranks numbers the servers within their domains of the first level that spread
// keeps apart.
func (p *problem) ranks(servers []int32) map[int32]int {
	ranks, seen := map[int32]int{}, map[int32]int{}
	for _, s := range servers {
		if len(p.spread) > 0 {
			d := p.fleet.Levels[p.spread[0].level].Of[s]
			ranks[s] = seen[d]
			seen[d]++
		}
	}
	return ranks
}

// limitsOf says which limited stores the server may carry.
func (p *problem) limitsOf(server int32) string {
	text := make([]byte, 0, len(p.limited))
	for _, store := range p.limited {
		if p.only[store][server] {
			text = append(text, '1')
		} else {
			text = append(text, '0')
		}
	}
	return string(text)
}

// spaced gives the seats of a blueprint to servers so that like seats are not
// neighbours in the ring: servers of one kind exchange their seats.
func (p *problem) spaced(plan *bounds.Blueprint) {
	seat := map[int32][]int{}
	kindOf := map[int32]int32{}
	kinds := p.kinds()
	for _, kind := range kinds {
		for _, s := range kind {
			kindOf[s] = kind[0]
		}
	}
	for i := range plan.Seats {
		if k, ok := kindOf[plan.Seats[i].Server]; ok {
			seat[k] = append(seat[k], i)
		}
	}
	for _, kind := range kinds {
		ranks := p.ranks(kind)
		slices.SortStableFunc(kind, func(a, b int32) int { return cmp.Compare(ranks[a], ranks[b]) })
		step := stride(len(kind))
		for i, at := range seat[kind[0]] {
			plan.Seats[at].Server = kind[i*step%len(kind)]
		}
	}
}

// stride returns a number of steps that leads through a ring of n places, each once,
// and far from where it was: the golden section.
func stride(n int) int {
	s := max(1, int(0.618*float64(n)))
	for gcd(s, n) != 1 {
		s++
	}
	return s
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
