package rules_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/fixtures"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/sharing"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/rules"
)

// The rules look only at the stores that a failure touches. Adding up the whole
// fleet anew for every failure must find the same, in the same order.
func TestCeilingsAsIfAllWereAddedUpForEveryFailure(t *testing.T) {
	found := 0
	compare := func(name string, inv *inventory.Inventory) {
		want := denseCeilings(inv)
		got := slices.DeleteFunc(check(inv, nil), func(v planner.Violation) bool {
			return v.Rule != planner.Ceiling && v.Rule != planner.FailureCeiling
		})
		if len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
		found += len(want)
	}
	for seed := range uint64(600) {
		inv := fixtures.Tiny(seed)
		compare(fmt.Sprint("tiny ", seed), inv)
		strain(inv, seed)
		compare(fmt.Sprint("strained tiny ", seed), inv)
	}
	for seed := range uint64(3) {
		for _, kind := range fixtures.Kinds() {
			for _, start := range []fixtures.Start{fixtures.GrownUnevenly, fixtures.MirroredByHand} {
				inv := fixtures.Fleet(seed, kind, fixtures.Size{Servers: 12, StoresPerServer: 3, Users: 200, Start: start})
				compare(fmt.Sprint(kind, start, seed), inv)
				strain(inv, seed)
				compare(fmt.Sprint("strained ", kind, start, seed), inv)
			}
		}
	}
	if found < 3000 {
		t.Errorf("only %d ceilings are passed in all fleets", found)
	}
}

// strain lowers the failure ceilings of a fleet until servers pass them in the
// normal state already, asks it to survive everything, and takes a server down.
func strain(inv *inventory.Inventory, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 1))
	inv.Survive = append([]inventory.Level{inventory.LevelServer, "unlabelled"}, inv.Levels()...)
	for r := range inv.Resources {
		inv.Resources[r].FailureCeiling = inventory.FailureCeiling{
			Default: rng.Float64(), ByLevel: map[inventory.Level]float64{inventory.LevelServer: rng.Float64() / 2},
		}
	}
	inv.Servers[rng.IntN(len(inv.Servers))].State = inventory.Down
}

// denseCeilings states ceiling and failure_ceiling with sums over the whole
// fleet for every failure.
func denseCeilings(inv *inventory.Inventory) []planner.Violation {
	d := &dense{inv: inv, scale: inventory.NewScale(inv)}
	d.loads = inv.StoreLoads(&d.scale)
	broken := bySubjectName(d.passed(inventory.FailureDomain{}, "", nil))
	var after []planner.Violation
	for _, level := range inv.Survive {
		var worst []planner.Violation
		seen := map[inventory.FailureDomain]bool{}
		for i := range inv.Servers {
			domain := inv.Servers[i].Domain(level)
			if inv.Servers[i].State != inventory.Down && !seen[domain] {
				seen[domain] = true
				worst = d.passed(domain, level, worst)
			}
		}
		slices.SortFunc(worst, d.byPlace)
		after = append(after, worst...)
	}
	return append(broken, bySubjectName(after)...)
}

type dense struct {
	inv   *inventory.Inventory
	scale inventory.Scale
	loads []inventory.Amounts
}

// passed adds to worst the ceilings that are passed while the domain fails, or
// now if it is none, where that is worse than what is there.
func (d *dense) passed(domain inventory.FailureDomain, level inventory.Level, worst []planner.Violation) []planner.Violation {
	failed := map[inventory.ServerID]bool{}
	for i := range d.inv.Servers {
		server := &d.inv.Servers[i]
		failed[server.Name] = server.State == inventory.Down || server.Domain(level) == domain
	}
	carried := d.carried(failed)
	for i := range d.inv.Servers {
		server := &d.inv.Servers[i]
		for r, res := range d.inv.Resources {
			v := planner.Violation{
				Rule: planner.Ceiling, Subject: planner.ServerSubject(server.Name), Server: planner.Text(server.Name), Resource: planner.Text(res.Name),
				Failed: []string{}, Limit: planner.Known(res.Ceiling),
				Value: planner.Known(float64(carried[server.Name][r]) / d.scale.Quanta(r, server.Capacity[r])),
			}
			if level != "" {
				v.Rule, v.Failed, v.Limit = planner.FailureCeiling, []string{domain.String()}, planner.Known(res.FailureCeiling.At(level))
			}
			if failed[server.Name] || v.Excess() <= 0 || level != "" && !res.Failover() {
				continue
			}
			at := slices.IndexFunc(worst, func(w planner.Violation) bool { return w.Subject == v.Subject && w.Resource == v.Resource })
			if at < 0 {
				worst = append(worst, v)
			} else if v.Value.Value > worst[at].Value.Value {
				worst[at] = v
			}
		}
	}
	return worst
}

// carried returns what each server carries: the first instance of each store
// that has not failed L, its others ρ·L.
func (d *dense) carried(failed map[inventory.ServerID]bool) map[inventory.ServerID]inventory.Amounts {
	carried := map[inventory.ServerID]inventory.Amounts{}
	for i := range d.inv.Stores {
		serving := false
		for _, in := range d.inv.Stores[i].Instances {
			if failed[in.Server] {
				continue
			}
			sum := carried[in.Server]
			for r, res := range d.inv.Resources {
				if serving {
					sum[r] += inventory.Times(d.loads[i][r], res.Replica)
				} else {
					sum[r] += d.loads[i][r]
				}
			}
			carried[in.Server] = sum
			serving = true
		}
	}
	return carried
}

func (d *dense) byPlace(a, b planner.Violation) int {
	if a.Subject != b.Subject {
		return strings.Compare(string(a.Subject), string(b.Subject))
	}
	return d.inv.Resource(inventory.ResourceID(a.Resource)) - d.inv.Resource(inventory.ResourceID(b.Resource))
}

func bySubjectName(list []planner.Violation) []planner.Violation {
	slices.SortStableFunc(list, func(a, b planner.Violation) int { return strings.Compare(string(a.Subject), string(b.Subject)) })
	return list
}

// An interrupted check says so rather than what little it has found.
func TestInterruptedCheckKnowsNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	inv := sound()
	inv.Servers[0].Slots = 0
	violations, warnings, err := rules.Check(ctx, inv, sharing.Groups(inv), rules.Options{})
	if err == nil || violations != nil || warnings != nil {
		t.Errorf("got %v, %v and error %v", violations, warnings, err)
	}
}
