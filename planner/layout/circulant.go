package layout

import (
	"cmp"
	"slices"

	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/bounds"
)

// designs returns layouts of stores that are all alike on servers that are all
// alike, each by one of the mixtures of configurations that come close to the
// bound; none where they differ, or something is to stay where it is.
func (l *ladder) designs() []outcome {
	if len(l.only) > 0 || slices.Contains(l.fixed, true) {
		return nil
	}
	var out []outcome
	for m := range bounds.Mixtures(l.fleet, l.opts.question()) {
		s := l.design(m)
		if s == nil {
			continue
		}
		if s = l.ownPairs(s); s == nil {
			continue
		}
		out = append(out, outcome{state: s, stopped: planner.LocalOptimum})
		if len(out) > 1 || l.satisfied(out[0]) {
			break // those that follow are worse, or none needs to be better
		}
	}
	return out
}

// design lays the stores out as a circulant graph: the servers stand in a circle,
// and the replicas of what a server serves lie at the same distances from it for
// every server. Distances come in pairs, d to the right and d to the left, so that
// two servers that share stores do so in both roles: the same load after a failure
// with half as many pairs of servers that take stores offline together. It
// returns nil where the replicas find no place.
func (p *problem) design(m bounds.Mixture) *state {
	c := p.newCirculant(m)
	if c == nil {
		return nil
	}
	masters := c.placeMasters()
	for _, slice := range []func(q int) int{c.least, c.most} {
		for _, d := range c.distances() {
			if c.unplaced > 0 {
				c.linkAt(d, slice)
			}
		}
	}
	for a := range c.ring { // what no distance has a place for
		for c.sends[a] > 0 {
			if !c.reroute(a) {
				return nil
			}
		}
	}
	return newState(p, c.placeReplicas(masters))
}

// circulant is the graph of a layout: who promotes how many stores for whom.
// Servers are known by their place in the circle.
type circulant struct {
	*problem
	ring     []int32 // servers around the circle
	filled   []bounds.Configuration
	sends    []int     // stores of each server that have no replica yet
	takes    []int     // replicas that each server is still to have
	partners *partners // those whose stores a server may promote, nil where that is anyone
	links    [][]link
	senders  [][]int32 // of each server: those that have, or had, a link to it
	distance int       // how many distances the fullest server needs
	unplaced int       // stores that have no replica yet
}

// link says how many stores of a server are replicated on another.
type link struct {
	to     int32
	stores int
}

// newCirculant gives the fullest configurations to the servers that serve the most
// stores today. Among those that serve as many, different configurations stand side
// by side, so that every server has partners of all kinds.
func (p *problem) newCirculant(m bounds.Mixture) *circulant {
	c := &circulant{problem: p, ring: p.circle()}
	n := len(c.ring)
	if n != len(m.Configurations) {
		return nil
	}
	serves := make([]int, len(p.target))
	for _, sites := range p.start {
		if len(sites) > 0 {
			serves[sites[0]]++
		}
	}
	order := make([]int, n)
	for i := range order {
		order[i] = i * stride(n) % n
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(serves[c.ring[b]], serves[c.ring[a]]) })
	c.filled, c.sends, c.takes = make([]bounds.Configuration, n), make([]int, n), make([]int, n)
	c.links, c.senders = make([][]link, n), make([][]int32, n)
	for i, at := range order {
		f := m.Configurations[i]
		c.filled[at], c.sends[at], c.takes[at] = f, f.Masters, f.Replicas
		c.unplaced += f.Masters
		if f.Replicas > 0 {
			c.distance = max(c.distance, (f.Replicas+f.Slice-1)/f.Slice)
		}
	}
	if p.links != nil {
		c.partners = c.near(*p.opts.Scatter)
	}
	return c
}

