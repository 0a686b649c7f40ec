package users

import (
	"cmp"
	"math"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner/bounds"
)

// shedServer takes the cheapest pieces from the stores on the server that bring
// it below its ceilings and, if all of that can be done, below its failure
// ceilings: of its own stores, and of those that it promotes in the failures in
// which it is too full.
func (s *shedder) shedServer(server int32, stores []int32) {
	if s.failures && (s.hopeless == nil || !s.hopeless[server]) {
		for strains := s.strains(server, true); len(strains) > 0; strains = s.strains(server, true) {
			if !s.beginStrains(server, stores, strains) {
				break
			}
			s.settle()
		}
	}
	if strains := s.strains(server, false); len(strains) > 0 {
		s.beginStrains(server, stores, strains)
		s.settle()
	}
}

// spare leaves in place what need not move after all, the dearest first: servers
// are relieved one after the other, and what leaves for one of them may do for
// others too.
func (s *shedder) spare() {
	slices.SortStableFunc(s.hand, func(a, b int32) int { return cmp.Compare(s.cost(s.piece(b)), s.cost(s.piece(a))) })
	s.hand = slices.DeleteFunc(s.hand, func(i int32) bool {
		store := s.piece(i).Store
		if store == nowhere || s.drains && s.Drains[store] || s.aboveCeilings(store) || !s.roomFor(store, &s.piece(i).Load) {
			return false
		}
		s.restore(i)
		return true
	})
}

// aboveCeilings reports whether a server of the store is still above a ceiling.
func (t *tally) aboveCeilings(store int32) bool {
	return slices.ContainsFunc(t.Sites[store], func(server int32) bool { return len(t.strains(server, false)) > 0 })
}

// strains returns in which respects the server carries too much.
func (t *tally) strains(server int32, failures bool) []bounds.Strain {
	var strains []bounds.Strain
	for r := range t.Fleet.Resources {
		if e := t.carry[server][r] - t.ceilings[server][r]; e > 0 {
			strains = append(strains, bounds.Strain{Resource: r, Level: bounds.Normal, Pair: nowhere, Excess: e})
		}
	}
	if failures {
		gain := func(level int, pair int32) *inventory.Amounts { return &t.after[level].gain[pair] }
		strains = append(strains, t.FailureStrains(server, &t.carry[server], gain)...)
	}
	return strains
}

// beginStrains starts a cover of what must leave the stores on the server, and
// reports whether enough can.
func (s *shedder) beginStrains(server int32, stores []int32, strains []bounds.Strain) bool {
	factors := make([][]float64, len(strains))
	need := make([]int64, len(strains))
	for k := range strains {
		need[k] = strains[k].Excess
		factors[k] = make([]float64, len(stores))
		for n, store := range stores {
			masters, replicas := s.Counts(int(store), server, &strains[k])
			factors[k][n] = float64(masters) + float64(replicas)*s.Fleet.Inventory.Resources[strains[k].Resource].Replica
			if factors[k][n] != math.Trunc(factors[k][n]) {
				need[k]++ // what rounding may hide
			}
		}
	}
	s.begin(need)
	weights := make([]int64, len(strains))
	for n, store := range stores {
		s.offerAt(int(store), weights, func(load *inventory.Amounts) {
			for k := range strains {
				weights[k] = int64(float64(load[strains[k].Resource]) * factors[k][n])
			}
		})
	}
	return s.cover.Possible()
}

// aboveFailureCeilings returns the servers that are above a failure ceiling, and
// in how many levels and resources they are.
func (t *tally) aboveFailureCeilings() (servers []bool, count int) {
	servers = make([]bool, len(t.carry))
	for l := range t.Survive {
		for server := range t.carry {
			for _, r := range t.Fleet.Failover {
				if t.carry[server][r]+t.after[l].most[server][r] > t.Survive[l].Limits[server][r] {
					servers[server] = true
					count++
				}
			}
		}
	}
	return servers, count
}

// mildestFirst returns the servers above failure ceilings, by how far they are
// above them.
func (t *tally) mildestFirst() []int32 {
	var servers []int32
	excess := map[int32]float64{}
	above, _ := t.aboveFailureCeilings()
	for n, above := range above {
		server := int32(n)
		if !above {
			continue
		}
		servers = append(servers, server)
		for _, strain := range t.strains(server, true) {
			excess[server] = max(excess[server], t.Fleet.Utilisation(n, strain.Resource, strain.Excess))
		}
	}
	slices.SortStableFunc(servers, func(a, b int32) int { return cmp.Compare(excess[a], excess[b]) })
	return servers
}
