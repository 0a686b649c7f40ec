package layout

import (
	"cmp"
	"slices"
)

// alikeRatio is how much the proportions of servers may differ that count as alike.
const alikeRatio = 1.5

// proportional reports whether large servers are like small ones in everything but
// size. Then servers of one size do best among themselves: each promotes the same
// from every partner, and the masters of all partners are as large as its own.
// Servers strong in one resource need partners strong in another.
func (p *problem) proportional() bool {
	f := p.fleet
	for r := range f.Resources {
		low, high := 0.0, 0.0
		for _, b := range p.targets {
			if f.Capacity[b][r] == 0 || f.Capacity[b][0] == 0 {
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
		g.interleave(kind)
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
	servers := slices.Clone(p.targets)
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

// interleave orders servers in turn from all domains of the first level that spread
// keeps apart.
func (p *problem) interleave(servers []int32) {
	if len(p.spread) == 0 {
		return
	}
	of := p.fleet.Levels[p.spread[0].level].Of
	rank, seen := map[int32]int{}, map[int32]int{}
	for _, s := range servers {
		rank[s] = seen[of[s]]
		seen[of[s]]++
	}
	slices.SortStableFunc(servers, func(a, b int32) int { return cmp.Compare(rank[a], rank[b]) })
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
