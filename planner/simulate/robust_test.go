package simulate_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/fixtures"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/load"
	"github.com/interlacemail/interlace/planner/simulate"
)

// weights returns what each store weighs on the server while some are down.
func weights(f *load.Fleet, l load.Layout, server int32, down []bool) []inventory.Amounts {
	list := make([]inventory.Amounts, len(l))
	for store, sites := range l {
		served := false
		for _, site := range sites {
			if down[site] {
				continue
			}
			if site == server && !served {
				list[store].Add(&f.Active[store])
			} else if site == server {
				list[store].Add(&f.Passive[store])
			}
			served = true
		}
	}
	return list
}

// robust computes the Γ-robust worst failure from its definition.
func robust(f *load.Fleet, l load.Layout, deviation float64, stores int) (worst float64, known bool) {
	for failing := range f.Down {
		if f.Down[failing] {
			continue
		}
		down := slices.Clone(f.Down)
		down[failing] = true
		for server := range down {
			if down[server] {
				continue
			}
			all := weights(f, l, int32(server), down)
			for _, r := range f.Failover {
				sum, deviations := int64(0), []int64{}
				for store := range all {
					sum += all[store][r]
					deviations = append(deviations, inventory.Times(all[store][r], deviation))
				}
				slices.Sort(deviations)
				for _, d := range deviations[max(0, len(deviations)-stores):] {
					sum += d
				}
				worst, known = max(worst, f.Utilisation(server, r, sum)), true
			}
		}
	}
	return worst, known
}

func eachFleet(try func(name string, f *load.Fleet, l load.Layout)) {
	for seed := range uint64(500) {
		f := load.New(fixtures.Tiny(seed))
		try(fmt.Sprint("tiny ", seed), f, f.Current())
	}
	for seed := range uint64(3) {
		for _, kind := range fixtures.Kinds() {
			inv := fixtures.Fleet(seed, kind, fixtures.Size{Servers: 12, StoresPerServer: 3, Users: 300})
			inv.Servers[seed].State = inventory.Down
			f := load.New(inv)
			try(fmt.Sprint(kind, seed), f, f.Current())
			try(fmt.Sprint(kind, seed, " thrown about"), f, thrown(seed, f))
		}
	}
}

func TestRobustIsItsDefinition(t *testing.T) {
	eachFleet(func(name string, f *load.Fleet, l load.Layout) {
		s := simulate.New(f, l)
		for _, stores := range []int{0, 1, 3, 1000} {
			want, known := robust(f, l, 0.2, stores)
			got := s.Robust(0.2, stores)
			if got.Utilisation.Known != known || got.Utilisation.Value != want {
				t.Errorf("%s: Γ = %d: %+v, want %v", name, stores, got, want)
			}
			if stores == 0 && got.Utilisation != s.Worst(0).Utilisation {
				t.Errorf("%s: Γ = 0 is %v, the worst single failure %v", name, got.Utilisation, s.Worst(0).Utilisation)
			}
		}
	})
}

// growthLimits returns what each server is at in the normal state, and after the
// failure of each domain that the fleet is to survive, in parts of its ceiling, from
// the definition.
func growthLimits(f *load.Fleet, l load.Layout) []float64 {
	var parts []float64
	note := func(down []bool, resources []int, limit func(inventory.Resource) float64) {
		c := f.Carry(l, down)
		for server := range down {
			for _, r := range resources {
				if !down[server] {
					parts = append(parts, f.Utilisation(server, r, c.Amounts[server][r])/limit(f.Inventory.Resources[r]))
				}
			}
		}
	}
	note(f.Down, append(slices.Clone(f.Failover), f.Full...), func(r inventory.Resource) float64 { return r.Ceiling })
	for _, level := range f.Inventory.Survive {
		for i := range f.Down {
			if f.Down[i] {
				continue
			}
			down := slices.Clone(f.Down)
			for k := range down {
				down[k] = down[k] || f.Inventory.Servers[k].Domain(level) == f.Inventory.Servers[i].Domain(level)
			}
			note(down, f.Failover, func(r inventory.Resource) float64 { return r.FailureCeiling.At(level) })
		}
	}
	return parts
}

func firstGrowth(s *simulate.Simulator) planner.Growth {
	normal, failure := s.NormalGrowth(), s.FailureGrowth()
	if failure.Before(&normal) {
		return failure
	}
	return normal
}

