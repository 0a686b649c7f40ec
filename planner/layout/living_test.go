package layout_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/layout"
)

// halfDown returns a fleet in which servers are down, and stores have instances on them
// in any place of their list and more or fewer of them than promised.
func halfDown(seed uint64) *inventory.Inventory {
	rng := rand.New(rand.NewPCG(seed, 3))
	inv := io()
	inv.Copies = 1 + rng.IntN(2)
	inv.Resources[1].Replica, inv.Resources[1].FailureCeiling.Default = 0.5, 3
	names := make([]inventory.ServerID, 3+rng.IntN(6))
	for i := range names {
		names[i] = inventory.ServerID(fmt.Sprintf("m%02d", i))
		addServer(inv, names[i], "", 100, inventory.Unlimited)
		inv.Servers[i].Domains = nil
		if rng.IntN(3) == 0 {
			inv.Servers[i].State = inventory.Down
		}
	}
	for i := range 1 + rng.IntN(2*len(names)) {
		rng.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
		addStore(inv, inventory.StoreID(fmt.Sprintf("s%02d", i)), float64(1+rng.IntN(30)), names[0], names[1:1+rng.IntN(min(3, len(names)))]...)
	}
	inv.Sort()
	return inv
}

// living counts the instances on servers that are up.
func living(inv *inventory.Inventory, sites []inventory.ServerID) int {
	n := 0
	for _, s := range sites {
		if !down(inv, s) {
			n++
		}
	}
	return n
}

// No plan and no state on its way takes a store offline that is served now, or gives up
// living instances that were promised for others on servers that are down, whatever the
// load is that an offline store does not weigh any more.
func TestLivingInstancesAreKept(t *testing.T) {
	few := 4
	for seed := range seeds(40) {
		inv := halfDown(seed)
		options := []layout.Options{{}, {MaxChanges: &few}}
		if i := slices.IndexFunc(inv.Servers, func(s inventory.Server) bool { return s.State == inventory.Active }); i >= 0 {
			options = append(options, layout.Options{Drain: []planner.Subject{planner.ServerSubject(inv.Servers[i].Name)}})
		}
		for n, opts := range options {
			opts.Steps = 20
			plan := optimize(t, inv, opts)
			if n < 2 {
				checkSafe(t, seed, inv, plan, false)
			}
			now := map[inventory.StoreID][]inventory.ServerID{}
			kept := map[inventory.StoreID]int{}
			for i := range inv.Stores {
				st := &inv.Stores[i]
				for _, in := range st.Instances {
					now[st.Name] = append(now[st.Name], in.Server)
				}
				kept[st.Name] = min(living(inv, now[st.Name]), inv.PromisedCopies(st))
			}
			for _, c := range plan.Changes {
				switch at := lastIndex(now[c.Store], c.Server); c.Do {
				case planner.Drop:
					now[c.Store] = slices.Delete(now[c.Store], at, at+1)
				case planner.Seed:
					now[c.Store] = append(now[c.Store], c.Server)
				}
				if got := living(inv, now[c.Store]); got < kept[c.Store] {
					t.Errorf("seed %d, options %d: %+v leaves store %s %d living instances, it had %d", seed, n, c, c.Store, got, kept[c.Store])
				}
			}
		}
	}
}
