package layout

import (
	"cmp"
	"container/heap"
	"math"
	"slices"

	"github.com/interlacemail/interlace/inventory"
)

// pack lays out the stores that are not fixed anew where partners are few and each
// pair shares many stores. Then what a server promotes when a partner fails is a sum
// of several stores, which is evened out best if large and small ones come together:
// every direction of every pair gets a share of the load that keeps all servers
// equally busy after a failure, and stores, the largest first, go where the least
// part of the share is used (longest processing time, Graham 1969). Further replicas
// stay where they are if they can. It returns nil where no pairs are partners.
func (p *problem) pack() *state {
	c := p.newConstruction()
	w := c.newWays()
	if len(w.list) == 0 {
		return nil
	}
	w.share()
	n := len(p.target)
	w.toServe, w.toHold = make([]float64, n), make([]float64, n)
	w.served, w.held = make([][inventory.MaxResources]float64, n), make([][inventory.MaxResources]float64, n)
	for _, d := range w.list {
		w.toServe[d.master] += d.share
		w.toHold[d.replica] += d.share
	}
	for _, d := range w.list {
		d.left = w.leftOf(d)
	}
	heap.Init(w)
	for _, store := range c.heaviestFirst() {
		if c.fixed[store] || c.copies[store] == 0 {
			continue
		}
		if list := w.take(store); list != nil {
			c.put(store, c.withOthers(store, list))
		}
	}
	return newState(p, c.sites)
}

// direction is one direction of a pair of partners: stores with their master on one and
// their first replica on the other.
type direction struct {
	master, replica int32
	share           float64                         // of the load that the fleet is to put there
	used            [inventory.MaxResources]float64 // by failover resource, as a part of what all stores take
	left            float64                         // of the share, in the failover resource of which the least is left
}

// ways is a heap of directions, the least filled first.
type ways struct {
	*construction
	list   []*direction
	totals []float64 // by failover resource: the load of all stores to place

	toServe, toHold []float64 // by server: the shares of the directions from it, and to it
	served, held    [][inventory.MaxResources]float64
}

func (w *ways) Len() int           { return len(w.list) }
func (w *ways) Swap(i, j int)      { w.list[i], w.list[j] = w.list[j], w.list[i] }
func (w *ways) Push(x any)         { w.list = append(w.list, x.(*direction)) }
func (w *ways) Less(i, j int) bool { return w.list[i].before(w.list[j]) }

// Pop removes the last direction.
func (w *ways) Pop() any {
	last := w.list[len(w.list)-1]
	w.list = w.list[:len(w.list)-1]
	return last
}

func (d *direction) before(o *direction) bool {
	return cmp.Or(cmp.Compare(o.left, d.left), cmp.Compare(d.master, o.master), cmp.Compare(d.replica, o.replica)) < 0
}

func (c *construction) newWays() *ways {
	w := &ways{construction: c, totals: make([]float64, len(c.fleet.Failover))}
	for a, around := range c.links.of {
		for _, b := range around {
			if c.target[a] && c.target[b] {
				w.list = append(w.list, &direction{master: int32(a), replica: b})
			}
		}
	}
	for store := range c.start {
		for j, r := range c.fleet.Failover {
			if !c.fixed[store] {
				w.totals[j] += float64(c.fleet.Active[store][r])
			}
		}
	}
	return w
}

// shared is how often shares are corrected.
const shared = 300

