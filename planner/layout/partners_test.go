package layout_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/fixtures"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/sharing"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/bounds"
	"github.com/interlacemail/interlace/planner/layout"
	"github.com/interlacemail/interlace/planner/load"
	"github.com/interlacemail/interlace/planner/rules"
)

// checkPartners fails if the plan passes the limit of partners and does not say so,
// or gives a server more that has too many today. It returns how many servers do
// pass it.
func checkPartners(t *testing.T, seed uint64, inv *inventory.Inventory, plan *planner.Layout, most int) int {
	t.Helper()
	said := 0
	for _, v := range plan.Violations {
		if v.Rule == planner.Scatter {
			said++
		}
	}
	largest := 0
	partners := partnersOf(plan.Target(inv))
	passed := 0
	for _, of := range partners {
		if largest = max(largest, len(of)); len(of) > most {
			passed++
		}
	}
	if largest != plan.Promises.PartnersMax {
		t.Errorf("seed %d: the most partners are %d, promised %d", seed, largest, plan.Promises.PartnersMax)
	}
	if said != passed {
		t.Errorf("seed %d: %d servers have more than %d partners, the plan says %d: %v", seed, passed, most, said, plan.Violations)
	}
	before, _, _ := rules.Check(context.Background(), inv, sharing.Groups(inv), rules.Options{Scatter: most})
	after, _, _ := rules.Check(context.Background(), plan.Target(inv), sharing.Groups(inv), rules.Options{From: inv, Scatter: most})
	for _, v := range rules.Worse(before, after) {
		if v.Rule == planner.Scatter {
			t.Errorf("seed %d: the plan makes it worse that %s", seed, v)
		}
	}
	return passed
}

// partnersOf returns the servers with which each server shares a store.
func partnersOf(inv *inventory.Inventory) map[inventory.ServerID]map[inventory.ServerID]bool {
	partners := map[inventory.ServerID]map[inventory.ServerID]bool{}
	for i := range inv.Stores {
		for _, a := range inv.Stores[i].Instances {
			for _, b := range inv.Stores[i].Instances {
				if a.Server == b.Server {
					continue
				}
				if partners[a.Server] == nil {
					partners[a.Server] = map[inventory.ServerID]bool{}
				}
				partners[a.Server][b.Server] = true
			}
		}
	}
	return partners
}

func TestTinyFleetsReachTheBestLayoutWithFewPartners(t *testing.T) {
	tried, binding := 0, 0
	for seed := range seeds(600) {
		inv := roomy(fixtures.Tiny(seed), float64(1+seed%4))
		most := 1 + int(seed/4%4/3)
		plan, err := layout.Optimize(context.Background(), inv, sharing.Groups(inv), layout.Options{Scatter: &most})
		if err != nil {
			continue // copies alone need more partners
		}
		checkPartners(t, seed, inv, plan, most)
		best := tryAll(inv, 2000, most)
		checkSafe(t, seed, inv, plan, true)
		if best == nil || !best.reachable || !plan.Bounds.WorstSingle.Known {
			continue
		}
		tried++
		if bound := plan.Bounds.WorstSingle.Value; bound > best.lowest {
			t.Errorf("seed %d: bound %v above the best of all layouts %v", seed, bound, best.lowest)
		}
		for _, v := range plan.Violations {
			if v.Rule != planner.Transient {
				t.Errorf("seed %d: %s, though some layout keeps every rule", seed, v)
			}
		}
		got := plan.Promises.WorstSingle.Utilisation.Value
		if difference := got - best.worst; difference < -1e-9 || difference > 1e-9 && !swells(inv) {
			t.Errorf("seed %d: worst %v, the best of all layouts has %v", seed, got, best.worst)
		}
		free := bounds.Enumerate(load.New(inv), bounds.EnumerateOptions{Protect: true, Reachable: true})
		if free.Worst.Value < best.worst-1e-9 {
			binding++
		}
	}
	if tried < 60 || binding < 3 {
		t.Fatalf("%d fleets tried, in %d of them the limit costs anything", tried, binding)
	}
}

func TestPlansKeepToFewPartners(t *testing.T) {
	for seed := range seeds(1) {
		for _, kind := range fixtures.Kinds() {
			for _, most := range []int{2, 5} {
				inv := fixtures.Fleet(seed, kind, fixtures.Size{Servers: 12, StoresPerServer: 5, Users: 500, Legal: true})
				inv = roomy(inv, 1.2)
				opts := layout.Options{Gap: 0.02, Seed: seed, Steps: 100, Scatter: &most}
				plan := optimize(t, inv, opts)
				checkSafe(t, seed, inv, plan, false)
				checkPartners(t, seed, inv, plan, most)
				for _, v := range plan.Violations {
					if v.Rule != planner.Transient {
						t.Errorf("seed %d, %s, %d partners: %s", seed, kind, most, v)
					}
				}
				if a, b := encode(t, plan), encode(t, optimize(t, inv, opts)); a != b {
					t.Errorf("seed %d, %s, %d partners: two runs give different plans", seed, kind, most)
				}
				again := optimize(t, plan.Target(inv), layout.Options{Gap: plan.Gap.WorstSingle.Value + 1e-9, Scatter: &most})
				if len(again.Changes) > 0 {
					t.Errorf("seed %d, %s, %d partners: a layout that has no more is changed %d times", seed, kind, most, len(again.Changes))
				}
			}
		}
	}
}

