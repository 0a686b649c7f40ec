package bounds

import (
	"math"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner/load"
)

// pairwise is the bound for small fleets by which stores which servers share. Of every
// server b it looks at every domain a that may fail, in place of the mean over domains:
//
//	U_b + F[a→b] ≤ T·C_b   in each failover resource,
//
// and at the ceilings of resources with ρ ≥ 1 and the slots. All of that is linear in
// where stores lie. So for any prices y ≥ 0 of these rows, with Σ y·C_b = 1 over the
// first kind,
//
//	T ≥ Σ_stores min (Σ y·weight) − Σ y·limit,
//
// where the minimum is over all lists of sites that keep the rules about the store
// alone, and the last sum is over the ceilings and slots (Lagrange; Geoffrion 1974).
// It sees what the other bounds do not: that what b promotes for a are masters that a
// must carry, and that instances lie in different racks, in whose servers alone
// there may be little room.
//
// The best prices are those of the linear program in which stores may lie in parts on
// several lists. It is solved by the revised simplex method, with the lists that
// are wanted at the present prices looked up store by store.
type pairwise struct {
	*problem
	of      []int32 // domain of each server
	failing []int32 // domains whose failure somebody survives
	lists   [][][]int32

	peaks  []peakRow
	limits []limitRow
	peakAt []int // by failing domain, server and failover resource: the row, or −1

	basis                       []wayIn
	inverse, parts, duals, edge []float64

	prices []float64 // of peaks, then of limits
	rates  [][]float64
}

// peakRow is U_b + F[a→b] ≤ T·C_b in failover resource j.
type peakRow struct {
	domain, server int32
	j              int
	capacity       float64
}

// limitRow is what server b carries in a resource with ρ ≥ 1, or its instances
// where resource is −1, as a part of the most that it may carry.
type limitRow struct {
	server   int32
	resource int
	most     float64
}

// wayIn is a column of the program.
type wayIn struct {
	kind columnKind
	at   int // store or row
	list int
}

type columnKind int8

const (
	inParts     columnKind = iota // a store on one of its lists
	utilisation                   // T
	unused                        // of a row
	excess                        // of a limit, at the dearest price
)

// dearest is the price of a limit that is passed, which bounds the prices of limits;
// without it there might be no solution to begin with.
const dearest = 10

// Largest programs that are solved: rows, and lists of all stores.
const mostRows, mostColumns = 256, 20_000

// paired returns the pairwise bound for failures of one domain of the level, 0 where
// there is none.
func (p *problem) paired(level int) float64 {
	w := newPairwise(p, level)
	if w == nil {
		return 0
	}
	return math.Floor(w.solve()*pairwiseUnit) / pairwiseUnit
}

// pairwiseUnit is of how many parts of 1 the bound is a whole number, so that the order
// in which servers are known leaves no trace.
const pairwiseUnit = 1 << 32

// newPairwise returns nil where the fleet is too large, or a store has no list of sites.
func newPairwise(p *problem, level int) *pairwise {
	f := p.fleet
	n := len(f.Capacity)
	w := &pairwise{problem: p, of: f.Levels[level].Of}
	if len(p.live)+len(p.holders) > mostRows {
		return nil
	}
	seen := make([]bool, len(f.Levels[level].Domains))
	for s, d := range w.of {
		if !f.Down[s] && !seen[d] {
			seen[d] = true
			w.failing = append(w.failing, d)
		}
	}
	columns := 0
	for store := range p.live {
		if p.mostLists(store) > mostColumns {
			return nil
		}
		lists := p.siteLists(store, false)
		if columns += len(lists); len(lists) == 0 || columns > mostColumns {
			return nil
		}
		w.lists = append(w.lists, lists)
	}
	w.addRows(n, len(seen))
	if len(p.live)+len(w.peaks)+len(w.limits) > mostRows {
		return nil
	}
	w.rates = make([][]float64, n)
	for s := range w.rates {
		w.rates[s] = make([]float64, f.Resources+1)
	}
	w.prices = make([]float64, len(w.peaks)+len(w.limits))
	return w
}

// addRows lists the rows of all servers that may carry anything. Of the domains that
// may fail it takes those for which a server may promote something, or else any one:
// the rows of the others say no more.
func (w *pairwise) addRows(n, domains int) {
	f := w.fleet
	w.peakAt = make([]int, domains*n*len(f.Failover))
	for i := range w.peakAt {
		w.peakAt[i] = -1
	}
	meets := w.meetings(n, domains)
	for _, b := range w.holders {
		promotes := slices.ContainsFunc(w.failing, func(d int32) bool { return meets[int(d)*n+int(b)] })
		for _, d := range w.failing {
			if d == w.of[b] || promotes && !meets[int(d)*n+int(b)] {
				continue
			}
			for j, r := range f.Failover {
				w.peakAt[w.peak(d, b, j)] = len(w.peaks)
				w.peaks = append(w.peaks, peakRow{d, b, j, f.Capacity[b][r]})
			}
		}
		for _, r := range f.Full {
			if most := Most(f.Capacity[b][r], f.Inventory.Resources[r].Ceiling); most > 0 {
				w.limits = append(w.limits, limitRow{b, r, float64(most)})
			}
		}
		if slots := f.Inventory.Servers[b].Slots; slots != inventory.Unlimited && slots > 0 {
			w.limits = append(w.limits, limitRow{b, -1, float64(slots)})
		}
	}
}

