package bounds

import "github.com/interlacemail/interlace/inventory"

// Survival says, for one level of failure domains, which server promotes each
// store when the domain that serves it fails. Stores with the same domain and
// the same server weigh on that server together: they have one pair.
type Survival struct {
	PairOf []int32             // pair of each store; -1 if nobody promotes it
	Server []int32             // server of each pair
	Pairs  [][]int32           // pairs of each server
	Limits []inventory.Amounts // most that each server may carry after a failure
}

// survival indexes the level. Where no server has a label there, servers are the
// domains.
func (a *Assignments) survival(name inventory.Level) Survival {
	f := a.Fleet
	of := f.Levels[max(0, f.Level(name))].Of
	v := Survival{
		PairOf: make([]int32, len(a.Sites)),
		Pairs:  make([][]int32, len(f.Capacity)),
		Limits: a.Ceilings(func(r inventory.Resource) float64 { return r.FailureCeiling.At(name) }),
	}
	alone := a.domainsUp(of) < 2
	for server := range v.Limits {
		for r, res := range f.Inventory.Resources {
			if alone || !res.Failover() {
				v.Limits[server][r] = Unlimited
			}
		}
	}
	type pair struct{ failed, server int32 }
	number := map[pair]int32{}
	for s, sites := range a.Sites {
		v.PairOf[s] = -1
		for _, server := range sites {
			if of[server] == of[sites[0]] {
				continue
			}
			key := pair{of[sites[0]], server}
			n, ok := number[key]
			if !ok {
				n = int32(len(v.Server))
				number[key] = n
				v.Server = append(v.Server, server)
				v.Pairs[server] = append(v.Pairs[server], n)
			}
			v.PairOf[s] = n
			break
		}
	}
	return v
}

// domainsUp returns how many domains have a server that is up, which is one that
// may fail or survive.
func (a *Assignments) domainsUp(of []int32) int {
	up := map[int32]bool{}
	for server, down := range a.Fleet.Down {
		if !down {
			up[of[server]] = true
		}
	}
	return len(up)
}

// Ceilings returns the largest amounts that each server may carry at the ratios.
func (a *Assignments) Ceilings(ratio func(inventory.Resource) float64) []inventory.Amounts {
	limits := make([]inventory.Amounts, len(a.Fleet.Capacity))
	for server := range limits {
		for r, res := range a.Fleet.Inventory.Resources {
			limits[server][r] = Most(a.Fleet.Capacity[server][r], ratio(res))
		}
	}
	return limits
}
