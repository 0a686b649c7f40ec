package bounds

import "slices"

// conserved returns the least T that lets the survivors of every failure carry
// what is left.
//
// When domain a fails, the survivors carry W − U_a + Δ_a, where U_a is what a
// carried and Δ_a the sum of Δ over its masters. They have room for T·(C − C_a).
// Summed over all domains, U_a − Δ_a comes to W − Σ Δ, whatever the layout, so
//
//	Σ_a max(0, W − T·(C − C_a)) ≤ W − Σ Δ.
//
// And no domain takes more away than what can be lost at once, so each term is at
// most W less what is sure to survive ([problem.surviving]).
//
// Stores with one live instance go offline with their server: for them the whole
// L counts in U_a and nothing in Δ_a, as the formula says.
func (p *problem) conserved(level, r int) float64 {
	weight, delta := p.totals(r)
	capacity := p.capacity(r)
	domains := p.capacities(level, r)
	most := weight - p.surviving(level, r)
	fits := func(t float64) bool {
		total := 0.0
		for _, c := range domains {
			if c > 0 && c < capacity {
				excess := max(0, weight-t*(capacity-c))
				if total += excess; excess > most {
					return false
				}
			}
		}
		return total <= weight-delta
	}
	return least(weight/capacity, fits)
}

// surviving returns what is left of the load at least, whichever domain fails: L of
// every store that one domain cannot take offline, and ρ·L of all but two of its
// instances where none lie in one domain.
func (p *problem) surviving(level, r int) float64 {
	var sum int64
	for store, guarded := range p.guarded {
		if !guarded {
			continue
		}
		sum += p.fleet.Active[store][r]
		if level == 0 && !p.fleet.Inventory.Stores[store].Pinned {
			sum += int64(p.live[store]-2) * p.fleet.Passive[store][r]
		}
	}
	return float64(sum)
}

// capacities returns the capacity of each domain of the level, in increasing order.
func (p *problem) capacities(level, r int) []float64 {
	servers := make([][]float64, len(p.fleet.Levels[level].Domains))
	for _, s := range p.holders {
		d := p.fleet.Levels[level].Of[s]
		servers[d] = append(servers[d], p.fleet.Capacity[s][r])
	}
	totals := make([]float64, len(servers))
	for d := range servers {
		totals[d] = sum(servers[d])
	}
	slices.Sort(totals)
	return totals
}