// With three instances a store all of them are partners of one another.
func TestThreeInstancesKeepToFewPartners(t *testing.T) {
	for seed := range seeds(3) {
		for _, most := range []int{2, 3, 5} {
			inv := roomy(fixtures.Fleet(seed, fixtures.Mixed, fixtures.Size{Servers: 15, StoresPerServer: 4, Users: -1, Legal: true}), 3)
			inv.Copies = 3
			plan := optimize(t, inv, layout.Options{Gap: 0.05, Steps: 100, Scatter: &most})
			checkPartners(t, seed, inv, plan, most)
			if len(plan.Violations) > 0 {
				t.Errorf("seed %d, %d partners: %v", seed, most, plan.Violations)
			}
		}
	}
}

// What cannot move keeps its partners, and the plan says where that are too many.
func TestPinnedPairsAreSaid(t *testing.T) {
	inv := roomy(fleet(), 2)
	most := 2
	partners := partnersOf(inv)
	var busiest inventory.ServerID
	for i := range inv.Servers {
		if name := inv.Servers[i].Name; len(partners[name]) > len(partners[busiest]) {
			busiest = name
		}
	}
	for i := range inv.Stores {
		inv.Stores[i].Pinned = inv.Stores[i].On(busiest) != nil
	}
	plan := optimize(t, inv, layout.Options{Gap: 0.1, Scatter: &most})
	if passed := checkPartners(t, 3, inv, plan, most); passed == 0 {
		t.Errorf("%s has %d partners with pinned stores, and no server passes %d", busiest, len(partners[busiest]), most)
	}
}

// A budget may end before the limit is kept. Nobody gets more partners then.
func TestBudgetsLeaveNobodyMorePartners(t *testing.T) {
	inv := roomy(fleet(), 2)
	most := 3
	free := optimize(t, inv, layout.Options{Gap: 0.1, Scatter: &most})
	for _, part := range []int64{0, 10, 50, 90} {
		bytes := free.BytesCopied * part / 100
		plan := optimize(t, inv, layout.Options{Gap: 0.1, Scatter: &most, MaxBytes: &bytes})
		if plan.BytesCopied > bytes {
			t.Errorf("%d bytes copied, %d allowed", plan.BytesCopied, bytes)
		}
		checkPartners(t, 3, inv, plan, most)
	}
}

// Stores that are limited to a site find partners there.
func TestLimitedStoresHavePartners(t *testing.T) {
	inv := roomy(fleet(), 3)
	inv.Spread = nil
	two := []inventory.DomainID{inventory.DomainID(inv.Servers[0].Name), inventory.DomainID(inv.Servers[9].Name)}
	for i := range 3 {
		inv.Stores[i].Only = map[inventory.Level][]inventory.DomainID{inventory.LevelServer: two}
	}
	most := 2
	plan := optimize(t, inv, layout.Options{Gap: 0.1, Scatter: &most})
	checkPartners(t, 3, inv, plan, most)
	if len(plan.Violations) > 0 {
		t.Errorf("violations: %v", plan.Violations)
	}
}

func TestDrainedServersLeaveTheirPartners(t *testing.T) {
	inv := roomy(fleet(), 3)
	most := 3
	rack := inv.Servers[0].Domain("rack").String()
	start := optimize(t, inv, layout.Options{Gap: 0.1, Scatter: &most}).Target(inv)
	plan := optimize(t, start, layout.Options{Gap: 0.2, Scatter: &most, Drain: []planner.Subject{planner.Subject(rack)}})
	checkPartners(t, 3, start, plan, most)
	if len(plan.Violations) > 0 {
		t.Errorf("violations: %v", plan.Violations)
	}
}

func TestTooFewPartnersForTheCopiesAreRefused(t *testing.T) {
	inv := fleet()
	inv.Stores[2].Copies, inv.Stores[7].Copies = 3, 4
	most := 1
	_, err := layout.Optimize(context.Background(), inv, sharing.Groups(inv), layout.Options{Scatter: &most})
	names := []string{string(inv.Stores[2].Name), string(inv.Stores[7].Name)}
	if err == nil || slices.ContainsFunc(names, func(name string) bool { return !strings.Contains(err.Error(), name) }) {
		t.Errorf("error %v", err)
	}
}

// Servers and stores that are all alike: with as many partners as divide the stores
// of a server evenly the circulant is at the bound, and takes no more pairs.
func TestAlikeServersAreAtTheBoundWithFewPartners(t *testing.T) {
	inv := fixtures.Fleet(1, fixtures.Equal, fixtures.Size{Servers: 40, StoresPerServer: 12, Users: -1, Start: fixtures.MirroredByHand, Legal: true})
	for _, most := range []int{2, 4, 6, 12} {
		plan := optimize(t, inv, layout.Options{Scatter: &most})
		if plan.Stopped != planner.AtBound || plan.Promises.PartnersMax != most {
			t.Errorf("%d partners: stopped %s, gap %v, %d partners", most, plan.Stopped, plan.Gap.WorstSingle, plan.Promises.PartnersMax)
		}
	}
}

// The same where the numbers are odd: of partners, and of servers too. Then some
// serve more stores than others, and each has partners of both kinds.
func TestOddNumbersOfPartnersAreAtTheBound(t *testing.T) {
	for _, c := range []struct{ servers, stores, most int }{{40, 9, 3}, {40, 9, 7}, {41, 9, 7}} {
		inv := fixtures.Fleet(1, fixtures.Equal, fixtures.Size{Servers: c.servers, StoresPerServer: c.stores, Users: -1, Start: fixtures.MirroredByHand, Legal: true})
		plan := optimize(t, inv, layout.Options{Scatter: &c.most})
		checkPartners(t, 1, inv, plan, c.most)
		if plan.Stopped != planner.AtBound {
			t.Errorf("%d servers, %d partners: stopped %s, gap %v", c.servers, c.most, plan.Stopped, plan.Gap.WorstSingle)
		}
	}
}
