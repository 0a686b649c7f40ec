package bounds

import (
	"math"
	"slices"

	"github.com/interlacemail/interlace/inventory"
)

// overfull is a server above its ceilings: in which respects, and what it must
// lose in each.
type overfull struct {
	server  int32
	strains []Strain
	need    []int64
}

// servers returns the bound in which servers above their ceilings, or above their
// failure ceilings too, stand for the stores on them.
func (l *leaving) servers(full, stores []int64, failures bool) int64 {
	found := l.overfull(failures)
	if len(found) == 0 {
		return 0
	}
	shares := make([]int64, len(l.Sites)) // how many such servers each store is on
	for _, o := range found {
		for s := range l.Sites {
			if slices.Contains(l.Sites[s], o.server) {
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
	for i := range found {
		sum += l.server(&found[i], full, shares)
	}
	return sum
}

// server returns what bringing the server below its ceilings costs at least,
// when it bears its share of each store's costs.
func (l *leaving) server(o *overfull, full, shares []int64) int64 {
	l.cover.Reset(o.need)
	weights := make([]int64, len(o.strains))
	for s := range l.Sites {
		if l.Drains[s] || !slices.Contains(l.Sites[s], o.server) {
			continue
		}
		from, to := l.On(s)
		for i := from; i < to; i++ {
			if l.Pieces[i].Fixed {
				continue
			}
			for k := range o.strains {
				weights[k] = l.weight(o.server, s, &o.strains[k], &l.Pieces[i].Load)
			}
			l.cover.Add(full[i]/shares[s], weights...)
		}
	}
	return l.solve()
}

// weight returns at least what the load on the store weighs on the server: all
// of it at the master, and ρ times at each replica, should several be there.
func (l *leaving) weight(server int32, store int, of *Strain, load *inventory.Amounts) int64 {
	masters, replicas := l.Counts(store, server, of)
	amount := load[of.Resource]
	passive := math.Ceil(float64(amount) * l.Fleet.Inventory.Resources[of.Resource].Replica)
	return int64(masters)*amount + int64(replicas)*int64(passive)
}

// overfull returns the servers that pass a ceiling even without what drains from
// them. Every instance may hide a quantum by rounding.
func (l *leaving) overfull(failures bool) []overfull {
	stays := slices.Clone(l.Fleet.Active)
	for s, drains := range l.Drains {
		if drains {
			stays[s] = l.Fixed(s)
		}
	}
	instances := make([]int64, len(l.Fleet.Capacity))
	for s := range l.Sites {
		for _, server := range l.Sites[s] {
			instances[server]++
		}
	}
	gains := l.gains(stays)
	gain := func(level int, pair int32) *inventory.Amounts { return &gains[level][pair] }
	limits := l.Ceilings(func(r inventory.Resource) float64 { return r.Ceiling })
	var found []overfull
	for server, carried := range l.carried(stays) {
		o := overfull{server: int32(server)}
		for r := range l.Fleet.Resources {
			o.add(Strain{r, Normal, -1, carried[r] - limits[server][r]}, instances[server])
		}
		if failures {
			for _, strain := range l.FailureStrains(o.server, &carried, gain) {
				o.add(strain, instances[server])
			}
		}
		if len(o.strains) > 0 {
			found = append(found, o)
		}
	}
	return found
}

// add enters the strain if it is more than rounding may hide.
func (o *overfull) add(strain Strain, rounding int64) {
	if e := strain.Excess - rounding; e > 0 {
		o.strains, o.need = append(o.strains, strain), append(o.need, e)
	}
}

// gains returns what each pair of each level to survive adds to its server.
func (l *leaving) gains(loads []inventory.Amounts) [][]inventory.Amounts {
	gains := make([][]inventory.Amounts, len(l.Survive))
	for k := range l.Survive {
		level := &l.Survive[k]
		gains[k] = make([]inventory.Amounts, len(level.Server))
		for s, pair := range level.PairOf {
			if pair < 0 {
				continue
			}
			for _, r := range l.Fleet.Failover {
				gains[k][pair][r] += loads[s][r] - inventory.Times(loads[s][r], l.Fleet.Inventory.Resources[r].Replica)
			}
		}
	}
	return gains
}

// carried returns what each server carries in the normal state.
func (l *leaving) carried(loads []inventory.Amounts) []inventory.Amounts {
	carried := make([]inventory.Amounts, len(l.Fleet.Capacity))
	for s, sites := range l.Sites {
		for at, server := range sites {
			for r, res := range l.Fleet.Inventory.Resources {
				amount := loads[s][r]
				if at > 0 {
					amount = inventory.Times(amount, res.Replica)
				}
				carried[server][r] += amount
			}
		}
	}
	return carried
}
