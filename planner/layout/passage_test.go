package layout_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/sharing"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/layout"
	"github.com/interlacemail/interlace/planner/load"
	"github.com/interlacemail/interlace/planner/rules"
	"github.com/interlacemail/interlace/planner/simulate"
)

// walker goes through all states that single steps lead to.
type walker struct {
	inv    *inventory.Inventory
	groups *inventory.ShareGroups
	fleet  *load.Fleet
	before []planner.Violation
	seen   map[string]bool
	open   []load.Layout
	lowest float64 // worst single-failure utilisation of the states that keep every rule
}

// walk returns nil if steps lead to more than most states. Only the last step may bring
// about failure ceilings; everything else holds in every state.
func walk(inv *inventory.Inventory, most int) *walker {
	w := &walker{inv: inv, groups: sharing.Groups(inv), fleet: load.New(inv), seen: map[string]bool{}, lowest: math.Inf(1)}
	w.before, _, _ = rules.Check(context.Background(), inv, w.groups, rules.Options{From: inv})
	w.visit(w.fleet.Current())
	for len(w.open) > 0 {
		now := w.open[len(w.open)-1]
		w.open = w.open[:len(w.open)-1]
		for store := range now {
			if !inv.Stores[store].Pinned {
				w.leave(now, store)
			}
		}
		if len(w.seen) > most {
			return nil
		}
	}
	return w
}

// leave promotes, seeds and drops instances of one store.
func (w *walker) leave(now load.Layout, store int) {
	list := now[store]
	to := func(other []int32) {
		next := slices.Clone(now)
		next[store] = other
		w.visit(next)
	}
	for at := 1; at < len(list); at++ {
		promoted := slices.Clone(list)
		promoted[0], promoted[at] = promoted[at], promoted[0]
		to(promoted)
		if len(list) > w.inv.PromisedCopies(&w.inv.Stores[store]) {
			to(slices.Delete(slices.Clone(list), at, at+1))
		}
	}
	if len(list) <= w.inv.PromisedCopies(&w.inv.Stores[store]) {
		for server := range w.inv.Servers {
			if !slices.Contains(list, int32(server)) {
				to(append(slices.Clone(list), int32(server)))
			}
		}
	}
}

// visit notes the state if nothing is worse in it than today but failure ceilings, and a
// copy too many.
func (w *walker) visit(sites load.Layout) {
	key := fmt.Sprint(sites)
	if w.seen[key] {
		return
	}
	w.seen[key] = true
	target := (&planner.Layout{Stores: w.fleet.Placements(sites)}).Target(w.inv)
	after, _, _ := rules.Check(context.Background(), target, w.groups, rules.Options{From: w.inv})
	for _, v := range rules.Worse(w.before, after) {
		passing := v.Rule == planner.FailureCeiling || v.Rule == planner.Copies && v.Value.Value > v.Limit.Value
		if !passing {
			return
		}
	}
	w.open = append(w.open, sites)
	if after, _ = rules.Split(planner.KindLayout, after); len(after) == 0 {
		w.lowest = min(w.lowest, simulate.New(w.fleet, sites).Worst(0).Utilisation.Value)
	}
}

// tight returns a fleet of three servers that have hardly more room than they use.
func tight(seed uint64) *inventory.Inventory {
	rng := rand.New(rand.NewPCG(seed, 0))
	inv := io()
	inv.Copies = 2 + rng.IntN(2)
	names := []inventory.ServerID{"a", "b", "c"}
	disk, busy := map[inventory.ServerID]float64{}, map[inventory.ServerID]float64{}
	for i := range 3 + rng.IntN(2) {
		rng.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
		size, load := 1+float64(rng.IntN(2)), 1+float64(rng.IntN(3))
		st := addStore(inv, inventory.StoreID(fmt.Sprint("s", i)), load, names[0], names[1:inv.Copies]...)
		st.Base[0], st.Pinned = size, rng.IntN(4) == 0
		busy[names[0]] += load
		for _, name := range names[:inv.Copies] {
			disk[name] += size
		}
	}
	inv.Resources[0].Ceiling = 1
	most := max(busy["a"], busy["b"], busy["c"])
	for i, name := range []inventory.ServerID{"a", "b", "c"} {
		addServer(inv, name, inventory.DomainID(name), most+float64(rng.IntN(2)), inventory.Unlimited)
		inv.Servers[i].Capacity[0] = max(1, disk[name]) + float64(rng.IntN(2))
	}
	inv.Survive = nil
	inv.Sort()
	return inv
}

// The plan of a tiny fleet is the best layout that an order leads to, also where the best
// of all layouts is out of reach.
func TestTinyFleetsReachTheBestThatAnOrderLeadsTo(t *testing.T) {
	tried, apart := 0, 0
	for seed := range seeds(200) {
		inv := tight(seed)
		w := walk(inv, 3000)
		if w == nil {
			continue
		}
		tried++
		if best := tryAll(inv, 2000, 0); best != nil && best.worst < w.lowest-1e-9 {
			apart++
		}
		plan := optimize(t, inv, layout.Options{})
		checkSafe(t, seed, inv, plan, false)
		for _, v := range plan.Violations {
			t.Errorf("seed %d: %s", seed, v)
		}
		if got := plan.Promises.WorstSingle.Utilisation.Value; got > w.lowest+1e-9 {
			t.Errorf("seed %d: worst %v, an order leads to %v", seed, got, w.lowest)
		}
	}
	if tried < 100 || apart < 10 {
		t.Errorf("%d fleets, in %d of which the best is out of reach", tried, apart)
	}
}
