package bounds_test

import (
	"slices"
	"testing"

	"github.com/interlacemail/interlace/fixtures"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/bounds"
	"github.com/interlacemail/interlace/planner/load"
	"github.com/interlacemail/interlace/planner/simulate"
)

// The bounds by formula against the best of all layouts.
func TestFormulasNeverPassTheOptimum(t *testing.T) {
	var ratios []float64
	for seed := range uint64(4000) {
		inv := roomy(fixtures.Tiny(seed), float64(1+seed%4))
		f := load.New(inv)
		exact := bounds.Enumerate(f, bounds.EnumerateOptions{WithoutFailureCeilings: true})
		if !exact.Complete || exact.Layout == nil || !exact.Worst.Known {
			continue
		}
		s := simulate.New(f, exact.Layout)
		if got := s.Worst(0).Utilisation; got != exact.Worst {
			t.Fatalf("seed %d: enumeration says %v, simulation %v", seed, exact.Worst, got)
		}
		if bound := bounds.WorstByFormula(f).Value; bound > exact.Worst.Value {
			t.Errorf("seed %d: bound %v above the optimum %v", seed, bound, exact.Worst.Value)
		} else if exact.Worst.Value > 0 {
			ratios = append(ratios, bound/exact.Worst.Value)
		}
		checkOthers(t, seed, f, s.Promises())
	}
	if len(ratios) < 500 {
		t.Fatalf("only %d fleets could be enumerated", len(ratios))
	}
	slices.Sort(ratios)
	t.Logf("%d fleets: formula/optimum lowest %.3f, a tenth below %.3f, median %.3f", len(ratios), ratios[0], ratios[len(ratios)/10], ratios[len(ratios)/2])
	if median := ratios[len(ratios)/2]; median < 0.85 {
		t.Errorf("median of formula/optimum %.3f", median)
	}
}

// checkOthers holds the other bounds against one layout that keeps the rules.
func checkOthers(t *testing.T, seed uint64, f *load.Fleet, got planner.Promises) {
	t.Helper()
	b := bounds.Layout(f, bounds.LayoutOptions{})
	for level, bound := range b.WorstDomain {
		if u := got.WorstDomain[level].Utilisation; u.Known && bound.Known && bound.Value > u.Value {
			t.Errorf("seed %d: bound of %s %v above what a layout has, %v", seed, level, bound.Value, u.Value)
		}
	}
	if b.Normal.Known && b.Normal.Value > got.Normal.Utilisation.Value {
		t.Errorf("seed %d: bound of the normal state %v above what a layout has, %v", seed, b.Normal.Value, got.Normal.Utilisation.Value)
	}
	if b.Fullest.Known && b.Fullest.Value > got.Fullest.Utilisation.Value {
		t.Errorf("seed %d: bound of the fullest disk %v above what a layout has, %v", seed, b.Fullest.Value, got.Fullest.Utilisation.Value)
	}
}

func roomy(inv *inventory.Inventory, factor float64) *inventory.Inventory {
	for i := range inv.Servers {
		for r := range inv.Resources {
			inv.Servers[i].Capacity[r] *= factor
		}
	}
	return inv
}

// equal returns n servers in racks of one with k stores of load 1 each.
func equal(n, k int, rho float64) *load.Fleet {
	inv := inventory.New()
	inv.Resources = []inventory.Resource{inventory.NewResource("io", "ops/s", rho)}
	for i := range n {
		inv.Servers = append(inv.Servers, inventory.Server{Name: inventory.ServerID(rune('a' + i)), State: inventory.Active, Slots: inventory.Unlimited, Capacity: inventory.Load{100}})
		for j := range k {
			name := inventory.StoreID(string(rune('a'+i)) + string(rune('0'+j)))
			inv.Stores = append(inv.Stores, inventory.Store{Name: name, Copies: 2, State: inventory.Active, Base: inventory.Load{1}, Instances: []inventory.Instance{{Server: inv.Servers[i].Name, Role: inventory.Master}}})
		}
	}
	inv.Sort()
	return load.New(inv)
}

