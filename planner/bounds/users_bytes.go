package bounds

import (
	"math"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner/load"
)

// leaving computes what must at least leave the stores: how many bytes, or how
// many users, move in every assignment that brings each store below its limits,
// empties the stores that drain and, where whole is set, gathers torn groups.
//
// Proof. Let a store carry e more than its limit in some resources. Whatever
// moves in, pieces that weigh e together must move out: a [Cover]. Pieces move
// whole and those on different stores are different, so the costs of all covers
// add up. All that can leave a draining store does. A torn group ends on one
// store; at best on that of its largest piece among stores that may receive, so
// all its other pieces move, and if that piece moves as well, at best to the
// store of the second largest, the difference is paid besides. Each group must
// be counted once, so either its pieces are items at their full cost, or the
// cost of gathering is added up and the largest piece is an item at the
// difference, the others at no cost. Both are bounds; the larger one is taken.
//
// A server above its ceiling is a cover as well, of pieces on all its stores at
// 1 or ρ times their weight. A piece that counts for several such servers gives
// each of them an equal part of its cost, and stores on such servers are not
// counted on their own.
type leaving struct {
	*Assignments
	cost  func(*Piece) int64
	limit func(r int) float64 // of a store's utilisation
	whole bool
	steps int // for each cover, to find whole choices
	cover Cover
}

// bytesOf and usersOf are what moving a piece may cost.
func bytesOf(p *Piece) int64 { return p.Bytes }
func usersOf(p *Piece) int64 { return int64(p.Users) }

// least returns the bound.
func (l *leaving) least() int64 {
	full := make([]int64, len(l.Pieces))
	for i := range l.Pieces {
		full[i] = l.cost(&l.Pieces[i])
	}
	stores := l.stores(full)
	best := max(total(stores), l.servers(full, stores))
	if l.whole && len(l.Torn) > 0 {
		rest := slices.Clone(full)
		gathering := int64(0)
		for _, torn := range l.Torn {
			gathering += l.gather(torn, rest)
		}
		best = max(best, gathering+total(l.stores(rest)))
	}
	return best
}

func total(costs []int64) int64 {
	sum := int64(0)
	for _, c := range costs {
		sum += c
	}
	return sum
}

// gather returns what gathering the torn group costs at least, and lowers the
// costs of its pieces to what their leaving costs beside that.
func (l *leaving) gather(torn []int32, costs []int64) int64 {
	sum, home, fixed := int64(0), int64(0), 0
	best, second := int32(-1), int64(0)
	for _, i := range torn {
		p := &l.Pieces[i]
		sum += costs[i]
		if p.Fixed {
			fixed++
			home = costs[i]
		}
		if l.Receives[p.Store] {
			switch {
			case best < 0 || costs[i] > costs[best]:
				if best >= 0 {
					second = costs[best]
				}
				best = i
			default:
				second = max(second, costs[i])
			}
		}
	}
	difference := int64(0)
	switch {
	case fixed > 1:
		sum, best = 0, -1
	case fixed == 1:
		sum, best = sum-home, -1
	case best >= 0:
		sum, difference = sum-costs[best], costs[best]-second
	}
	for _, i := range torn {
		costs[i] = 0
	}
	if best >= 0 {
		costs[best] = difference
	}
	return sum
}

// stores returns the least cost at each store.
func (l *leaving) stores(costs []int64) []int64 {
	least := make([]int64, len(l.Drains))
	for s := range least {
		least[s] = l.store(s, costs)
	}
	return least
}

func (l *leaving) store(s int, costs []int64) int64 {
	from, to := l.On(s)
	if l.Drains[s] {
		sum := int64(0)
		for i := from; i < to; i++ {
			if !l.Pieces[i].Fixed {
				sum += costs[i]
			}
		}
		return sum
	}
	var need []int64
	var over []int
	for r := range l.Fleet.Resources {
		if e := l.Fleet.Active[s][r] - Most(l.Capacity[s][r], l.limit(r)); e > 0 {
			need, over = append(need, e), append(over, r)
		}
	}
	if len(over) == 0 {
		return 0
	}
	l.cover.Reset(need)
	weights := make([]int64, len(over))
	for i := from; i < to; i++ {
		if l.Pieces[i].Fixed {
			continue
		}
		for k, r := range over {
			weights[k] = l.Pieces[i].Load[r]
		}
		l.cover.Add(costs[i], weights...)
	}
	return l.solve()
}

