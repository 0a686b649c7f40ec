package layout_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/interlacemail/interlace/fixtures"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/sharing"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/layout"
	"github.com/interlacemail/interlace/planner/load"
	"github.com/interlacemail/interlace/planner/rules"
	"github.com/interlacemail/interlace/planner/simulate"
)

// front has two large servers with the masters of eight and of four stores and two
// small ones with their replicas, on front1 the first and on front2 the second ones.
// Nobody has a slot left. When a large server fails, front1 alone takes over.
func front() *inventory.Inventory {
	inv := inventory.New()
	inv.Resources = []inventory.Resource{inventory.NewResource("disk", inventory.UnitBytes, 1), inventory.NewResource("io", "ops/s", 0)}
	add := func(name inventory.ServerID, io float64, slots int) {
		inv.Servers = append(inv.Servers, inventory.Server{Name: name, State: inventory.Active, Slots: slots, Capacity: inventory.Load{1e12, io}})
	}
	add("back1", 30, 8)
	add("back2", 30, 4)
	add("front1", 10, 12)
	add("front2", 10, 12)
	for i := range 12 {
		inv.Stores = append(inv.Stores, inventory.Store{
			Name: inventory.StoreID(fmt.Sprintf("s%02d", i)), State: inventory.Active, Base: inventory.Load{1e9, 1},
			Instances: []inventory.Instance{
				{Server: inv.Servers[i/8].Name, Role: inventory.Master}, {Server: "front1", Role: inventory.Replica}, {Server: "front2", Role: inventory.Replica},
			},
		})
	}
	inv.Sort()
	return inv
}

// The order of replicas decides who takes over, and changing it copies nothing.
func TestTheOrderOfReplicasIsPlanned(t *testing.T) {
	plan := optimize(t, front(), layout.Options{})
	if got, want := plan.Promises.WorstSingle.Utilisation.Value, 0.4; got != want || plan.BytesCopied != 0 {
		t.Errorf("worst %v for %d bytes, want %v for none; was %v", got, plan.BytesCopied, want, plan.Before.WorstSingle.Utilisation.Value)
	}
	replay(t, 0, front(), plan)
}

// A store is promoted as often as its target takes, and no target takes more than
// one in another order that is as good.
func TestNoNeedlessPromotions(t *testing.T) {
	tried := 0
	for seed := range seeds(4) {
		for _, kind := range []fixtures.Kind{fixtures.Equal, fixtures.Mixed} {
			inv := roomy(fixtures.Fleet(seed, kind, fixtures.Size{Servers: 12, StoresPerServer: 4, Users: 300, Legal: true}), 2)
			inv.Copies = 3
			plan := optimize(t, inv, layout.Options{Gap: 0.02, Steps: 100})
			replay(t, seed, inv, plan)
			checkPromotions(t, seed, inv, plan)
			for i := range plan.Stores {
				p := &plan.Stores[i]
				tried++
				if n := needed(inv.Stores[i].Instances, append([]inventory.ServerID{p.Master}, p.Replicas...)); n >= 2 {
					checkOrders(t, inv, plan, i, n)
				}
			}
		}
	}
	if tried < 100 {
		t.Errorf("only %d stores", tried)
	}
}

// Nor is a store that makes room for others half of the way first.
func TestNoNeedlessPromotionsHalfOfTheWay(t *testing.T) {
	for _, seed := range []uint64{286, 929} {
		inv := roomy(fixtures.Tiny(seed), 1+0.15*float64(seed%8))
		checkPromotions(t, seed, inv, optimize(t, inv, layout.Options{}))
	}
}

// checkPromotions compares how often each store is promoted with what is enough.
func checkPromotions(t *testing.T, seed uint64, inv *inventory.Inventory, plan *planner.Layout) {
	t.Helper()
	count := map[inventory.StoreID]int{}
	for _, c := range plan.Changes {
		if c.Do == planner.Promote {
			count[c.Store]++
		}
	}
	for _, p := range plan.Stores {
		sites := append([]inventory.ServerID{p.Master}, p.Replicas...)
		from := inv.Stores[inv.Store(p.Store)].Instances
		if n := needed(from, sites); len(from) > 0 && n >= 0 && count[p.Store] > n {
			t.Errorf("seed %d: %s is promoted %d times on its way to %v, %d are enough", seed, p.Store, count[p.Store], sites, n)
		}
	}
}

// checkOrders looks for an order of the store's target that takes fewer promotions
// and is as good.
func checkOrders(t *testing.T, inv *inventory.Inventory, plan *planner.Layout, store, promotions int) {
	t.Helper()
	p := &plan.Stores[store]
	was := *p
	defer func() { *p = was }()
	for _, replicas := range [][]inventory.ServerID{{was.Replicas[0], was.Replicas[1]}, {was.Replicas[1], was.Replicas[0]}} {
		sites := append([]inventory.ServerID{was.Master}, replicas...)
		for at := range sites {
			other := slices.Clone(sites)
			other[0], other[at] = other[at], other[0]
			if needed(inv.Stores[store].Instances, other) >= promotions {
				continue
			}
			p.Master, p.Replicas = other[0], other[1:]
			target := plan.Target(inv)
			f := load.New(target)
			worst := simulate.New(f, f.Current()).Promises().WorstSingle.Utilisation.Value
			broken, _, _ := rules.Check(context.Background(), target, sharing.Groups(inv), rules.Options{From: inv})
			broken, _ = rules.Split(planner.KindLayout, broken)
			if worst <= plan.Promises.WorstSingle.Utilisation.Value && len(broken) <= len(plan.Violations) {
				t.Errorf("%s is promoted %d times on its way to %v, %v is as good and takes fewer", was.Store, promotions, was, other)
			}
		}
	}
}

// needed returns how many promotions lead from the instances to the sites: the least
// of all sequences, where new instances come last, seeded in any order, and the surplus
// goes in the end, and −1 if none does.
func needed(from []inventory.Instance, to []inventory.ServerID) int {
	var list []inventory.ServerID
	for _, in := range from {
		list = append(list, in.Server)
	}
	var seeded []inventory.ServerID
	for _, server := range to {
		if !slices.Contains(list, server) && !slices.Contains(seeded, server) {
			seeded = append(seeded, server)
		}
	}
	fewest := -1
	var choose func(list, left []inventory.ServerID)
	choose = func(list, left []inventory.ServerID) {
		if len(left) == 0 {
			if n := layout.FewestPromotions(list, to); n >= 0 && (fewest < 0 || n < fewest) {
				fewest = n
			}
			return
		}
		for i, server := range left {
			choose(append(slices.Clone(list), server), slices.Delete(slices.Clone(left), i, i+1))
		}
	}
	choose(list, seeded)
	return fewest
}
