package bounds

import (
	"cmp"
	"math"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// UsersOptions say over which assignments a bound holds. By default over those
// that keep every hard rule: drained stores end empty, groups are whole, no store
// and no server is above its ceiling, and no server above its failure ceiling.
type UsersOptions struct {
	Peak     float64 // no store is above it either; 0: only the ceilings count
	MaxBytes *int64  // at most so many bytes are copied
	MaxUsers *int    // at most so many users move
	// Torn lets groups stay torn that are torn today.
	Torn bool
	// Undone lets drained stores keep users, too. Pieces still move whole.
	Undone bool
	// Above lets stores and servers pass their ceilings.
	Above bool
	// Failing lets servers pass their failure ceilings.
	Failing bool
}

// steps for the cover of each store.
const coverSteps = 2000

// UsersPeak returns the least peak utilisation that an assignment may have. It
// is unknown where no store has a capacity.
func UsersPeak(a *Assignments, opts UsersOptions) planner.Number {
	peak := a.leastPeak(!opts.Undone && !opts.Torn)
	if peak.Known {
		peak.Value = a.within(peak.Value, opts)
	}
	return peak
}

// UsersBytes returns the least number of bytes that an assignment copies. It is
// unknown where rules need not be kept or the budget does not allow to keep them.
func UsersBytes(a *Assignments, opts UsersOptions) planner.Number {
	if opts.Undone || opts.Above {
		return planner.Number{}
	}
	peak := a.HighestCeiling()
	if opts.Peak > 0 {
		peak = min(peak, opts.Peak)
	}
	l := &leaving{
		Assignments: a, whole: !opts.Torn, fails: opts.Failing, steps: coverSteps,
		limit: func(r int) float64 { return a.Limit(r, peak) },
	}
	l.cost = usersOf
	if opts.MaxUsers != nil && l.least() > int64(*opts.MaxUsers) {
		return planner.Number{}
	}
	l.cost = bytesOf
	least := l.least()
	if opts.MaxBytes != nil && least > *opts.MaxBytes {
		return planner.Number{}
	}
	return planner.Known(float64(least))
}

// manyPieces is the number of pieces from which a bound for a budget is only
// found to four digits.
const manyPieces = 50_000

// within raises the bound on the peak to where the budget suffices: the more a
// store must be below, the more must leave it, so bisection finds a peak for
// which provably more moves than allowed.
func (a *Assignments) within(low float64, opts UsersOptions) float64 {
	if opts.MaxBytes == nil && opts.MaxUsers == nil {
		return low
	}
	high, _ := a.peak(a.Fleet.Active)
	near := 1e-12
	if len(a.Pieces) > manyPieces {
		near = 1e-4
	}
	for high-low > near*high {
		middle := low + (high-low)/2
		if a.tooDear(middle, opts) {
			low = middle
		} else {
			high = middle
		}
	}
	return low
}

// tooDear reports whether every assignment with the peak passes the budget.
func (a *Assignments) tooDear(peak float64, opts UsersOptions) bool {
	l := &leaving{Assignments: a, whole: !opts.Torn && !opts.Undone, limit: func(r int) float64 {
		if opts.Above {
			return peak
		}
		return min(peak, a.Fleet.Inventory.Resources[r].Ceiling)
	}}
	if opts.Undone {
		free := *a
		free.Drains = make([]bool, len(a.Drains))
		l.Assignments = &free
	}
	if opts.MaxBytes != nil {
		l.cost = bytesOf
		if l.dearerThan(*opts.MaxBytes) {
			return true
		}
	}
	l.cost = usersOf
	return opts.MaxUsers != nil && l.dearerThan(int64(*opts.MaxUsers))
}

// dearerThan reports whether the stores alone need more than the budget.
func (l *leaving) dearerThan(budget int64) bool {
	costs := make([]int64, len(l.Pieces))
	sum := int64(0)
	for i := range costs {
		costs[i] = l.cost(&l.Pieces[i])
	}
	if l.whole {
		for _, torn := range l.Torn {
			sum += l.gather(torn, costs)
		}
	}
	for s := range l.Drains {
		if sum > budget {
			break
		}
		sum += l.store(s, costs)
	}
	return sum > budget
}

// peak returns the largest utilisation of a store that carries the amounts, and
// which store it is; -1 if none has a capacity.
func (a *Assignments) peak(amounts []inventory.Amounts) (value float64, store int) {
	store = -1
	for s := range amounts {
		if u, r := a.Utilisation(s, &amounts[s]); r >= 0 && (store < 0 || u > value) {
			value, store = u, s
		}
	}
	return value, store
}

// leastPeak bounds the peak, whatever is moved: each store carries at least what
// stays on it; each group lies somewhere, at least beside that; and all loads
// together lie on stores that take them. If whole is false drained stores may
// keep what they have and pieces of torn groups may stay apart.
func (a *Assignments) leastPeak(whole bool) planner.Number {
	if _, store := a.peak(a.Fleet.Active); store < 0 {
		return planner.Number{}
	}
	h := a.holding(whole)
	peak, _ := a.peak(h.fixed)
	for r := range a.Fleet.Resources {
		peak = max(peak, h.average(r))
	}
	return planner.Known(h.largest(peak))
}

// holding is what the stores carry at least.
type holding struct {
	*Assignments
	whole     bool
	fixed     []inventory.Amounts // whatever is moved, by store
	gathered  []inventory.Amounts // torn groups that lie on one store in the end
	receivers []int32             // the roomiest first
}

func (a *Assignments) holding(whole bool) *holding {
	h := &holding{Assignments: a, whole: whole, fixed: make([]inventory.Amounts, len(a.Drains))}
	var all inventory.Amounts
	for s := range h.fixed {
		h.fixed[s] = a.Fixed(s)
		all.Add(&a.Fleet.Active[s])
		if a.Receives[s] {
			h.receivers = append(h.receivers, int32(s))
		}
	}
	slices.SortStableFunc(h.receivers, func(x, y int32) int {
		u, _ := a.Utilisation(int(x), &all)
		v, _ := a.Utilisation(int(y), &all)
		return cmp.Compare(u, v)
	})
	if whole {
		for _, torn := range a.Torn {
			h.gather(torn)
		}
	}
	return h
}

// gather puts the torn group where it belongs, if that is known.
func (h *holding) gather(torn []int32) {
	var loose inventory.Amounts
	stays := []int32{}
	for _, i := range torn {
		if p := &h.Pieces[i]; p.Fixed {
			stays = append(stays, p.Store)
		} else {
			loose.Add(&p.Load)
		}
	}
	switch len(stays) {
	case 0:
		h.gathered = append(h.gathered, loose)
	case 1:
		h.fixed[stays[0]].Add(&loose)
	}
}

// average returns the least peak at which the stores have room for all loads in
// the resource. A store that does not receive holds at most what it has.
func (h *holding) average(r int) float64 {
	all := int64(0)
	for s := range h.Fleet.Active {
		all += h.Fleet.Active[s][r]
	}
	room := func(peak float64) bool {
		left := all
		for s, capacity := range h.Capacity {
			most := Most(capacity[r], peak)
			switch {
			case h.Drains[s] && h.whole:
				most = min(most, h.fixed[s][r])
			case !h.Receives[s]:
				most = min(most, h.Fleet.Active[s][r])
			}
			if left -= most; left <= 0 {
				return true
			}
		}
		return false
	}
	if room(0) {
		return 0
	}
	high := 1.0
	for !room(high) {
		if high *= 2; high > 1<<20 {
			return 0
		}
	}
	low := uint64(0)
	for top := math.Float64bits(high); top-low > 1; {
		middle := low + (top-low)/2
		if room(math.Float64frombits(middle)) {
			top, high = middle, math.Float64frombits(middle)
		} else {
			low = middle
		}
	}
	return high
}

// largest raises the peak to what the group that fits worst needs on the store
// that suits it best.
func (h *holding) largest(peak float64) float64 {
	for i := range h.Pieces {
		p := &h.Pieces[i]
		switch {
		case p.Fixed || p.Torn && h.whole:
		case h.Drains[p.Store] && h.whole || h.Receives[p.Store]:
			peak = h.raise(peak, math.Inf(1), &p.Load)
		default:
			peak = h.raise(peak, h.beside(p.Store, &p.Load), &p.Load)
		}
	}
	for i := range h.gathered {
		peak = h.raise(peak, math.Inf(1), &h.gathered[i])
	}
	return peak
}

// raise returns the larger of the peak and the least that the load needs: best,
// or what it needs on a store that receives. If none does the peak stays.
func (h *holding) raise(peak, best float64, load *inventory.Amounts) float64 {
	for _, s := range h.receivers {
		if best <= peak {
			break
		}
		best = min(best, h.beside(s, load))
	}
	if math.IsInf(best, 1) {
		return peak
	}
	return max(peak, best)
}

// beside returns the utilisation of the store with nothing on it but what is
// fixed and the load.
func (h *holding) beside(store int32, load *inventory.Amounts) float64 {
	sum := h.fixed[store]
	sum.Add(load)
	u, _ := h.Utilisation(int(store), &sum)
	return u
}
