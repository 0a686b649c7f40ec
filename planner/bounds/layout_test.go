package bounds_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/interlacemail/interlace/fixtures"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/bounds"
	"github.com/interlacemail/interlace/planner/load"
	"github.com/interlacemail/interlace/planner/simulate"
)

// The bounds without enumeration against the best of all layouts, for fleets with
// every odd feature.
func TestFormulasNeverPassTheOptimum(t *testing.T) {
	var single ratios
	domain := map[bool]*ratios{false: {}, true: {}} // by whether spread keeps the level apart
	features := map[string]int{}
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
		} else {
			single.add(bound, exact.Worst.Value)
		}
		checkOthers(t, seed, f, s.Promises())
		checkDomains(t, seed, f, domain)
		countFeatures(features, inv)
	}
	for _, name := range []string{
		"no replica", "three instances", "several levels", "spread at two levels",
		"drained server", "server that is down", "slots", "pinned", "only",
	} {
		if features[name] < 50 {
			t.Errorf("only %d fleets with: %s", features[name], name)
		}
	}
	t.Logf("one server: bound/optimum %v", single.summary())
	t.Logf("one domain at a level kept apart: %v; at another: %v", domain[true].summary(), domain[false].summary())
	if len(single) < 500 || len(*domain[true]) < 500 || len(*domain[false]) < 300 {
		t.Error("too few fleets could be enumerated")
	}
	if single.median() < 0.99 || domain[true].median() < 0.99 || domain[false].median() < 0.95 {
		t.Error("a median is low")
	}
}

// ratios are bounds over optima.
type ratios []float64

func (r *ratios) add(bound, optimum float64) {
	if optimum > 0 {
		*r = append(*r, bound/optimum)
	}
}

func (r ratios) median() float64 {
	slices.Sort(r)
	return r[len(r)/2]
}

func (r ratios) summary() string {
	slices.Sort(r)
	return fmt.Sprintf("of %d: lowest %.3f, a tenth below %.3f, median %.3f", len(r), r[0], r[len(r)/10], r[len(r)/2])
}

// checkDomains holds the bounds on failures of a domain against the least that any
// layout has.
func checkDomains(t *testing.T, seed uint64, f *load.Fleet, found map[bool]*ratios) {
	t.Helper()
	b := bounds.Layout(f, bounds.LayoutOptions{})
	for level := 1; level < len(f.Levels); level++ {
		name := f.Levels[level].Name
		least, layout := bounds.LeastDomain(f, level)
		if !least.Known {
			continue
		}
		got := simulate.New(f, layout).Promises().WorstDomain[name].Utilisation
		bound := b.WorstDomain[name]
		switch {
		case got.Known != bound.Known:
			t.Errorf("seed %d: bound of %s %v, a layout has %v", seed, name, bound, got)
		case !got.Known:
		case got != least:
			t.Errorf("seed %d: enumeration says %v of %s, simulation %v", seed, least, name, got)
		case bound.Value > least.Value:
			t.Errorf("seed %d: bound of %s %v above the optimum %v", seed, name, bound, least)
		default:
			found[bounds.KeptApart(f, level)].add(bound.Value, least.Value)
		}
	}
}

func countFeatures(features map[string]int, inv *inventory.Inventory) {
	has := map[string]bool{"several levels": len(inv.Levels()) > 1, "spread at two levels": len(inv.Spread) > 1}
	for i := range inv.Servers {
		s := &inv.Servers[i]
		has["drained server"] = has["drained server"] || s.State == inventory.Drain
		has["server that is down"] = has["server that is down"] || s.State == inventory.Down
		has["slots"] = has["slots"] || s.Slots != inventory.Unlimited
	}
	for i := range inv.Stores {
		st := &inv.Stores[i]
		has["no replica"] = has["no replica"] || inv.PromisedCopies(st) == 1
		has["three instances"] = has["three instances"] || inv.PromisedCopies(st) == 3
		has["pinned"] = has["pinned"] || st.Pinned
		has["only"] = has["only"] || len(st.Only) > 0
	}
	for name, yes := range has {
		if yes {
			features[name]++
		}
	}
}