func (l *leaving) solve() int64 {
	least := l.cover.Relax()
	if l.steps > 0 {
		_, _, least = l.cover.Choose(l.steps)
	}
	return least
}

// overfull is a server above its ceiling.
type overfull struct {
	server int32
	need   []int64
	over   []int // resources
}

// servers returns the bound in which servers above their ceilings stand for the
// stores on them.
func (l *leaving) servers(full, stores []int64) int64 {
	f := l.Fleet
	sites := l.sitesUp()
	found := l.overfull(sites)
	if len(found) == 0 {
		return 0
	}
	shares := make([]int64, len(sites)) // how many such servers each store is on
	for _, o := range found {
		for s := range sites {
			if slices.Contains(sites[s], o.server) {
				shares[s]++
			}
		}
	}
	sum := int64(0)
	for s := range stores {
		if shares[s] == 0 || l.Drains[s] {
			sum += stores[s]
		}
	}
	for _, o := range found {
		l.cover.Reset(o.need)
		weights := make([]int64, len(o.over))
		for s := range sites {
			at := slices.Index(sites[s], o.server)
			if at < 0 || l.Drains[s] {
				continue
			}
			from, to := l.On(s)
			for i := from; i < to; i++ {
				if l.Pieces[i].Fixed {
					continue
				}
				for k, r := range o.over {
					weights[k] = weightOn(f, at, r, l.Pieces[i].Load[r])
				}
				l.cover.Add(full[i]/shares[s], weights...)
			}
		}
		sum += l.solve()
	}
	return sum
}

// weightOn returns at least what the amount weighs on a store's site: the first
// one that is up is the master.
func weightOn(f *load.Fleet, at, r int, amount int64) int64 {
	if at == 0 {
		return amount
	}
	return int64(math.Ceil(float64(amount) * f.Inventory.Resources[r].Replica))
}

// sitesUp returns the servers of each store that are up, in promotion order.
func (l *leaving) sitesUp() load.Layout {
	layout := l.Fleet.Current()
	for s := range layout {
		layout[s] = slices.DeleteFunc(layout[s], func(server int32) bool { return l.Fleet.Down[server] })
	}
	return layout
}

// overfull returns the servers that are above a ceiling even without what drains
// from them, and by how much; every instance may hide a quantum by rounding.
func (l *leaving) overfull(sites load.Layout) []overfull {
	f := l.Fleet
	carried := f.Normal(sites)
	for s := range sites {
		if !l.Drains[s] {
			continue
		}
		drained := f.Active[s]
		fixed := l.Fixed(s)
		drained.Sub(&fixed)
		for at, server := range sites[s] {
			for r := range f.Resources {
				carried.Amounts[server][r] -= weightOn(f, at, r, drained[r])
			}
		}
	}
	var found []overfull
	for server := range carried.Amounts {
		o := overfull{server: int32(server)}
		for r := range f.Resources {
			limit := Most(f.Capacity[server][r], f.Inventory.Resources[r].Ceiling)
			if e := carried.Amounts[server][r] - limit - int64(carried.Instances[server]); e > 0 {
				o.need, o.over = append(o.need, e), append(o.over, r)
			}
		}
		if len(o.over) > 0 && !f.Down[server] {
			found = append(found, o)
		}
	}
	return found
}

// Utilisation returns the largest part of a capacity that the amounts are on
// the store, and in which resource; -1 if it has no capacity.
func (a *Assignments) Utilisation(store int, amounts *inventory.Amounts) (value float64, resource int) {
	resource = -1
	for r := range a.Fleet.Resources {
		if capacity := a.Capacity[store][r]; capacity > 0 {
			if u := float64(amounts[r]) / capacity; resource < 0 || u > value {
				value, resource = u, r
			}
		}
	}
	return value, resource
}
