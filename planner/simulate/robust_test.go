package simulate_test

import (
	"fmt"
	"math"
	"slices"
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

// When all loads have grown as far as is said, the limit is reached and no other
// is passed.
func TestGrowthReachesTheFirstLimit(t *testing.T) {
	reached := 0
	eachFleet(func(name string, f *load.Fleet, l load.Layout) {
		got := simulate.New(f, l).Growth()
		limits := map[planner.Rule][]float64{} // value over limit
		note := func(rule planner.Rule, c load.Carried, down []bool, resources []int, limit func(inventory.Resource) float64) {
			for server := range down {
				for _, r := range resources {
					if !down[server] {
						limits[rule] = append(limits[rule], f.Utilisation(server, r, c.Amounts[server][r])/limit(f.Inventory.Resources[r]))
					}
				}
			}
		}
		note(planner.Ceiling, f.Carry(l, f.Down), f.Down, append(slices.Clone(f.Failover), f.Full...), func(r inventory.Resource) float64 { return r.Ceiling })
		for failing := range f.Down {
			if !f.Down[failing] {
				down := slices.Clone(f.Down)
				down[failing] = true
				note(planner.FailureCeiling, f.Carry(l, down), down, f.Failover, func(r inventory.Resource) float64 { return r.FailureCeiling.At(inventory.LevelServer) })
			}
		}
		most := 0.0
		for _, list := range limits {
			for _, v := range list {
				most = max(most, v)
			}
		}
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
	})
	if reached < 400 {
		t.Errorf("only %d fleets carry anything", reached)
	}
}
