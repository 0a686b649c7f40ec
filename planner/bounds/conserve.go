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
// Stores with one live instance go offline with their server: for them the whole
// L counts in U_a and nothing in Δ_a, as the formula says.
func (p *problem) conserved(level, r int) float64 {
	weight, delta := p.totals(r)
	capacity := p.capacity(r)
	domains := p.capacities(level, r)
	fits := func(t float64) bool {
		excess := 0.0
		for _, c := range domains {
			if c > 0 && c < capacity {
				excess += max(0, weight-t*(capacity-c))
			}
		}
		return excess <= weight-delta
	}
	return least(weight/capacity, fits)
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
