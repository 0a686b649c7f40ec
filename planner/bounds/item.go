package bounds

import (
	"cmp"
	"iter"
	"math"
	"slices"

	"github.com/interlacemail/interlace/planner"
)

// mostItems is how many of the largest stores per resource the item bounds look at.
const mostItems = 200

// largest returns the stores that are among the largest in one of the resources,
// ascending.
func (p *problem) largest(resources []int) []int {
	var picked []int
	for _, r := range resources {
		compare := func(a, b int) int { return cmp.Or(cmp.Compare(p.weight(b, r), p.weight(a, r)), cmp.Compare(a, b)) }
		var top []int
		last := -1 // of the largest so far, once there are enough
		for store := range p.live {
			if last >= 0 && compare(store, last) > 0 {
				continue
			}
			if top = append(top, store); len(top) == 2*mostItems {
				slices.SortFunc(top, compare)
				top = top[:mostItems]
				last = top[mostItems-1]
			}
		}
		slices.SortFunc(top, compare)
		picked = append(picked, top[:min(mostItems, len(top))]...)
	}
	slices.Sort(picked)
	return slices.Compact(picked)
}

// carriers returns the servers that may carry the store: its own if it is
// pinned, else the holders that its limits allow and whose ceilings in the
// resources with ρ ≥ 1 it does not pass alone.
func (p *problem) carriers(store int) iter.Seq[int32] {
	f := p.fleet
	st := &f.Inventory.Stores[store]
	return func(yield func(int32) bool) {
		if st.Pinned {
			for _, s := range p.today[store] {
				if !f.Down[s] && !yield(s) {
					return
				}
			}
			return
		}
		for _, s := range p.holders {
			if st.AllowedOn(&f.Inventory.Servers[s]) && p.fits(store, s) && !yield(s) {
				return
			}
		}
	}
}

func (p *problem) fits(store int, s int32) bool {
	for _, r := range p.fleet.Full {
		least := min(p.fleet.Active[store][r], p.fleet.Passive[store][r])
		if planner.Above(p.fleet.Utilisation(int(s), r, least), p.fleet.Inventory.Resources[r].Ceiling) {
			return false
		}
	}
	return true
}

// alone returns the utilisation of the server when it carries nothing but the
// store's master.
func (p *problem) alone(store int, s int32, resources []int) float64 {
	u := 0.0
	for _, r := range resources {
		u = max(u, p.fleet.Utilisation(int(s), r, p.fleet.Active[store][r]))
	}
	return u
}

// beside returns the same of a replica.
func (p *problem) beside(store int, s int32) float64 {
	u := 0.0
	for _, r := range p.fleet.Failover {
		u = max(u, p.fleet.Utilisation(int(s), r, p.fleet.Passive[store][r]))
	}
	return u
}

// item returns the least T that some store alone asks for. A guarded store weighs L
// on its master's server, which survives the failure of another domain, and L on
// the server of the instance that is promoted when the master's domain fails: T is
// at least what the second best of two servers that may carry it together has to
// bear. Where all its instances lie in one domain they weigh on two servers of that
// domain, L on one and ρ·L on the other. A store with one live instance weighs L on
// one server.
func (p *problem) item(level int) float64 {
	t := 0.0
	for _, store := range p.largest(p.fleet.Failover) {
		best := 0.0
		switch {
		case p.guarded[store]:
			best = p.bestPair(store)
		case p.live[store] >= 2 && !p.fleet.Inventory.Stores[store].Pinned:
			best = min(p.bestPair(store), p.bestWithin(store, level))
		case p.live[store] >= 1:
			best = p.bestServer(store, p.fleet.Failover)
		}
		if !math.IsInf(best, 1) { // no place at all is a mistake of the fleet, not a bound
			t = max(t, best)
		}
	}
	return t
}

// bestPair returns the utilisation of the second best of two servers that may carry
// the store together, +Inf if there are none.
func (p *problem) bestPair(store int) float64 {
	servers := slices.Collect(p.carriers(store))
	alone := func(s int32) float64 { return p.alone(store, s, p.fleet.Failover) }
	slices.SortStableFunc(servers, func(a, b int32) int { return cmp.Compare(alone(a), alone(b)) })
	for i, b := range servers {
		if slices.ContainsFunc(servers[:i], func(a int32) bool { return !p.together(a, b) }) {
			return alone(b)
		}
	}
	return math.Inf(1)
}

// bestWithin returns the utilisation of the busier of two servers in one domain of
// the level, the best two, of which one carries the store's master and the other a
// replica.
func (p *problem) bestWithin(store, level int) float64 {
	of, best := p.fleet.Levels[level].Of, math.Inf(1)
	servers := slices.Collect(p.carriers(store))
	replica := func(s int32) float64 { return p.beside(store, s) }
	slices.SortStableFunc(servers, func(a, b int32) int { return cmp.Compare(replica(a), replica(b)) })
	for _, a := range servers {
		master := p.alone(store, a, p.fleet.Failover)
		if master >= best {
			continue
		}
		at := slices.IndexFunc(servers, func(b int32) bool { return a != b && of[a] == of[b] })
		if at >= 0 {
			best = min(best, max(master, replica(servers[at])))
		}
	}
	return best
}