// checkOthers holds the bounds on the normal state against one layout that keeps
// the rules.
func checkOthers(t *testing.T, seed uint64, f *load.Fleet, got planner.Promises) {
	t.Helper()
	b := bounds.Layout(f, bounds.LayoutOptions{})
	for _, proof := range b.ByKind.WorstSingle.Proofs() {
		if proof.Bound.Value > got.WorstSingle.Utilisation.Value {
			t.Errorf("seed %d: bound by %s %v, a layout has %v", seed, proof.Kind, proof.Bound, got.WorstSingle.Utilisation)
		}
	}
	if b.Normal.Known && b.Normal.Value > got.Normal.Utilisation.Value {
		t.Errorf("seed %d: bound of the normal state %v above what a layout has, %v", seed, b.Normal.Value, got.Normal.Utilisation.Value)
	}
	if pair := got.WorstPair.Utilisation; b.WorstPair.Known != pair.Known || b.WorstPair.Value > pair.Value {
		t.Errorf("seed %d: bound of two servers %v, a layout has %v", seed, b.WorstPair, pair)
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

// A store that fills a server exactly to its ceiling may lie there.
func TestItemBoundOfAFullDisk(t *testing.T) {
	inv := alike(3, 0, 1, .3, 1)
	inv.Resources[0].Ceiling = 0.85
	for i, capacity := range []inventory.Load{{1e4, 1000}, {3518.9, 1000}, {1e4, 100}} {
		inv.Servers[i].Capacity = capacity
	}
	inv.Stores[0].Base[0] = 2991.065 // a little more than 0.85 of 3518.9 in float64
	f := load.New(inv)
	exact := bounds.Enumerate(f, bounds.EnumerateOptions{})
	if got := bounds.Item(f); got != exact.Worst.Value {
		t.Errorf("item bound %v, want %v", got, exact.Worst.Value)
	}
}

// Of many stores the largest are looked at, wherever they stand in the list.
func TestItemBoundAmongManyStores(t *testing.T) {
	inv := alike(4, 0, 600, 0, 20)
	for i := range inv.Servers {
		inv.Servers[i].Domains = map[inventory.Level]inventory.DomainID{"site": inventory.DomainID(fmt.Sprint("s", i/2))}
	}
	inv.Servers[2].Capacity[1], inv.Servers[3].Capacity[1] = 10, 10
	inv.Stores[199].Base[1] = 100 // the largest of the first 200
	inv.Stores[300].Base[1] = 5
	inv.Stores[300].Only = map[inventory.Level][]inventory.DomainID{"site": {"s1"}}
	if got, want := bounds.Item(load.New(inv)), 0.5; got != want {
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
	if tried < 500 || binding < 25 {
		t.Fatalf("%d fleets tried, the limit raises the bound of %d", tried, binding)
	}
}

// A pinned store stays in one rack, whatever spread says, and then weighs on nobody
// when that rack fails.
func TestPinnedStoresMayLieTogether(t *testing.T) {
	inv := alike(3, 0, 1, .5, 2)
	inv.Spread = []inventory.Spread{{Level: "rack"}}
	for i, capacity := range []float64{10, 5, 0.01} {
		inv.Servers[i].Capacity = inventory.Load{100, capacity}
		inv.Servers[i].Domains = map[inventory.Level]inventory.DomainID{"rack": inventory.DomainID(fmt.Sprint("a", i/2))}
	}
	inv.Stores[0].Pinned = true
	inv.Stores[0].Instances = []inventory.Instance{{Server: inv.Servers[0].Name, Role: inventory.Master}, {Server: inv.Servers[1].Name, Role: inventory.Replica}}
	f := load.New(inv)
	got := simulate.New(f, f.Current()).Promises().WorstDomain["rack"].Utilisation
	if bound := bounds.Layout(f, bounds.LayoutOptions{}).WorstDomain["rack"]; bound.Value > got.Value {
		t.Errorf("bound %v above what the only layout has, %v", bound, got)
	}
}

// Without spread a rack that holds several servers may hide stores, and one that
// holds a single server may not.
func TestHiddenStoresByHand(t *testing.T) {
	for _, c := range []struct {
		name string
		rack []string
		want float64 // the least worst failure of one rack
	}{
		{"all hide", []string{"a", "a", "b", "b"}, 1 * 1.5 / 10},
		{"nobody hides", []string{"a", "b", "c", "d"}, 2.0 / 10},
	} {
		inv := alike(4, 0, 4, .5, 4)
		for i := range inv.Servers {
			inv.Servers[i].Capacity = inventory.Load{1e12, 10}
			inv.Servers[i].Domains = map[inventory.Level]inventory.DomainID{"rack": inventory.DomainID(c.rack[i])}
		}
		f := load.New(inv)
		b := bounds.Layout(f, bounds.LayoutOptions{})
		if got := b.WorstDomain["rack"].Value; got > c.want || got < c.want*0.99 {
			t.Errorf("%s: bound %v, want %v by kinds %+v", c.name, got, c.want, b.ByKind.WorstDomain["rack"])
		}
	}
}

// What must leave a disk above its ceiling must be copied; what is too many need not,
// and what is copied away from a server that drains counts once.
func TestBytesOfOverfullDisksByHand(t *testing.T) {
	inv := alike(4, 0, 6, .3, 10)
	inv.Resources[0].Ceiling = 0.5
	for i := range inv.Servers {
		inv.Servers[i].Capacity[0] = 8e9 // of which half may be used, and two servers have 6e9
	}
	bytes := func() float64 { return bounds.Layout(load.New(inv), bounds.LayoutOptions{}).BytesCopied.Value }
	if got, want := bytes(), 4e9; got > want || got < want*(1-1e-9) {
		t.Errorf("two disks above their ceiling: bound %v, want %v", got, want)
	}
	inv.Servers[0].State = inventory.Drain
	if got, want := bytes(), 8e9; got > want || got < want*(1-1e-9) {
		t.Errorf("one of them drains: bound %v, want %v", got, want)
	}
	inv.Servers[0].State = inventory.Active
	for i := range inv.Stores {
		inv.Stores[i].Copies = 1
	}
	if got, want := bytes(), 0.0; got > want || got < want*(1-1e-9) {
		t.Errorf("one copy is enough: bound %v, want %v", got, want)
	}
}
