package layout

import (
	"cmp"
	"container/heap"
	"math"
	"slices"

	"github.com/interlacemail/interlace/inventory"
)

// pack lays out the stores that are not fixed anew where partners are few and a pair
// shares several stores. What a server promotes when a partner fails is then a sum of
// stores, which is evened out best where large and small ones come together. So every
// direction of every pair gets a share of the load with which all servers are equally
// busy after a failure, and stores, the largest first, go where most of the share is
// left (longest processing time, Graham 1969). Then bundles of stores are exchanged,
// so that a server promotes as much from every partner. Further replicas stay where
// they are if they can. It returns nil where there are no pairs.
func (p *problem) pack() *state {
	c := p.newConstruction()
	d := c.directions()
	if len(d.heap) == 0 {
		return nil
	}
	d.share()
	d.open()
	for _, store := range c.fleet.HeaviestFirst() {
		if !c.fixed[store] && c.copies[store] > 0 {
			d.take(store)
		}
	}
	d.segregate()
	for _, way := range d.heap {
		for _, store := range way.stores {
			c.sites[store] = c.withOthers(store, way.sites(c.copies[store]))
		}
	}
	return newState(p, c.sites)
}

// parts are loads by failover resource, each as a part of what all stores that are
// placed take of it.
type parts [inventory.MaxResources]float64

// direction is one direction of a pair: stores with their master on one server and
// their first replica on the other.
type direction struct {
	master, replica int32
	share           float64 // of the load
	used            parts
	left            float64 // see leftOf
	stores          []int
}

// sites returns the two servers, or one for a store that has no replica.
func (d *direction) sites(copies int) []int32 { return []int32{d.master, d.replica}[:min(2, copies)] }

// directions are all of them, those first of which most is left.
type directions struct {
	*construction
	heap   directionHeap
	totals []float64 // by failover resource: what all stores that are placed take

	toServe, toHold []float64 // by server: the shares of the directions from it, and to it
	served, held    []parts   // by server: what of that is used
}

type directionHeap []*direction

func (h directionHeap) Len() int      { return len(h) }
func (h directionHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *directionHeap) Push(x any)   { *h = append(*h, x.(*direction)) }

// Less puts the direction first of which more is left.
func (h directionHeap) Less(i, j int) bool {
	a, b := h[i], h[j]
	return cmp.Or(cmp.Compare(b.left, a.left), cmp.Compare(a.master, b.master), cmp.Compare(a.replica, b.replica)) < 0
}

// Pop removes the last direction.
func (h *directionHeap) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

func (c *construction) directions() *directions {
	n := len(c.target)
	d := &directions{
		construction: c, totals: make([]float64, len(c.fleet.Failover)),
		toServe: make([]float64, n), toHold: make([]float64, n), served: make([]parts, n), held: make([]parts, n),
	}
	for a, around := range c.links.of {
		for _, b := range around {
			if c.target[a] && c.target[b] {
				d.heap = append(d.heap, &direction{master: int32(a), replica: b})
			}
		}
	}
	for store := range c.start {
		for j, r := range c.fleet.Failover {
			if !c.fixed[store] {
				d.totals[j] += float64(c.fleet.Active[store][r])
			}
		}
	}
	return d
}

// open makes the heap of directions whose shares are known.
func (d *directions) open() {
	for _, way := range d.heap {
		d.toServe[way.master] += way.share
		d.toHold[way.replica] += way.share
	}
	for _, way := range d.heap {
		way.left = d.leftOf(way)
	}
	heap.Init(&d.heap)
}

// evenly is how much what is left of the shares of a server weighs beside what is
// left of one of them.
const evenly = 0.3

// leftOf returns what is left of the share of a direction, and in part of those of
// its two servers, in the failover resource of which the least is left.
func (d *directions) leftOf(way *direction) float64 {
	least := math.Inf(1)
	a, b := way.master, way.replica
	for j := range d.fleet.Failover {
		least = min(least, way.share-way.used[j]+evenly*(d.toServe[a]-d.served[a][j]+d.toHold[b]-d.held[b][j]))
	}
	return least
}

// passed is how many directions are looked at for a store before it is left to
// repair.
const passed = 64

// take puts a store on the direction with most left that has room.
func (d *directions) take(store int) {
	var seen []*direction
	for len(d.heap) > 0 && len(seen) < passed {
		way := d.heap[0]
		if left := d.leftOf(way); left < way.left { // what it shares with others was used
			way.left = left
			heap.Fix(&d.heap, 0)
			continue
		}
		heap.Pop(&d.heap)
		seen = append(seen, way)
		if d.fits(store, way) {
			d.use(store, way)
			break
		}
	}
	for _, way := range seen {
		heap.Push(&d.heap, way)
	}
}

func (d *directions) use(store int, way *direction) {
	way.stores = append(way.stores, store)
	for j, r := range d.fleet.Failover {
		part := float64(d.fleet.Active[store][r]) / max(d.totals[j], 1)
		way.used[j] += part
		d.served[way.master][j] += part
		d.held[way.replica][j] += part
	}
	d.carry(store, way.sites(d.copies[store]))
}

// fits reports whether both servers may carry the store and have a slot and, in
// resources with ρ ≥ 1, room for it.
func (d *directions) fits(store int, way *direction) bool {
	sites := way.sites(d.copies[store])
	if d.shortage(store, sites) > 0 {
		return false
	}
	for at, server := range sites {
		if !d.may(store, server) || !d.hasRoom(server, d.weighs(store, sites, at)) {
			return false
		}
	}
	return true
}

// segregate exchanges the bundles of directions between servers of the same kinds:
// each replica's server gets bundles of like size, one from every partner, so that
// what it promotes in the worst failure is no more than in the others. Servers that
// get the largest are not neighbours in the ring, so that every server sends away
// large and small ones. Stores that are limited to some servers stay.
func (d *directions) segregate() {
	kind, turn := d.turns()
	limited := func(store int) bool { return d.only[store] != nil }
	order := slices.DeleteFunc(slices.Clone(d.heap), func(way *direction) bool { return slices.ContainsFunc(way.stores, limited) })
	slices.SortFunc(order, func(a, b *direction) int {
		return cmp.Or(cmp.Compare(kind[a.master], kind[b.master]), cmp.Compare(kind[a.replica], kind[b.replica]),
			cmp.Compare(turn[a.replica], turn[b.replica]), cmp.Compare(a.master, b.master))
	})
	for from := 0; from < len(order); {
		to := from + 1
		for to < len(order) && kind[order[to].master] == kind[order[from].master] && kind[order[to].replica] == kind[order[from].replica] {
			to++
		}
		inOrder(order[from:to])
		from = to
	}
}

// inOrder gives the largest bundles to the first directions.
func inOrder(ways []*direction) {
	bundles := make([]direction, len(ways))
	for i, way := range ways {
		bundles[i] = *way
	}
	slices.SortStableFunc(bundles, func(a, b direction) int { return cmp.Compare(slices.Max(b.used[:]), slices.Max(a.used[:])) })
	for i, way := range ways {
		way.stores = bundles[i].stores
	}
}

// turns returns the kind of each server, and its turn among those of its kind: far
// from one another in the ring where turns are near.
func (p *problem) turns() (kind, turn []int) {
	kind, turn = make([]int, len(p.target)), make([]int, len(p.target))
	for k, servers := range p.kinds() {
		p.interleave(servers)
		step := stride(len(servers))
		for i := range servers {
			s := servers[i*step%len(servers)]
			kind[s], turn[s] = k, i
		}
	}
	return kind, turn
}
