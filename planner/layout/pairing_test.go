package layout

import (
	"fmt"
	"slices"
	"testing"

	"github.com/interlacemail/interlace/inventory"
)

// racked returns a fleet of servers of the sizes in turn, five in a rack, each with a
// store that is promised so many copies.
func racked(n, copies int, sizes ...float64) *inventory.Inventory {
	inv := inventory.New()
	inv.Resources = inventory.DefaultResources()
	inv.Spread = []inventory.Spread{{Level: "rack"}}
	inv.Copies = copies
	for i := range n {
		size := sizes[i%len(sizes)]
		inv.Servers = append(inv.Servers, inventory.Server{
			Name: inventory.ServerID(fmt.Sprintf("n%03d", i)), State: inventory.Active, Slots: inventory.Unlimited,
			Capacity: inventory.Load{size * 1000, size * 100},
			Domains:  map[inventory.Level]inventory.DomainID{"rack": inventory.DomainID(fmt.Sprintf("r%02d", i%(n/5)))},
		})
		inv.Stores = append(inv.Stores, inventory.Store{
			Name: inventory.StoreID(fmt.Sprintf("s%03d", i)), State: inventory.Active, Base: inventory.Load{10, 1},
			Instances: []inventory.Instance{{Server: inv.Servers[i].Name, Role: inventory.Master}},
		})
	}
	inv.Sort()
	return inv
}

func TestDesignedPairsAreAsManyAsMayBe(t *testing.T) {
	for _, c := range []struct {
		servers, most int
		sizes         []float64
	}{
		{100, 1, []float64{1}},
		{100, 3, []float64{1}},
		{100, 19, []float64{1}},
		{100, 40, []float64{1}},
		{100, 4, []float64{1, 1.5, 2, 2.5}},
		{100, 20, []float64{1, 1.5, 2, 2.5}},
		{30, 7, []float64{1, 3, 2}},
	} {
		p := newProblem(racked(c.servers, 2, c.sizes...), Options{})
		g := designed(p, c.most)
		twice := 0
		for a, around := range g.of {
			if twice += len(around); len(around) > c.most {
				t.Errorf("%d servers, %d partners: server %d has %v", c.servers, c.most, a, around)
			}
			for _, b := range around {
				if !g.linked(b, int32(a)) || p.sameDomain(int32(a), b) || int(b) == a {
					t.Errorf("%d servers, %d partners: %d and %d", c.servers, c.most, a, b)
				}
			}
		}
		if twice < c.servers*c.most-1 {
			t.Errorf("%d servers, %d partners, sizes %v: %d pairs of %d", c.servers, c.most, c.sizes, twice/2, c.servers*c.most/2)
		}
	}
}

// With three copies a store needs partners of one another, in three racks.
func TestCellsHouseStores(t *testing.T) {
	for most := 2; most <= 9; most++ {
		p := newProblem(racked(45, 3, 1, 2), Options{})
		p.links = designed(p, most)
		housed := 0
		for a := range p.links.of {
			if len(p.links.of[a]) > most {
				t.Errorf("%d partners: server %d has %v", most, a, p.links.of[a])
			}
			if list := p.settlement(nil, 0, int32(a), 0); list != nil {
				housed++
				if all, _ := p.strangers(0, list); all > 0 || p.shortage(0, list) > 0 || len(slices.Compact(list)) != 3 {
					t.Errorf("%d partners: around %d the store would lie on %v", most, a, list)
				}
			}
		}
		if housed != 45 {
			t.Errorf("%d partners: only %d of 45 servers can carry a store", most, housed)
		}
	}
}