// share divides the load among the directions. What a server carries after the worst
// failure is M + ρR + (1−ρ)·(largest share that it promotes), all as parts of the
// load of all stores, over its part of the capacity; directions to and from servers
// that come out too busy get less, again and again.
func (w *ways) share() {
	f := w.fleet
	if len(f.Failover) == 0 {
		for _, d := range w.list {
			d.share = 1 / float64(len(w.list))
		}
		return
	}
	r := w.scarcest()
	rho := f.Inventory.Resources[r].Replica
	size, total := make([]float64, len(f.Capacity)), 0.0
	for b, ok := range w.target {
		if ok {
			size[b] = f.Capacity[b][r]
			total += size[b]
		}
	}
	for _, d := range w.list {
		d.share = math.Sqrt(size[d.master]*size[d.replica]) / total
	}
	busy, largest := make([]float64, len(size)), make([]float64, len(size))
	for range shared {
		w.normalise()
		clear(busy)
		clear(largest)
		for _, d := range w.list {
			busy[d.master] += d.share
			busy[d.replica] += rho * d.share
			largest[d.replica] = max(largest[d.replica], d.share)
		}
		mean, n := 0.0, 0.0
		for b := range busy {
			if size[b] > 0 && busy[b] > 0 {
				busy[b] = (busy[b] + (1-rho)*largest[b]) * total / size[b]
				mean += busy[b]
				n++
			}
		}
		mean /= n
		for _, d := range w.list {
			over := (busy[d.master]-mean)/mean + (rho+(1-rho)*square(d.share/largest[d.replica]))*(busy[d.replica]-mean)/mean
			d.share *= math.Exp(-0.2 * over)
		}
	}
	w.normalise()
}

func square(x float64) float64 { return x * x }

func (w *ways) normalise() {
	sum := 0.0
	for _, d := range w.list {
		sum += d.share
	}
	for _, d := range w.list {
		d.share /= sum
	}
}

// scarcest returns the failover resource of which the stores take the largest part.
func (w *ways) scarcest() int {
	f := w.fleet
	best, most := f.Failover[0], 0.0
	for j, r := range f.Failover {
		capacity := 0.0
		for b, ok := range w.target {
			if ok {
				capacity += f.Capacity[b][r]
			}
		}
		if part := w.totals[j] * (1 + f.Inventory.Resources[r].Replica) / capacity; part > most {
			best, most = r, part
		}
	}
	return best
}

// passed is how many directions are looked at for a store before it is left to
// repair.
const passed = 64

// take puts a store on the direction with most left that has room, and returns its
// sites, or nil.
func (w *ways) take(store int) []int32 {
	var set []*direction
	var sites []int32
	for len(w.list) > 0 && len(set) < passed && sites == nil {
		d := w.list[0]
		if left := w.leftOf(d); left < d.left {
			d.left = left
			heap.Fix(w, 0)
			continue
		}
		heap.Pop(w)
		set = append(set, d)
		if w.hasRoom(store, d) {
			sites = []int32{d.master, d.replica}[:min(2, w.copies[store])]
			for j, r := range w.fleet.Failover {
				part := float64(w.fleet.Active[store][r]) / max(w.totals[j], 1)
				d.used[j] += part
				w.served[d.master][j] += part
				w.held[d.replica][j] += part
			}
		}
	}
	for _, d := range set {
		heap.Push(w, d)
	}
	return sites
}

// leftOf returns what is left of the share of a direction, and in part of those of
// its two servers, in the failover resource of which the least is left.
func (w *ways) leftOf(d *direction) float64 {
	least := math.Inf(1)
	for j := range w.fleet.Failover {
		left := d.share - d.used[j] + evenly*(w.toServe[d.master]-w.served[d.master][j]+w.toHold[d.replica]-w.held[d.replica][j])
		least = min(least, left)
	}
	return least
}

// evenly is how much what is left of a server's shares weighs beside what is left of
// one of them.
const evenly = 0.3

// hasRoom reports whether both servers may carry the store and have a slot and, in
// resources with ρ ≥ 1, room for it.
func (w *ways) hasRoom(store int, d *direction) bool {
	return w.may(store, d.master) && w.may(store, d.replica) && w.shortage(store, []int32{d.master, d.replica}[:min(2, w.copies[store])]) == 0 &&
		w.holds(d.master, &w.fleet.Active[store]) && w.holds(d.replica, &w.fleet.Passive[store])
}

func (c *construction) holds(server int32, amounts *inventory.Amounts) bool {
	if slots := c.fleet.Inventory.Servers[server].Slots; slots != inventory.Unlimited && c.used[server] >= slots {
		return false
	}
	return !slices.ContainsFunc(c.fleet.Full, func(r int) bool {
		return c.carried[server][r]+amounts[r] > c.most[server][r]
	})
}
