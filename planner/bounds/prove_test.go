package bounds_test

import (
	"math/rand/v2"
	"testing"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner/bounds"
	"github.com/interlacemail/interlace/planner/load"
)

// Disks that a layout fills to the last byte make prices of disk as large as they
// get, and rounding with them.
func TestPricesOfFullDisksNeverPassTheOptimum(t *testing.T) {
	for seed := range uint64(1000) {
		rng := rand.New(rand.NewPCG(seed, 3))
		inv := alike(3+rng.IntN(2), 0, 3+rng.IntN(3), []float64{0, .3, .5}[rng.IntN(3)], 1)
		used := make([]float64, len(inv.Servers))
		for i := range inv.Stores {
			st := &inv.Stores[i]
			st.Base = inventory.Load{float64(1 + rng.IntN(1e9)), float64(rng.IntN(1e6)) / 1e3}
			for k, s := range rng.Perm(len(inv.Servers))[:2] {
				st.Instances[k].Server = inv.Servers[s].Name
				used[s] += st.Base[0]
			}
		}
		for s := range inv.Servers {
			inv.Servers[s].Capacity = inventory.Load{max(1, used[s]), 1e5}
		}
		inv.Resources[0].Ceiling = 1
		f := load.New(inv)
		exact := bounds.Enumerate(f, bounds.EnumerateOptions{WithoutFailureCeilings: true})
		if !exact.Complete || exact.Layout == nil {
			t.Fatalf("seed %d: %+v", seed, exact)
		}
		if bound := bounds.WorstByFormula(f).Value; bound > exact.Worst.Value {
			t.Errorf("seed %d: bound %v above the optimum %v", seed, bound, exact.Worst.Value)
		}
	}
}

// Where one store outweighs all others, no server has room to promote it at the
// utilisation at which prices are looked for: they prove no less for that.
func TestPricesWhereOneStoreOutweighsAllOthers(t *testing.T) {
	for _, weight := range []float64{1, 500, 900, 1e4} {
		inv := alike(19, 0, 150, .3, 1e6)
		inv.Stores[0].Base[1] = weight
		f := load.New(inv)
		if bound, mean := bounds.Priced(f), (149+weight)*1.3/19e3; bound < mean {
			t.Errorf("a store of %v: bound %v below the mean load %v", weight, bound, mean)
		}
	}
}
