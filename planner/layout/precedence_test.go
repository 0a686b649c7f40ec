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

// What is broken in normal operation is graver than what a failure would break, and
// spread gives way to failure ceilings only if they are kept then.
func TestTheGravestRulesAreKept(t *testing.T) {
	for name, c := range map[string]struct {
		inv  *inventory.Inventory
		want []planner.Rule
	}{
		"a ceiling, at the price of another failure ceiling":      {overloaded(), []planner.Rule{planner.FailureCeiling}},
		"spread, where failure ceilings cannot be kept anyway":    {uneven(110), []planner.Rule{planner.FailureCeiling}},
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
