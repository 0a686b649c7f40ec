package layout_test

import (
	"slices"
	"testing"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/layout"
)

// io returns an inventory with a resource of which replicas take nothing, in which every
// server may be full in the normal state and after a failure.
func io() *inventory.Inventory {
	inv := inventory.New()
	r := inventory.NewResource("io", "ops/s", 0)
	r.Ceiling = 1
	inv.Resources = []inventory.Resource{inventory.NewResource("disk", inventory.UnitBytes, 1), r}
	inv.Copies = 2
	return inv
}

func addServer(inv *inventory.Inventory, name inventory.ServerID, rack inventory.DomainID, capacity float64, slots int) {
	inv.Servers = append(inv.Servers, inventory.Server{
		Name: name, State: inventory.Active, Slots: slots, Capacity: inventory.Load{1e12, capacity},
		Domains: map[inventory.Level]inventory.DomainID{"rack": rack},
	})
}

func addStore(inv *inventory.Inventory, name inventory.StoreID, load float64, master inventory.ServerID, replicas ...inventory.ServerID) *inventory.Store {
	st := inventory.Store{
		Name: name, State: inventory.Active, Base: inventory.Load{1e9, load},
		Instances: []inventory.Instance{{Server: master, Role: inventory.Master}},
	}
	for _, server := range replicas {
		st.Instances = append(st.Instances, inventory.Instance{Server: server, Role: inventory.Replica})
	}
	inv.Stores = append(inv.Stores, st)
	return &inv.Stores[len(inv.Stores)-1]
}

// overloaded has a server whose only store is more than it can carry. On the one server
// that can it is beside a pinned store's replica.
func overloaded() *inventory.Inventory {
	inv := io()
	addServer(inv, "large", "a", 120, inventory.Unlimited)
	addServer(inv, "other", "b", 80, 1)
	addServer(inv, "small", "c", 80, inventory.Unlimited)
	addStore(inv, "s1", 100, "small", "large")
	addStore(inv, "s2", 40, "other", "large").Pinned = true
	inv.Sort()
	return inv
}

// uneven has a rack of two large servers and one of a single small one, which takes over
// from both if spread is kept.
func uneven(large float64) *inventory.Inventory {
	inv := io()
	inv.Spread = []inventory.Spread{{Level: "rack"}}
	addServer(inv, "a1", "a", large, inventory.Unlimited)
	addServer(inv, "a2", "a", large, inventory.Unlimited)
	addServer(inv, "b1", "b", 60, inventory.Unlimited)
	addStore(inv, "s1", 60, "a1", "a2")
	addStore(inv, "s2", 60, "a2", "a1")
	addStore(inv, "s3", 60, "b1", "a1")
	inv.Sort()
	return inv
}

// lopsided has masters for which there is room on two servers only, one of which then
// takes over too much. Layouts with fewer instances counted, they are too many to be gone
// through one by one.
func lopsided() *inventory.Inventory {
	inv := small(
		[][2]float64{{25430, 7111}, {7527, 2844}, {10142, 4741}, {6233, 2844}, {6111, 2844}},
		[][2]float64{{2400, 4000}, {3200, 2300}, {400, 3800}},
		[]int{0, 2, 4}, []int{3, 2, 4}, []int{3, 0, 4},
	)
	inv.Copies, inv.Resources[0].Replica, inv.Resources[1].Replica = 0, 1, 0.1
	inv.Servers[4].Slots = 1
	return inv
}

// unspread has a store that is promised three instances in two racks, and in one of the
// racks too little room for an instance of each store.
func unspread() *inventory.Inventory {
	inv := small(
		[][2]float64{{10848, 11623}, {7232, 7749}, {10848, 11623}},
		[][2]float64{{1000, 1000}, {1000, 1000}, {1000, 1000}, {1000, 2000}, {2000, 2000}, {1000, 3000}},
		[]int{0, 2}, []int{2, 1}, []int{2, 1}, []int{0, 2}, []int{0, 2}, []int{2, 1},
	)
	for i, rack := range []inventory.DomainID{"r0", "r1", "r0"} {
		inv.Servers[i].Domains = map[inventory.Level]inventory.DomainID{"rack": rack}
	}
	inv.Servers[0].Slots = 3
	inv.Spread = []inventory.Spread{{Level: "rack"}}
	inv.Resources[0].Replica = 1
	inv.Resources[1].Ceiling, inv.Resources[1].FailureCeiling.Default = 0.9, 1.1
	inv.Stores[1].Copies = 3
	return inv
}

// What is broken in normal operation is graver than what a failure would break, and
// spread gives way to failure ceilings only if they are kept then.
func TestTheGravestRulesAreKept(t *testing.T) {
	for name, c := range map[string]struct {
		inv  *inventory.Inventory
		want []planner.Rule
	}{
		"a ceiling, at the price of another failure ceiling":      {overloaded(), []planner.Rule{planner.FailureCeiling}},
		"spread, where failure ceilings cannot be kept anyway":    {uneven(110), []planner.Rule{planner.FailureCeiling}},
		"ceilings, where failure ceilings cannot be kept":         {lopsided(), []planner.Rule{planner.FailureCeiling}},
		"copies, where spread cannot be kept":                     {unspread(), []planner.Rule{planner.Spread}},
		"failure ceilings, which spread alone keeps from holding": {uneven(130), []planner.Rule{planner.Spread}},
	} {
		plan := optimize(t, c.inv, layout.Options{})
		var broken []planner.Rule
		for _, v := range plan.Violations {
			broken = append(broken, v.Rule)
		}
		if broken = slices.Compact(broken); !slices.Equal(broken, c.want) {
			t.Errorf("%s: broken %v, want %v: %v", name, broken, c.want, plan.Violations)
		}
		replay(t, 0, c.inv, plan)
	}
}