// The spread bound by hand: W = n·k·(1+ρ), Σ Δ = n·k·(1−ρ), spread over n−1.
func TestSpreadBoundByHand(t *testing.T) {
	f := equal(11, 5, 0.5)
	want := (55*1.5 + 55*0.5/10) / 1100
	if got := bounds.SpreadOut(f, 0); got < want*bounds.Slack || got > want*1.05 {
		t.Errorf("spread bound %v, want at least %v", got, want)
	}
}

// A store that fits one large server only must load it alone.
func TestItemBoundByHand(t *testing.T) {
	f := equal(3, 1, 0)
	f.Active[0][0] *= 90
	if got, want := bounds.Item(f), 0.9; got != want {
		t.Errorf("item bound %v, want %v", got, want)
	}
}

func TestBoundsDoNotDependOnNames(t *testing.T) {
	for seed := range uint64(200) {
		inv := fixtures.Tiny(seed)
		renamed, _ := fixtures.Rename(inv, fixtures.AnyOrder, seed)
		a := bounds.Layout(load.New(inv), bounds.LayoutOptions{})
		b := bounds.Layout(load.New(renamed), bounds.LayoutOptions{})
		if a.WorstSingle != b.WorstSingle || a.Normal != b.Normal || a.Fullest != b.Fullest || a.BytesCopied != b.BytesCopied {
			t.Errorf("seed %d: bounds %+v, renamed %+v", seed, a, b)
		}
	}
}

// With thousands of servers a single store has too many places to go through:
// they are counted, not listed.
func TestLargeFleetsAreNotEnumerated(t *testing.T) {
	inv := fixtures.Fleet(1, fixtures.Equal, fixtures.Size{Servers: 3000, StoresPerServer: 1, Users: -1, Legal: true})
	inv.Stores = inv.Stores[:2]
	f := load.New(inv)
	allocated := testing.AllocsPerRun(1, func() {
		if e := bounds.Enumerate(f, bounds.EnumerateOptions{}); e.Complete || e.Layout != nil {
			t.Errorf("complete %v, layout %v", e.Complete, e.Layout)
		}
	})
	if allocated > 100_000 {
		t.Errorf("%v allocations", allocated)
	}
}

// With few partners the bounds hold over fewer layouts, and are no lower.
func TestBoundsWithFewPartners(t *testing.T) {
	tried, binding := 0, 0
	for seed := range uint64(2000) {
		inv := roomy(fixtures.Tiny(seed), float64(1+seed%4))
		f := load.New(inv)
		for most := 1; most <= 2; most++ {
			opts := bounds.LayoutOptions{Scatter: most}
			exact := bounds.Enumerate(f, bounds.EnumerateOptions{LayoutOptions: opts, WithoutFailureCeilings: true})
			if !exact.Complete || exact.Layout == nil || !exact.Worst.Known {
				continue
			}
			tried++
			if got := simulate.New(f, exact.Layout).Promises().PartnersMax; got > most {
				t.Errorf("seed %d: the best layout has %d partners, %d are allowed", seed, got, most)
			}
			bound, free := bounds.WorstWithin(f, most).Value, bounds.WorstByFormula(f).Value
			if bound > exact.Worst.Value {
				t.Errorf("seed %d: bound %v with %d partners above the optimum %v", seed, bound, most, exact.Worst.Value)
			}
			if bound < free*(1-1e-9) {
				t.Errorf("seed %d: bound %v with %d partners below that with any number, %v", seed, bound, most, free)
			}
			if bound > free*(1+1e-9) {
				binding++
			}
		}
	}
	if tried < 500 || binding < 50 {
		t.Fatalf("%d fleets tried, the limit raises the bound of %d", tried, binding)
	}
}