// When all loads have grown as far as is said, the limit is reached and no other
// is passed.
func TestGrowthReachesTheFirstLimit(t *testing.T) {
	reached, ofDomains := 0, 0
	eachFleet(func(name string, f *load.Fleet, l load.Layout) {
		got := firstGrowth(simulate.New(f, l))
		most := slices.Max(append(growthLimits(f, l), 0))
		if most == 0 {
			if got.Growth.Known {
				t.Errorf("%s: without load: %+v", name, got)
			}
			return
		}
		reached++
		if math.Abs((got.Growth.Value+1)*most-1) > 1e-12 || math.Abs((got.Growth.Value+1)*got.Value.Value-got.Limit.Value) > 1e-12 {
			t.Errorf("%s: %+v, but the nearest limit is reached to %v", name, got, most)
		}
		if (got.Rule == planner.Text(planner.FailureCeiling)) != (len(got.Failed) == 1) {
			t.Errorf("%s: %s with the failure of %v", name, got.Rule, got.Failed)
		}
		if len(got.Failed) == 1 && !strings.HasPrefix(got.Failed[0], "server:") {
			ofDomains++
		}
	})
	if reached < 400 || ofDomains < 5 {
		t.Errorf("only %d fleets carry anything, and in %d a domain is what limits growth", reached, ofDomains)
	}
}

// A disk at its ceiling says nothing of how far failures are from theirs.
func TestGrowthWithAFailureIsToldBesideAFullDisk(t *testing.T) {
	inv := fixtures.Fleet(1, fixtures.Mixed, fixtures.Size{Servers: 8, StoresPerServer: 4})
	f := load.New(inv)
	s := simulate.New(f, f.Current())
	before := s.FailureGrowth()
	inv.Resources[0].Ceiling = s.Promises().Fullest.Utilisation.Value
	if g := s.NormalGrowth(); math.Abs(g.Growth.Value) > 1e-6 || g.Resource != "disk" || len(g.Failed) > 0 {
		t.Errorf("the disk is full, but %+v", g)
	}
	if g := s.FailureGrowth(); g.Growth != before.Growth || len(g.Failed) != 1 || g.Growth.Value == 0 {
		t.Errorf("failures allow %+v, before %+v", g, before)
	}
}

// The failure of rack ra leaves one server, at 80 %: loads that are a quarter more
// fill it.
func TestGrowthOfAFleetThatSurvivesRacks(t *testing.T) {
	for _, c := range []struct {
		name    string
		ceiling inventory.FailureCeiling
		survive []inventory.Level
		growth  float64
		failed  string
	}{
		{"servers only", inventory.FailureCeiling{Default: 1}, []inventory.Level{"server"}, 1/0.65 - 1, "server:a1"},
		{"racks too", inventory.FailureCeiling{Default: 1}, []inventory.Level{"server", "rack"}, 0.25, "rack:ra"},
		{"a ceiling of racks", inventory.FailureCeiling{Default: 1, ByLevel: map[inventory.Level]float64{"rack": 1.2}}, []inventory.Level{"server", "rack"}, 0.5, "rack:ra"},
		{"racks only", inventory.FailureCeiling{Default: 1}, []inventory.Level{"rack"}, 0.25, "rack:ra"},
	} {
		inv := inventory.New()
		inv.Survive = c.survive
		for i := range inv.Resources {
			inv.Resources[i].FailureCeiling = c.ceiling
		}
		for _, of := range []string{"a1", "a2", "b1"} {
			inv.Servers = append(inv.Servers, inventory.Server{
				Name: inventory.ServerID(of), State: inventory.Active, Slots: inventory.Unlimited,
				Capacity: inventory.Load{1e12, 100}, Domains: map[inventory.Level]inventory.DomainID{"rack": inventory.DomainID("r" + of[:1])},
			})
		}
		for i, on := range [][2]inventory.ServerID{{"a1", "b1"}, {"a2", "b1"}, {"b1", "a1"}} {
			name := inventory.StoreID(rune('p' + i))
			inv.Stores = append(inv.Stores, inventory.Store{Name: name, State: inventory.Active, Base: inventory.Load{1, []float64{30, 30, 20}[i]}, Instances: []inventory.Instance{{Server: on[0]}, {Server: on[1]}}})
		}
		f := load.New(inv)
		got := simulate.New(f, f.Current()).FailureGrowth()
		if math.Abs(got.Growth.Value-c.growth) > 1e-9 || !slices.Equal(got.Failed, []string{c.failed}) {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}
