package bounds_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner/bounds"
	"github.com/interlacemail/interlace/planner/load"
)

// alike returns n servers in racks of g (0: no racks) and stores of load 1. Disks
// have room, below their ceiling, for so many times what there is.
func alike(n, g, stores int, rho, room float64) *inventory.Inventory {
	inv := inventory.New()
	inv.Resources = []inventory.Resource{inventory.NewResource("disk", inventory.UnitBytes, 1), inventory.NewResource("io", "ops/s", rho)}
	disk := math.Ceil(room * 2e9 * float64(stores) / float64(n) / inventory.DefaultCeiling)
	for i := range n {
		s := inventory.Server{Name: inventory.ServerID(fmt.Sprintf("imap%04d", i)), State: inventory.Active, Slots: inventory.Unlimited, Capacity: inventory.Load{disk, 1000}}
		if g > 0 {
			s.Domains = map[inventory.Level]inventory.DomainID{"rack": inventory.DomainID(fmt.Sprintf("a%d", i/g))}
		}
		inv.Servers = append(inv.Servers, s)
	}
	if g > 0 {
		inv.Spread = []inventory.Spread{{Level: "rack"}}
	}
	for j := range stores {
		inv.Stores = append(inv.Stores, inventory.Store{Name: inventory.StoreID(fmt.Sprintf("s%05d", j)), Copies: 2, State: inventory.Active, Base: inventory.Load{1e9, 1}, Instances: []inventory.Instance{
			{Server: inv.Servers[0].Name, Role: inventory.Master}, {Server: inv.Servers[max(g, 1)%n].Name, Role: inventory.Replica},
		}})
	}
	inv.Sort()
	return inv
}

// Small fleets of servers and stores that are all alike, against the best of all
// layouts.
func TestConfigurationsNeverPassTheOptimum(t *testing.T) {
	fleets, reached := 0, 0
	for n := 2; n <= 4; n++ {
		for stores := 1; stores <= 9-n; stores++ {
			for _, rho := range []float64{0, .25, .75} {
				for variant := range 6 {
					g, room, slots := []int{0, 2}[variant%2], []float64{1.15, 2, 20}[variant/2], -1
					if variant == 3 {
						slots = (2*stores+n-1)/n + 1
					}
					inv := alike(n, g, stores, rho, room)
					for i := range inv.Servers {
						inv.Servers[i].Slots = slots
					}
					f := load.New(inv)
					exact := bounds.Enumerate(f, bounds.EnumerateOptions{WithoutFailureCeilings: true})
					if !exact.Complete || exact.Layout == nil || !exact.Worst.Known {
						continue
					}
					bound := bounds.Configured(f)
					switch fleets++; {
					case bound > exact.Worst.Value*(1+1e-15):
						t.Errorf("%d servers in racks of %d with %d slots, %d stores, ρ %v, room %v: bound %v above the optimum %v", n, g, slots, stores, rho, room, bound, exact.Worst.Value)
					case bound >= exact.Worst.Value*(1-1e-9):
						reached++
					}
					checkDomains(t, uint64(stores), f, map[bool]*ratios{false: {}, true: {}})
				}
			}
		}
	}
	t.Logf("%d fleets, of which %d reach the bound", fleets, reached)
	if fleets < 100 || reached < fleets*8/10 {
		t.Error("too few fleets, or too few that reach the bound")
	}
}

// A mixture of servers, some with masters only, is better than all servers alike.
func TestConfigurationsByHand(t *testing.T) {
	cases := []struct {
		servers, rack, stores int
		want                  float64
		all                   float64 // servers all alike: K + Kρ + (1−ρ)·⌈K/S⌉
	}{
		{10, 0, 30, 4.5, 4.6},
		{100, 5, 1900, 25, 25.4},
		{1000, 5, 20_000, 26.7, 26.7},
		{1000, 0, 3000, 4.3, 4.6},
	}
	for _, c := range cases {
		f := load.New(alike(c.servers, c.rack, c.stores, .3, 1e6))
		if got := 1000 * bounds.Configured(f); math.Abs(got-c.want) > 1e-6 {
			t.Errorf("%d stores on %d servers in racks of %d: bound %v, want %v", c.stores, c.servers, c.rack, got, c.want)
		}
		for m := range bounds.Mixtures(f, bounds.LayoutOptions{}) {
			if math.Abs(1000*m.Worst-c.all) > 1e-6 {
				t.Errorf("%d stores on %d servers in racks of %d: %v where all servers are alike, want %v", c.stores, c.servers, c.rack, 1000*m.Worst, c.all)
			}
			break
		}
	}
}

// Where replicas are heavier than masters the means may fit where no whole servers
// do: nothing can be laid out here, and the search for a bound ends.
func TestConfigurationsThatMakeUpNoLayout(t *testing.T) {
	inv := alike(2, 0, 3, .3, 1)
	inv.Resources[0].Replica, inv.Resources[0].Ceiling = 4, 1
	for i := range inv.Servers {
		inv.Servers[i].Capacity[0] = 8e9
	}
	f := load.New(inv)
	if exact := bounds.Enumerate(f, bounds.EnumerateOptions{}); !exact.Complete || exact.Layout != nil {
		t.Fatalf("%+v", exact)
	}
	if bound := bounds.Configured(f); math.IsInf(bound, 1) || bound <= 0 {
		t.Errorf("bound %v", bound)
	}
}

// Mixtures have a place for every master and replica.
func TestMixturesCarryAllStores(t *testing.T) {
	for n := 3; n < 40; n += 6 {
		for _, stores := range []int{n, 3 * n, 7*n + n/2, 20*n + 1} {
			f := load.New(alike(n, 0, stores, .3, 1.3))
			bound, i := bounds.Configured(f), 0
			for m := range bounds.Mixtures(f, bounds.LayoutOptions{}) {
				masters, replicas := 0, 0
				for _, c := range m.Configurations {
					masters, replicas = masters+c.Masters, replicas+c.Replicas
				}
				if len(m.Configurations) != n || masters != stores || replicas != stores {
					t.Errorf("%d servers, %d stores: mixture %d has %d servers, which carry %d masters and %d replicas", n, stores, i, len(m.Configurations), masters, replicas)
				}
				if i++; m.Worst < bound*(1-1e-9) {
					t.Errorf("%d servers, %d stores: mixture %d with %v is below the bound %v", n, stores, i, m.Worst, bound)
				}
			}
		}
	}
}