// near makes servers partners that are near one another in the circle, as long as
// both may have some. Where an odd number is needed, the opposite server comes
// first; if the number of servers is odd as well, one of them has no opposite, and
// a partner less than the others.
func (c *circulant) near(most int) *partners {
	n := len(c.ring)
	g := &partners{of: make([][]int32, n)}
	link := func(a, b int) {
		if len(g.of[a]) < most && len(g.of[b]) < most && c.apart(a, b) && !g.linked(int32(a), int32(b)) {
			g.link(int32(a), int32(b))
		}
	}
	if c.distance%2 == 1 && (n%2 == 0 || c.distance >= most) {
		for a := range n / 2 {
			link(a, a+n/2)
		}
	}
	for d := 1; 2*d <= n; d++ {
		for a := range n {
			link(a, (a+d)%n)
		}
	}
	return g
}

// circle returns the servers in an order in which those of one domain are as far
// from one another as can be, at the level with the fewest domains that spread
// keeps apart, or the last one.
func (p *problem) circle() []int32 {
	level := len(p.fleet.Levels) - 1
	for i, rule := range p.spread {
		if i == 0 || len(p.fleet.Levels[rule.level].Domains) < len(p.fleet.Levels[level].Domains) {
			level = rule.level
		}
	}
	of := p.fleet.Levels[level].Of
	ring := slices.Clone(p.targets)
	size := make([]int, len(p.fleet.Levels[level].Domains))
	rank := make([]int, len(p.target))
	for _, b := range ring {
		rank[b] = size[of[b]]
		size[of[b]]++
	}
	at := func(b int32) float64 { return (float64(rank[b]) + 0.5) / float64(size[of[b]]) }
	slices.SortStableFunc(ring, func(a, b int32) int {
		return cmp.Or(cmp.Compare(at(a), at(b)), cmp.Compare(of[a], of[b]))
	})
	return ring
}

// distances returns all distances to the right, those in pairs one after the
// other; that to the opposite server, which is a pair in itself, first where an odd
// number is needed and last otherwise.
func (c *circulant) distances() []int {
	n := len(c.ring)
	var all []int
	for d := 1; 2*d < n; d++ {
		all = append(all, d, n-d)
	}
	switch {
	case n%2 == 1:
	case c.distance%2 == 1:
		all = slices.Insert(all, 0, n/2)
	default:
		all = append(all, n/2)
	}
	return all
}

// least is the smallest number of stores that must share a link to the server.
func (c *circulant) least(at int) int {
	if c.distance == 0 {
		return 0
	}
	return min(c.filled[at].Slice, (c.filled[at].Replicas+c.distance-1)/c.distance)
}

// most is the largest that may.
func (c *circulant) most(at int) int { return c.filled[at].Slice }

// linkAt links servers at the distance with as many stores as they have left.
func (c *circulant) linkAt(d int, slice func(at int) int) {
	for a := range c.ring {
		if c.sends[a] == 0 {
			continue
		}
		b := (a + d) % len(c.ring)
		n := min(c.sends[a], c.takes[b], slice(b)-c.stores(a, b))
		if n > 0 && c.apart(a, b) {
			c.add(a, b, n)
			c.sends[a] -= n
			c.takes[b] -= n
			c.unplaced -= n
		}
	}
}

// apart reports whether a store may lie on both servers.
func (c *circulant) apart(a, b int) bool {
	return a != b && c.partners.linked(int32(a), int32(b)) && c.shortage(0, []int32{c.ring[a], c.ring[b]}) == 0
}

func (c *circulant) stores(a, b int) int {
	for _, l := range c.links[a] {
		if l.to == int32(b) {
			return l.stores
		}
	}
	return 0
}

func (c *circulant) add(a, b, n int) {
	for i := range c.links[a] {
		if l := &c.links[a][i]; l.to == int32(b) {
			l.stores += n
			return
		}
	}
	c.links[a] = append(c.links[a], link{int32(b), n})
	c.senders[b] = append(c.senders[b], int32(a))
}

