// Package load adds up what each server carries, whole or with servers down.
//
// [New] indexes an inventory once; a [Layout] says by index which servers carry
// each store; [Fleet.Carry] adds up. All sums are whole numbers
// ([inventory.Amounts]), so they are exact and do not depend on the order of
// servers, stores or users.
//
// The model: a master instance puts the load L of its store on its server, a
// replica ρ·L. When servers are down, every store whose master is among them
// promotes its first replica outside, which then weighs L, and κ·L in the first
// hour. A store without such a replica is offline and weighs nothing.
package load

import (
	"cmp"
	"slices"

	"github.com/interlacemail/interlace/inventory"
)

// Fleet is an inventory made ready for arithmetic. Servers and stores are known
// by their index in the inventory.
type Fleet struct {
	Inventory *inventory.Inventory
	Scale     inventory.Scale

	Resources int   // number of declared resources
	Failover  []int // resources with ρ < 1
	Full      []int // resources with ρ ≥ 1

	Capacity []Quanta // of each server
	Down     []bool   // servers that have failed already

	Active  []inventory.Amounts // L of each store: what its master weighs
	Passive []inventory.Amounts // ρ·L: what each replica weighs
	Cold    []inventory.Amounts // κ·L: what a freshly promoted instance weighs
	Users   []int               // persons on each store

	Levels []Level // level "server" first, then the others by name
}

// Quanta are capacities in fixed point, not rounded.
type Quanta [inventory.MaxResources]float64

// Level is the partition of the servers into the failure domains of one level.
type Level struct {
	Name    inventory.Level
	Domains []Domain // in the order of their first servers
	Of      []int32  // domain of each server, an index into Domains
}

// Domain is one failure domain and its servers.
type Domain struct {
	inventory.FailureDomain
	Servers []int32 // ascending
}

// New indexes the inventory.
func New(inv *inventory.Inventory) *Fleet {
	f := &Fleet{
		Inventory: inv,
		Scale:     inventory.NewScale(inv),
		Resources: len(inv.Resources),
		Capacity:  make([]Quanta, len(inv.Servers)),
		Down:      make([]bool, len(inv.Servers)),
	}
	f.SetLoads(inv.StoreLoads(&f.Scale), inv.StoreUsers())
	for r, res := range inv.Resources {
		if res.Failover() {
			f.Failover = append(f.Failover, r)
		} else {
			f.Full = append(f.Full, r)
		}
	}
	for i := range inv.Servers {
		s := &inv.Servers[i]
		f.Down[i] = s.State == inventory.Down
		for r := range inv.Resources {
			f.Capacity[i][r] = f.Scale.Quanta(r, s.Capacity[r])
		}
	}
	f.Levels = append(f.Levels, newLevel(inv, inventory.LevelServer))
	for _, level := range inv.Levels() {
		f.Levels = append(f.Levels, newLevel(inv, level))
	}
	return f
}

// SetLoads replaces the loads and the numbers of persons of all stores, as
// after moves of users.
func (f *Fleet) SetLoads(loads []inventory.Amounts, users []int) {
	f.Active, f.Users = loads, users
	f.Passive = make([]inventory.Amounts, len(loads))
	f.Cold = make([]inventory.Amounts, len(loads))
	for i := range loads {
		for r, res := range f.Inventory.Resources {
			f.Passive[i][r] = inventory.Times(loads[i][r], res.Replica)
			f.Cold[i][r] = inventory.Times(loads[i][r], res.Cold)
		}
	}
}

func newLevel(inv *inventory.Inventory, name inventory.Level) Level {
	level := Level{Name: name, Of: make([]int32, len(inv.Servers))}
	index := map[inventory.FailureDomain]int32{}
	for i := range inv.Servers {
		d := inv.Servers[i].Domain(name)
		at, ok := index[d]
		if !ok {
			at = int32(len(level.Domains))
			index[d] = at
			level.Domains = append(level.Domains, Domain{FailureDomain: d})
		}
		level.Of[i] = at
		level.Domains[at].Servers = append(level.Domains[at].Servers, int32(i))
	}
	return level
}

// Level returns the index of the level in Levels, or -1 if no server has a
// label there.
func (f *Fleet) Level(name inventory.Level) int {
	for i := range f.Levels {
		if f.Levels[i].Name == name {
			return i
		}
	}
	return -1
}

// Utilisation returns what part of the server's capacity the amount is.
func (f *Fleet) Utilisation(server, resource int, amount int64) float64 {
	return float64(amount) / f.Capacity[server][resource]
}

// DiskBytes returns what a copy of the store weighs: its load of the resource
// that is copied, in bytes.
func (f *Fleet) DiskBytes(store int) int64 {
	r := f.Inventory.Disk()
	if r < 0 {
		return 0
	}
	return int64(f.Scale.Value(r, f.Active[store][r]))
}

// HeaviestFirst returns all stores by the largest part of the fleet's capacity
// that they take in a resource.
func (f *Fleet) HeaviestFirst() []int {
	var capacity Quanta
	for server := range f.Capacity {
		for r := range f.Resources {
			capacity[r] += f.Capacity[server][r]
		}
	}
	weight := make([]float64, len(f.Active))
	order := make([]int, len(f.Active))
	for store := range order {
		order[store] = store
		for r := range f.Resources {
			weight[store] = max(weight[store], float64(f.Active[store][r])/capacity[r])
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(weight[b], weight[a]) })
	return order
}
