package layout_test

import (
	"fmt"
	"testing"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/layout"
	"github.com/interlacemail/interlace/planner/load"
	"github.com/interlacemail/interlace/planner/simulate"
)

// alike returns servers in racks of so many (0: no racks), and stores of load 1 in
// mirrored pairs of servers.
func alike(servers, rack, stores int, rho float64) *inventory.Inventory {
	inv := inventory.New()
	inv.Resources = []inventory.Resource{inventory.NewResource("disk", inventory.UnitBytes, 1), inventory.NewResource("io", "ops/s", rho)}
	disk := 2e9 * float64(stores) / float64(servers) / 0.65
	for i := range servers {
		s := inventory.Server{Name: inventory.ServerID(fmt.Sprintf("imap%04d", i)), State: inventory.Active, Slots: inventory.Unlimited, Capacity: inventory.Load{disk, 1000}}
		if rack > 0 {
			s.Domains = map[inventory.Level]inventory.DomainID{"rack": inventory.DomainID(fmt.Sprintf("a%d", i/rack))}
		}
		inv.Servers = append(inv.Servers, s)
	}
	if rack > 0 {
		inv.Spread = []inventory.Spread{{Level: "rack"}}
	}
	for j := range stores {
		master := j * servers / stores
		replica := (master + max(rack, 1)) % servers
		inv.Stores = append(inv.Stores, inventory.Store{
			Name: inventory.StoreID(fmt.Sprintf("s%05d", j)), Copies: 2, State: inventory.Active, Base: inventory.Load{1e9, 1},
			Instances: []inventory.Instance{
				{Server: inv.Servers[master].Name, Role: inventory.Master},
				{Server: inv.Servers[replica].Name, Role: inventory.Replica},
			},
		})
	}
	inv.Sort()
	return inv
}

// Stores and servers that are alike are laid out at the bound, whether one
// configuration or a mixture reaches it.
func TestAlikeFleetsReachTheBound(t *testing.T) {
	for _, c := range []struct{ servers, rack, stores int }{
		{6, 0, 18},
		{6, 0, 114},
		{6, 0, 120},
		{10, 0, 30},
		{10, 0, 200},
		{10, 2, 30},
		{12, 0, 40},
		{12, 2, 228},
		{20, 0, 380},
		{20, 5, 60},
		{20, 5, 380},
		{50, 5, 150},
		{50, 5, 1000},
		{50, 0, 950},
	} {
		t.Run(fmt.Sprintf("%d servers in racks of %d with %d stores", c.servers, c.rack, c.stores), func(t *testing.T) {
			inv := alike(c.servers, c.rack, c.stores, 0.3)
			plan := optimize(t, inv, layout.Options{Seed: 1, Steps: 1})
			if len(plan.Violations) > 0 || plan.Stopped != planner.AtBound {
				t.Errorf("stopped %s with %v, bound %v, violations %v", plan.Stopped, plan.Promises.WorstSingle.Utilisation, plan.Bounds.WorstSingle, plan.Violations)
			}
			checkSafe(t, 0, inv, plan, false)
		})
	}
}

// Where every server does the same, those with k stores have k partners, each for
// two stores, one in each direction, and masters stay.
func TestCirculantsHaveFewPartners(t *testing.T) {
	for _, c := range []struct{ servers, rack, stores, partners int }{
		{10, 0, 30, 3}, {20, 0, 60, 3}, {50, 0, 1000, 20}, {100, 5, 2000, 20}, {100, 0, 300, 3}, {11, 0, 44, 4},
	} {
		t.Run(fmt.Sprintf("%d servers in racks of %d with %d stores", c.servers, c.rack, c.stores), func(t *testing.T) {
			inv := alike(c.servers, c.rack, c.stores, 0.3)
			plan := optimize(t, inv, layout.Options{Seed: 1, Steps: 1})
			if p := plan.Promises; p.PartnersMedian != c.partners || p.PartnersMax != c.partners {
				t.Errorf("median %d and at most %d partners, want %d", p.PartnersMedian, p.PartnersMax, c.partners)
			}
			for _, change := range plan.Changes {
				if change.Do == planner.Promote {
					t.Errorf("%+v", change)
				}
			}
			f := load.New(plan.Target(inv))
			offline := pairsOffline(f)
			if pairs := c.servers * c.partners / 2; offline != pairs {
				t.Errorf("%d pairs of servers take stores offline, want %d: a part of %d/%d of all", offline, pairs, c.partners, c.servers-1)
			}
		})
	}
}

// pairsOffline counts the pairs of servers whose failure takes stores offline.
func pairsOffline(f *load.Fleet) int {
	s := simulate.New(f, f.Current())
	servers, n := f.Levels[0].Domains, 0
	for i := range servers {
		for j := range i {
			if s.Fail(servers[i], servers[j]).StoresOffline > 0 {
				n++
			}
		}
	}
	return n
}

// Unequal racks, and numbers of stores that no design fits, still give layouts that
// keep the rules.
func TestAlikeFleetsOfAnyShape(t *testing.T) {
	for seed := range seeds(60) {
		servers := 3 + int(seed*7%23)
		inv := alike(servers, 0, servers*(1+int(seed%5))+int(seed%11), []float64{0, 0.3, 0.8}[seed%3])
		inv.Spread = []inventory.Spread{{Level: "rack"}}
		for i := range inv.Servers {
			rack := fmt.Sprintf("a%d", (i*i+i*int(seed))%(3+int(seed%4)))
			inv.Servers[i].Domains = map[inventory.Level]inventory.DomainID{"rack": inventory.DomainID(rack)}
		}
		plan := optimize(t, inv, layout.Options{Seed: seed, Steps: 5})
		checkSafe(t, seed, inv, plan, true)
	}
}