// meetings marks the pairs of a domain and a server, at domain·n + server, of which a
// store may have its master in the one and its heir on the other.
func (w *pairwise) meetings(n, domains int) []bool {
	meets := make([]bool, domains*n)
	for _, lists := range w.lists {
		for _, list := range lists {
			if domain, server := w.heir(list); domain >= 0 {
				meets[int(domain)*n+int(server)] = true
			}
		}
	}
	return meets
}

func (w *pairwise) peak(domain, server int32, j int) int {
	return (int(domain)*len(w.of)+int(server))*len(w.fleet.Failover) + j
}

// entries tells what the store on a list of sites weighs in every row.
func (w *pairwise) entries(store int, list []int32, entry func(row int, v float64)) {
	f := w.fleet
	for i := range w.peaks {
		row := &w.peaks[i]
		if v := w.carried(store, list, row.server, f.Failover[row.j]) + w.takenOver(store, list, row); v != 0 {
			entry(i, v/row.capacity)
		}
	}
	for i := range w.limits {
		row := &w.limits[i]
		if v := w.carried(store, list, row.server, row.resource); v != 0 {
			entry(len(w.peaks)+i, v/row.most)
		}
	}
}

// carried returns what the server carries of the store in the normal state, or its
// instances there for resource −1.
func (w *pairwise) carried(store int, list []int32, server int32, r int) float64 {
	total := 0.0
	for _, s := range list {
		switch {
		case s != server:
		case r < 0:
			total++
		case load.Master(list, w.fleet.Down) == s && total == 0:
			total += float64(w.fleet.Active[store][r])
		default:
			total += float64(w.fleet.Passive[store][r])
		}
	}
	return total
}

// heir returns the domain of the store's master and the server that promotes the
// store when it fails, or −1.
func (w *pairwise) heir(list []int32) (domain, server int32) {
	master := load.Master(list, w.fleet.Down)
	if master < 0 {
		return -1, -1
	}
	for _, b := range list {
		if !w.fleet.Down[b] && w.of[b] != w.of[master] {
			return w.of[master], b
		}
	}
	return -1, -1
}

func (w *pairwise) takenOver(store int, list []int32, row *peakRow) float64 {
	if domain, server := w.heir(list); domain != row.domain || server != row.server {
		return 0
	}
	r := w.fleet.Failover[row.j]
	return float64(w.fleet.Active[store][r] - w.fleet.Passive[store][r])
}

// findRates adds up what a unit of each resource, and an instance, costs on each
// server at the prices.
func (w *pairwise) findRates() {
	for _, rates := range w.rates {
		clear(rates)
	}
	for i, row := range w.peaks {
		w.rates[row.server][w.fleet.Failover[row.j]] += w.prices[i] / row.capacity
	}
	for i, row := range w.limits {
		r := row.resource
		if r < 0 {
			r = w.fleet.Resources
		}
		w.rates[row.server][r] += w.prices[len(w.peaks)+i] / row.most
	}
}

// cost returns what the store costs on a list of sites at the prices.
func (w *pairwise) cost(store int, list []int32) float64 {
	f := w.fleet
	total := 0.0
	amounts := &f.Active[store]
	for _, s := range list {
		rates := w.rates[s]
		total += rates[f.Resources]
		if f.Down[s] {
			continue
		}
		for r := range f.Resources {
			total += rates[r] * float64(amounts[r])
		}
		amounts = &f.Passive[store]
	}
	if domain, server := w.heir(list); domain >= 0 {
		for j, r := range f.Failover {
			if i := w.peakAt[w.peak(domain, server, j)]; i >= 0 {
				total += w.prices[i] / w.peaks[i].capacity * float64(f.Active[store][r]-f.Passive[store][r])
			}
		}
	}
	return total
}

// cheapest returns the list on which the store costs the least.
func (w *pairwise) cheapest(store int) (list int, cost float64) {
	cost = math.Inf(1)
	for i, sites := range w.lists[store] {
		if c := w.cost(store, sites); c < cost {
			list, cost = i, c
		}
	}
	return list, cost
}

// bound returns what the prices prove, given what all stores cost at them. What
// rounding may add is taken off.
func (w *pairwise) bound(costs float64) float64 {
	peaks, limits := 0.0, 0.0
	for i, price := range w.prices {
		if i < len(w.peaks) {
			peaks += price
		} else {
			limits += price
		}
	}
	if peaks <= 0 {
		return 0
	}
	return (costs - limits - 1e-12*(costs+limits)) / peaks
}
