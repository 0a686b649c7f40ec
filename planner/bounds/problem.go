package bounds

import (
	"cmp"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/load"
)

// problem is what every layout that keeps the hard rules must work with.
type problem struct {
	fleet   *load.Fleet
	today   load.Layout
	spread  bool    // whether layouts must keep spread
	scatter int     // most partners of a server; 0 means any number
	holders []int32 // servers that may carry instances and are up
	live    []int   // instances of each store that must lie on holders
	guarded []bool  // stores that must have live instances on two servers
	apart   []int   // levels (index in fleet.Levels) at which all instances of every store differ
	emptied []bool  // servers that must end empty
}

// newProblem reads off the fleet. Instances may stay on a server that is down,
// where they weigh nothing, unless it is to be drained or living ones would be given
// up for them; every other one must lie on a server that is active, or where a pinned
// store keeps it.
func newProblem(f *load.Fleet, opts LayoutOptions) *problem {
	p := &problem{
		fleet: f, today: f.Current(), spread: !opts.WithoutSpread, scatter: opts.Scatter,
		live: make([]int, len(f.Active)), guarded: make([]bool, len(f.Active)), emptied: make([]bool, len(f.Capacity)),
	}
	for i := range p.emptied {
		p.emptied[i] = planner.Drains(&f.Inventory.Servers[i], opts.Drain)
	}
	keeps := make([]bool, len(f.Capacity))
	most := 1
	for i := range p.live {
		st := &f.Inventory.Stores[i]
		p.live[i] = f.Inventory.PromisedCopies(st)
		if st.Pinned {
			p.live[i] = len(p.today[i])
		}
		most = max(most, p.live[i])
		alive := min(f.Living(p.today[i]), p.live[i]) // which are not given up
		for _, s := range p.today[i] {
			if f.Down[s] && (st.Pinned || !p.emptied[s]) {
				p.live[i] = max(p.live[i]-1, alive)
			}
			keeps[s] = keeps[s] || st.Pinned
		}
		p.guarded[i] = p.live[i] >= 2 && (!st.Pinned || distinctUp(f, p.today[i]) >= 2)
	}
	for i := range f.Capacity {
		s := &f.Inventory.Servers[i]
		if !f.Down[i] && (keeps[i] || s.State == inventory.Active && s.Slots != 0) {
			p.holders = append(p.holders, int32(i))
		}
	}
	if p.spread {
		for _, sp := range f.Inventory.Spread {
			if level := f.Level(sp.Level); level > 0 && sp.Need(most) == most && !p.pinnedTogether(level) {
				p.apart = append(p.apart, level)
			}
		}
	}
	return p
}

// pinnedTogether reports whether a pinned store has two instances in one domain of
// the level, whatever spread asks for.
func (p *problem) pinnedTogether(level int) bool {
	of := p.fleet.Levels[level].Of
	for store, sites := range p.today {
		if !p.fleet.Inventory.Stores[store].Pinned {
			continue
		}
		for i, a := range sites {
			if slices.ContainsFunc(sites[:i], func(b int32) bool { return of[a] == of[b] }) {
				return true
			}
		}
	}
	return false
}

// weight returns the least that the store puts on all holders together in the
// normal state: L and ρ·L for every further instance that must be live.
func (p *problem) weight(store, r int) int64 {
	if p.live[store] == 0 {
		return 0
	}
	return p.fleet.Active[store][r] + int64(p.live[store]-1)*p.fleet.Passive[store][r]
}

// distinctUp counts the servers among the sites that are up.
func distinctUp(f *load.Fleet, sites []int32) int {
	n := 0
	for i, s := range sites {
		if !f.Down[s] && !slices.Contains(sites[:i], s) {
			n++
		}
	}
	return n
}

// delta returns Δ of the store: 0 if it need not be on two servers that are up.
func (p *problem) delta(store, r int) int64 {
	if !p.guarded[store] {
		return 0
	}
	return p.fleet.Active[store][r] - p.fleet.Passive[store][r]
}

// totals returns W and Σ Δ.
func (p *problem) totals(r int) (weight, delta float64) {
	var w, d int64
	for store := range p.live {
		w += p.weight(store, r)
		d += p.delta(store, r)
	}
	return float64(w), float64(d)
}

// capacity returns C.
func (p *problem) capacity(r int) float64 {
	values := make([]float64, 0, len(p.holders))
	for _, s := range p.holders {
		values = append(values, p.fleet.Capacity[s][r])
	}
	return sum(values)
}

// together reports whether rule spread keeps two instances of one store from
// lying on both servers.
func (p *problem) together(a, b int32) bool {
	if a == b {
		return true
	}
	for _, level := range p.apart {
		if of := p.fleet.Levels[level].Of; of[a] == of[b] {
			return true
		}
	}
	return false
}

// sum adds up the values in increasing order, so that the order in which servers
// are known leaves no trace.
func sum(values []float64) float64 {
	slices.Sort(values)
	total := 0.0
	for _, v := range values {
		total += v
	}
	return total
}

// runningSums sorts the values, largest first, and replaces each by the sum up
// to it: entry k−1 is the most that k of them can add up to.
func runningSums(values []float64) []float64 {
	slices.SortFunc(values, func(a, b float64) int { return cmp.Compare(b, a) })
	sum := 0.0
	for i, v := range values {
		sum += v
		values[i] = sum
	}
	return values
}
