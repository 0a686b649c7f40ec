package durability_test

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/interlacemail/interlace/fixtures"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/durability"
	"github.com/interlacemail/interlace/planner/load"
)

// estimates returns all estimates of a simulation by name.
func estimates(y *planner.Years) map[string]planner.Estimate {
	all := map[string]planner.Estimate{"availability": y.Availability}
	for name, part := range map[string]any{"offline": y.Offline, "doubled": y.Doubled, "failover": y.Failover} {
		v := reflect.ValueOf(part)
		for i := range v.NumField() {
			if e, ok := v.Field(i).Interface().(planner.Estimate); ok {
				all[name+"."+v.Type().Field(i).Name] = e
			}
		}
	}
	return all
}

// agrees reports whether the analytic value lies inside the 95 % interval.
func agrees(e planner.Estimate) bool {
	return e.Low.Known && e.Low.Value <= e.Analytic.Value && e.Analytic.Value <= e.High.Value
}

// world is a fleet and what is assumed of it.
type world struct {
	name     string
	fleet    *load.Fleet
	layout   load.Layout
	assume   planner.Assumptions
	failures int
}

// worlds returns fleets of all kinds: large and small, with domains that stores
// spread over and domains that they share, with three copies, with stores
// without a replica, with servers that are down, and with rates so low that
// failures hardly ever coincide.
func worlds() []world {
	var list []world
	add := func(name string, failures int, inv *inventory.Inventory, change func(*planner.Assumptions)) {
		f := load.New(inv)
		a := durability.DefaultAssumptions(inv.Levels())
		change(&a)
		list = append(list, world{name, f, f.Current(), a, failures})
	}
	same := func(*planner.Assumptions) {}
	add("50 servers", 30_000, fixtures.Fleet(1, fixtures.Mixed, fixtures.Size{}), same)
	add("50 servers, legal", 30_000, fixtures.Fleet(1, fixtures.Mixed, fixtures.Size{Legal: true}), same)
	add("equal, mirrored", 10_000, fixtures.Fleet(1, fixtures.Equal, fixtures.Size{Servers: 12, Legal: true, Start: fixtures.MirroredByHand}), same)
	add("6 servers, rare", 10_000, fixtures.Fleet(2, fixtures.Lognormal, fixtures.Size{Servers: 6, StoresPerServer: 4, Legal: true}), func(a *planner.Assumptions) {
		a.OutagesPerYear, a.OutageHours, a.LossesPerYear, a.ReplaceHours = 0.1, 0.1, 0.001, 1
	})
	add("20 servers, often", 50_000, fixtures.Fleet(3, fixtures.Mixed, fixtures.Size{Servers: 20, StoresPerServer: 5}), func(a *planner.Assumptions) {
		a.OutagesPerYear, a.OutageHours, a.LossesPerYear = 20, 20, 1
	})
	add("three copies", 20_000, thirdCopies(fixtures.Fleet(4, fixtures.Mixed, fixtures.Size{Servers: 20, StoresPerServer: 5})), same)
	return list
}

// thirdCopies gives every other store one more replica and puts all servers in
// two sites; one store loses its replica, and one server is down.
func thirdCopies(inv *inventory.Inventory) *inventory.Inventory {
	for i := range inv.Servers {
		s := &inv.Servers[i]
		s.Domains = maps.Clone(s.Domains)
		s.Domains["site"] = inventory.DomainID(fmt.Sprint("s", i%2))
	}
	inv.Servers[3].State = inventory.Down
	for i := range inv.Stores {
		st := &inv.Stores[i]
		if len(st.Instances) < 2 || i%2 == 0 {
			continue
		}
		for k := range inv.Servers {
			if name := inv.Servers[(i+k)%len(inv.Servers)].Name; st.On(name) == nil {
				st.Instances = append(st.Instances, inventory.Instance{Server: name, Role: inventory.Replica})
				break
			}
		}
	}
	inv.Stores[0].Instances = inv.Stores[0].Instances[:1]
	return inv
}

// coverage counts in how many of the seeds the analytic value lies inside the
// 95 % interval, by figure.
func coverage(t testing.TB, w world, seeds, strikes int) map[string]int {
	t.Helper()
	inside := map[string]int{}
	for seed := range seeds {
		y := durability.Simulate(context.Background(), w.fleet, w.layout, durability.Options{
			Seed: uint64(seed + 1), Years: 1, Assumptions: w.assume, Failures: w.failures, Strikes: strikes,
		})
		for name, e := range estimates(y) {
			if agrees(e) {
				inside[name]++
			} else {
				inside[name] += 0
			}
		}
	}
	return inside
}

func BenchmarkCoverage(b *testing.B) {
	const seeds = 200
	for _, w := range worlds() {
		b.Run(w.name, func(b *testing.B) {
			for b.Loop() {
				inside := coverage(b, w, seeds, 0)
				sum := 0
				for _, name := range slices.Sorted(maps.Keys(inside)) {
					sum += inside[name]
					b.Logf("%-28s %5.1f %%", name, 100*float64(inside[name])/seeds)
				}
				b.ReportMetric(100*float64(sum)/float64(seeds*len(inside)), "%inside")
			}
		})
	}
}