// reroute links one more store of the server: to one that takes no more, another
// store of which goes elsewhere instead, and so on along the shortest way to one
// that still takes replicas.
func (c *circulant) reroute(from int) bool {
	n := len(c.ring)
	prev, via := make([]int, n), make([]int, n) // the sender before a receiver, the receiver before a sender
	for i := range n {
		prev[i], via[i] = -1, -1
	}
	for queue := []int{from}; len(queue) > 0; queue = queue[1:] {
		a := queue[0]
		for b := range n {
			if prev[b] >= 0 || c.stores(a, b) >= c.most(b) || !c.apart(a, b) {
				continue
			}
			prev[b] = a
			if c.takes[b] > 0 {
				c.sends[from]--
				c.takes[b]--
				c.shift(from, b, prev, via)
				return true
			}
			for _, next := range c.senders[b] {
				if int(next) != from && via[next] < 0 && c.stores(int(next), b) > 0 {
					via[next] = b
					queue = append(queue, int(next))
				}
			}
		}
	}
	return false
}

// shift moves links along a way that ends at a receiver.
func (c *circulant) shift(from, to int, prev, via []int) {
	for {
		a := prev[to]
		c.add(a, to, 1)
		if a == from {
			return
		}
		to = via[a]
		c.add(a, to, -1)
	}
}

// placeMasters returns the stores that each server serves: of those that it serves
// today as many as it is to have, then those whose replica it has and whose master
// must leave its server, then what others have too much of.
func (c *circulant) placeMasters() [][]int {
	at := c.places()
	out := make([][]int, len(c.ring))
	stay, leave := make([]int, len(c.ring)), make([]int, len(c.ring)) // of what each serves today
	for _, sites := range at {
		switch i := sites[0]; {
		case i < 0:
		case stay[i] < c.filled[i].Masters:
			stay[i]++
		default:
			leave[i]++
		}
	}
	room := make([]int, len(c.ring))
	for i := range room {
		room[i] = c.filled[i].Masters - stay[i]
	}
	var rest []int
	for store, sites := range at {
		switch from, to := sites[0], sites[1]; {
		case to >= 0 && room[to] > 0 && (from < 0 || leave[from] > 0):
			out[to] = append(out[to], store)
			room[to]--
			if from >= 0 {
				leave[from]--
			}
		default:
			rest = append(rest, store)
		}
	}
	next := 0
	for _, store := range rest {
		i := at[store][0]
		if i >= 0 && stay[i] > 0 {
			stay[i]--
		} else {
			for room[next] == 0 {
				next++
			}
			i = next
			room[i]--
		}
		out[i] = append(out[i], store)
	}
	return out
}

// places returns the places in the circle of the servers of each store's master
// and first replica today, −1 where there is none.
func (c *circulant) places() [][2]int {
	of := make([]int, len(c.target))
	for i := range of {
		of[i] = -1
	}
	for i, b := range c.ring {
		of[b] = i
	}
	out := make([][2]int, len(c.start))
	for store, sites := range c.start {
		out[store] = [2]int{-1, -1}
		for k := range min(2, len(sites)) {
			out[store][k] = of[sites[k]]
		}
	}
	return out
}

// placeReplicas gives each store a replica along a link of its master's server:
// where it has an instance today, if that can be.
func (c *circulant) placeReplicas(masters [][]int) [][]int32 {
	sites := make([][]int32, len(c.start))
	for a, stores := range masters {
		left := slices.Clone(c.links[a])
		give := func(store, i int) {
			left[i].stores--
			sites[store] = []int32{c.ring[a], c.ring[left[i].to]}
		}
		for _, store := range stores {
			i := slices.IndexFunc(left, func(l link) bool {
				return l.stores > 0 && slices.Contains(c.start[store], c.ring[l.to])
			})
			if i >= 0 {
				give(store, i)
			}
		}
		for _, store := range stores {
			if sites[store] == nil {
				give(store, slices.IndexFunc(left, func(l link) bool { return l.stores > 0 }))
			}
		}
	}
	return sites
}
