package bounds

import (
	"math"
	"slices"

	"github.com/interlacemail/interlace/inventory"
)

// overfull is a server above its ceilings: the resources and what it must lose.
type overfull struct {
	server int32
	over   []int
	need   []int64
}

// servers returns the bound in which servers above their ceilings stand for the
// stores on them.
func (l *leaving) servers(full, stores []int64) int64 {
	found := l.overfull()
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
	weights := make([]int64, len(o.over))
	for s := range l.Sites {
		if l.Drains[s] || !slices.Contains(l.Sites[s], o.server) {
			continue
		}
		from, to := l.On(s)
		for i := from; i < to; i++ {
			if l.Pieces[i].Fixed {
				continue
			}
			for k, r := range o.over {
				weights[k] = l.weight(o.server, s, r, l.Pieces[i].Load[r])
			}
			l.cover.Add(full[i]/shares[s], weights...)
		}
	}
	return l.solve()
}

// weight returns at least what the amount on the store weighs on the server: all
// of it at the master, and ρ times at each replica, should several be there.
func (l *leaving) weight(server int32, store, r int, amount int64) int64 {
	sum := int64(0)
	for at, site := range l.Sites[store] {
		switch {
		case site != server:
		case at == 0:
			sum += amount
		default:
			sum += int64(math.Ceil(float64(amount) * l.Fleet.Inventory.Resources[r].Replica))
		}
	}
	return sum
}

// overfull returns the servers that pass a ceiling even without what drains from
// them. Every instance may hide a quantum by rounding.
func (l *leaving) overfull() []overfull {
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
	limits := l.Ceilings(func(r inventory.Resource) float64 { return r.Ceiling })
	var found []overfull
	for server, carried := range l.carried(stays) {
		o := overfull{server: int32(server)}
		for r := range l.Fleet.Resources {
			if e := carried[r] - limits[server][r] - instances[server]; e > 0 {
				o.over, o.need = append(o.over, r), append(o.need, e)
			}
		}
		if len(o.over) > 0 {
			found = append(found, o)
		}
	}
	return found
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
