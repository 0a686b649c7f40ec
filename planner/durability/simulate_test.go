package durability_test

import (
	"context"
	"fmt"
	"maps"
	"math"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/fixtures"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/durability"
	"github.com/interlacemail/interlace/planner/load"
)

// TestIntervalsHoldTheAnalyticValue draws every world with some seeds. The 95 %
// intervals must hold the analytic value about that often in all, and no figure
// may be left out of them much more often.
func TestIntervalsHoldTheAnalyticValue(t *testing.T) {
	const seeds = 20
	inside, all := 0, 0
	for _, w := range worlds() {
		w.failures /= 5
		for name, n := range coverage(t, w, seeds, 6_400) {
			inside, all = inside+n, all+seeds
			if n < 15 {
				t.Errorf("%s: %s inside its interval in %d of %d seeds", w.name, name, n, seeds)
			}
		}
	}
	if part := float64(inside) / float64(all); part < 0.93 || part > 0.98 {
		t.Errorf("%.1f %% of the 95 %% intervals hold the analytic value", 100*part)
	}
}

// TestIntervalsShutOutWrongValues moves the analytic values by a tenth: hardly
// any interval may hold them, or it says nothing.
func TestIntervalsShutOutWrongValues(t *testing.T) {
	held, all := 0, 0
	for _, w := range worlds() {
		y := simulated(w.fleet, w.assume, 200_000)
		for name, e := range estimates(y) {
			if name == "availability" || !e.Simulated.Known {
				continue
			}
			all++
			for _, wrong := range []float64{0.9, 1.1} {
				e.Analytic.Value *= wrong
				if agrees(e) {
					held++
				}
				e.Analytic.Value /= wrong
			}
		}
	}
	if all < 60 || held > all/20 {
		t.Errorf("%d intervals of %d figures hold values that are a tenth off", held, all)
	}
}

// TestPlainAndForcedSamplingAgree simulates the same fleet with so few failures
// that all figures are drawn by force, and with so many that none is.
func TestPlainAndForcedSamplingAgree(t *testing.T) {
	w := worlds()[3]
	for _, x := range worlds() {
		if x.name == "20 servers, often" {
			w = x
		}
	}
	plain, forced := estimates(simulated(w.fleet, w.assume, 3_000_000)), estimates(simulated(w.fleet, w.assume, 100))
	for _, name := range slices.Sorted(maps.Keys(plain)) {
		p, f := plain[name], forced[name]
		if p.Sampling != planner.Plain || f.Sampling != planner.Forced {
			t.Errorf("%s: drawn %s and %s", name, p.Sampling, f.Sampling)
		}
		if apart := math.Abs(p.Simulated.Value - f.Simulated.Value); apart > 4*math.Hypot(p.StandardError.Value, f.StandardError.Value) {
			t.Errorf("%s: plain %v ± %v, forced %v ± %v", name, p.Simulated.Value, p.StandardError.Value, f.Simulated.Value, f.StandardError.Value)
		}
	}
}

func TestTheResultDoesNotDependOnTheProcessors(t *testing.T) {
	w := worlds()[0]
	many := simulated(w.fleet, w.assume, 50_000)
	before := runtime.GOMAXPROCS(1)
	one := simulated(w.fleet, w.assume, 50_000)
	runtime.GOMAXPROCS(before)
	if !reflect.DeepEqual(many, one) {
		t.Errorf("one processor found\n%+v, several\n%+v", one, many)
	}
	other := durability.Simulate(context.Background(), w.fleet, w.layout, durability.Options{Seed: 2, Years: 1, Assumptions: w.assume, Failures: 50_000})
	if reflect.DeepEqual(many.Offline, other.Offline) {
		t.Error("another seed found the same")
	}
}

// TestAnyFleetHasSoundFigures plays tiny fleets that may have anything, with
// rates that may be nothing or extreme.
func TestAnyFleetHasSoundFigures(t *testing.T) {
	rates := []func(*planner.Assumptions){
		func(*planner.Assumptions) {},
		func(a *planner.Assumptions) { *a = planner.Assumptions{} },
		func(a *planner.Assumptions) { a.LossesPerYear = 0 },
		func(a *planner.Assumptions) { a.OutagesPerYear, a.Domains = 0, nil },
		func(a *planner.Assumptions) {
			a.OutagesPerYear, a.OutageHours, a.LossesPerYear = 10_000, 100_000, 10_000
		},
		func(a *planner.Assumptions) {
			a.ReplaceHours, a.OutageHours, a.LagSeconds, a.ChangedPerDay = 0, 0, 0, 0
		},
	}
	for seed := range uint64(60) {
		inv := fixtures.Tiny(seed)
		f := load.New(inv)
		a := durability.DefaultAssumptions(inv.Levels())
		rates[seed%uint64(len(rates))](&a)
		y := simulated(f, a, 2000)
		for name, e := range estimates(y) {
			for _, n := range []planner.Number{e.Analytic, e.Simulated, e.StandardError, e.Low, e.High} {
				if math.IsNaN(n.Value) || math.IsInf(n.Value, 0) || n.Value < 0 {
					t.Errorf("seed %d: %s is %+v", seed, name, e)
					break
				}
			}
			if e.Low.Known && !(e.Low.Value <= e.Simulated.Value && e.Simulated.Value <= e.High.Value) {
				t.Errorf("seed %d: %s is not in its own interval: %+v", seed, name, e)
			}
		}
		if a := y.Availability; a.Analytic.Value > 1 || a.High.Value > 1 {
			t.Errorf("seed %d: availability %+v", seed, a)
		}
		if y.Doubled.Chance.Value > 1 {
			t.Errorf("seed %d: chance %v", seed, y.Doubled.Chance.Value)
		}
	}
}

// TestServersThatAreDownDoNotCount compares a fleet with the same fleet without
// the server that is down.
func TestServersThatAreDownDoNotCount(t *testing.T) {
	with := build(t, 1e9, []string{"a", "b", "c down"}, []string{"a c", "a b c", "c"})
	without := build(t, 1e9, []string{"a", "b"}, []string{"a", "a b"})
	a := durability.DefaultAssumptions(nil)
	if x, y := simulated(with, a, 1000), simulated(without, a, 1000); !reflect.DeepEqual(x, y) {
		t.Errorf("with the server that is down\n%+v, without it\n%+v", x, y)
	}
}

// TestFailoverLossIsWhatWasWrittenWithinTheLag does the sum by hand: two servers,
// each the master of a store of 864 GB, one percent of which is written in a day.
func TestFailoverLossIsWhatWasWrittenWithinTheLag(t *testing.T) {
	f := build(t, 864e9, []string{"a", "b"}, []string{"a b", "b a"})
	a := planner.Assumptions{LossesPerYear: 0.001, LagSeconds: 50, ChangedPerDay: 0.01}
	y := simulated(f, a, 1000)
	if got, want := y.Failover.BytesEach.Analytic.Value, 100_000.0*50; math.Abs(got-want) > 1e-6*want {
		t.Errorf("a failover loses %v bytes, want %v", got, want)
	}
	if got := y.Failover.StoresPerYear.Analytic.Value; math.Abs(got-0.002) > 1e-5 {
		t.Errorf("%v stores a year lose what was last written, want 0.002", got)
	}
}

func TestWindows(t *testing.T) {
	const gb = 1e9 / 1e6 / 3600 / hoursPerYear // years that a GB takes at a million bytes a second
	wait := 1 / hoursPerYear
	cases := []struct {
		name    string
		size    float64
		servers []string
		change  func(*inventory.Inventory)
		stores  []string
		want    map[string]float64
	}{
		{"one store, both ways", 1e9, []string{"a", "b"}, nil, []string{"a b"}, map[string]float64{"a A": gb, "b A": gb}},
		{"one after the other", 1e9, []string{"a", "b"}, nil, []string{"a b", "a b"}, map[string]float64{"a A": gb, "a B": 2 * gb}},
		{"the larger partner first", 1e9, []string{"a", "b", "c"}, nil, []string{"a b", "a c", "a c"}, map[string]float64{"a B": gb, "a C": 2 * gb, "a A": 3 * gb, "b A": gb}},
		{"fewest copies first", 1e9, []string{"a", "b", "c"}, nil, []string{"a b c", "a c"}, map[string]float64{"a B": gb, "a A": 2 * gb}},
		{"no replica", 1e9, []string{"a"}, nil, []string{"a"}, map[string]float64{"a A": gb}},
		{"two transfers at half the speed", 1e9, []string{"a", "b"}, func(inv *inventory.Inventory) {
			inv.Servers[0].Transfers = 2
		}, []string{"a b", "a b", "a b"}, map[string]float64{"a A": 2 * gb, "a B": 2 * gb, "a C": 4 * gb}},
		{"the slower end decides", 1e9, []string{"a", "b"}, func(inv *inventory.Inventory) {
			inv.Servers[1].Bandwidth = 250_000
		}, []string{"a b"}, map[string]float64{"a A": 4 * gb, "b A": 4 * gb}},
		{"nothing to seed", 0, []string{"a", "b"}, nil, []string{"a b"}, map[string]float64{"a A": 0}},
	}
	for _, c := range cases {
		f := build(t, c.size, c.servers, c.stores)
		if c.change != nil {
			c.change(f.Inventory)
		}
		got := durability.Windows(f, f.Current(), planner.Assumptions{ReplaceHours: 1})
		for name, want := range c.want {
			if math.Abs(got[name]-want-wait) > 1e-9*(want+wait) {
				t.Errorf("%s: %s is missing for %v hours, want %v", c.name, name, got[name]*hoursPerYear, (want+wait)*hoursPerYear)
			}
		}
	}
}

// TestStrikesOnWhatHasFailedAreCountedToo has servers that are away nearly all the
// time: hardly any of the failures that are drawn strikes one that is there.
func TestStrikesOnWhatHasFailedAreCountedToo(t *testing.T) {
	f := build(t, 1e9, []string{"a", "b"}, []string{"a b"})
	a := planner.Assumptions{OutagesPerYear: 10_000, OutageHours: 100_000}
	y := simulated(f, a, 0)
	if drawn := y.YearsSimulated * 2 * a.OutagesPerYear; drawn > 20_000_001 || y.YearsSimulated < 900 {
		t.Errorf("%.0f failures are drawn in %v years to see %d", drawn, y.YearsSimulated, y.Failures)
	}
	if got := y.Availability; got.Analytic.Value > 0.001 || !agrees(got) {
		t.Errorf("availability %+v", got)
	}
}

func TestAnInterruptEndsTheSimulation(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	w := worlds()[0]
	y := durability.Simulate(ctx, w.fleet, w.layout, durability.Options{Seed: 1, Years: 1, Assumptions: w.assume})
	if y.Failures > 1000 || y.Strikes > 1000 {
		t.Errorf("%d failures after the interrupt", y.Failures+y.Strikes)
	}
}

// TestADomainThatIsBackAtOnceTakesStoresOffline does the sum by hand: three times
// a year the rack takes both servers away, for no time.
func TestADomainThatIsBackAtOnceTakesStoresOffline(t *testing.T) {
	f := build(t, 0, []string{"a rack=r", "b rack=r"}, []string{"a b"})
	a := planner.Assumptions{OutagesPerYear: 0.01, OutageHours: 4, Domains: map[inventory.Level]planner.DomainOutages{"rack": {OutagesPerYear: 3}}}
	y := simulated(f, a, 1000)
	if got := y.Offline.StoresEach.Analytic.Value * y.Offline.OccasionsPerYear.Analytic.Value; math.Abs(got-3) > 1e-4 {
		t.Errorf("the store goes offline %v times a year, want 3", got)
	}
	if got := y.Offline.HoursEach.Analytic.Value; got > 1e-6 {
		t.Errorf("it is offline for %v hours each time, want hardly any", got)
	}
}

// TestLevelsThatHoldTheSameServersActAsOne plays many levels of one domain each,
// and one level whose domain fails as often as all of them together.
func TestLevelsThatHoldTheSameServersActAsOne(t *testing.T) {
	const levels, rate, hours = 40, 0.1, 2
	a := durability.DefaultAssumptions(nil)
	servers := []string{"a", "b", "c"}
	for i := range levels {
		level := inventory.Level(fmt.Sprint("l", i))
		a.Domains[level] = planner.DomainOutages{OutagesPerYear: rate, OutageHours: hours}
		for s := range servers {
			servers[s] += fmt.Sprintf(" %s=x", level)
		}
	}
	many := simulated(build(t, 0, servers, []string{"a b", "c b a"}), a, 1000)

	well := math.Pow(1+rate*hours/hoursPerYear, -levels)
	a.Domains = map[inventory.Level]planner.DomainOutages{"l": {OutagesPerYear: levels * rate, OutageHours: (1/well - 1) / (levels * rate) * hoursPerYear}}
	one := simulated(build(t, 0, []string{"a l=x", "b l=x", "c l=x"}, []string{"a b", "c b a"}), a, 1000)
	for name, pair := range map[string][2]planner.Estimate{
		"stores": {many.Offline.Stores, one.Offline.Stores}, "hours": {many.Offline.HoursEach, one.Offline.HoursEach},
		"failovers": {many.Failover.StoresPerYear, one.Failover.StoresPerYear},
	} {
		if got, want := pair[0].Analytic.Value, pair[1].Analytic.Value; math.Abs(got-want) > 1e-9*want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

// TestOccasionsLieBetweenOneStoreAndAll has a server whose copies take centuries
// to seed beside one that is never long without them: what is there in the mean
// says nothing of either.
func TestOccasionsLieBetweenOneStoreAndAll(t *testing.T) {
	f := build(t, 1e12, []string{"a", "b", "c"}, []string{"c b", "b a"})
	f.Inventory.Servers[0].Bandwidth, f.Inventory.Servers[1].Transfers = 1, 2
	y := simulated(f, durability.DefaultAssumptions(nil), 1000)
	for name, each := range map[string]float64{
		"offline": y.Offline.StoresEach.Analytic.Value,
		"lost":    y.Doubled.StoresPerYear.Analytic.Value / y.Doubled.OccasionsPerYear.Analytic.Value,
	} {
		if each < 1 || each > 2 {
			t.Errorf("%v stores %s on one occasion, want 1 to 2", each, name)
		}
	}
}

// TestNoIntervalWithoutAnySpread has two stores of different size, the larger of
// which hardly ever fails over, as its master takes centuries to seed: the samples
// agree on the size of the other, which is not quite the mean.
func TestNoIntervalWithoutAnySpread(t *testing.T) {
	f := build(t, 1e9, []string{"a", "b", "c", "d"}, []string{"a b", "c d"})
	f.Inventory.Stores[1].Base[0] = 6e15
	f.Inventory.Servers[2].Bandwidth, f.Inventory.Servers[3].Bandwidth = 200_000, 200_000
	f = load.New(f.Inventory)
	e := simulated(f, durability.DefaultAssumptions(nil), 1_000_000).Failover.BytesEach
	if e.Sampling != planner.Plain {
		t.Fatalf("sampling is %s", e.Sampling)
	}
	if !e.Simulated.Known || agrees(e) || e.High.Known || e.StandardError.Known {
		t.Errorf("nothing is known of the error, yet %+v", e)
	}
}

// TestNoIntervalOfFewSamples plays so little that losses are met once or twice.
func TestNoIntervalOfFewSamples(t *testing.T) {
	f := build(t, 1e9, []string{"a", "b", "c"}, []string{"a b", "b c", "c a"})
	a, few := durability.DefaultAssumptions(nil), 0
	for seed := range uint64(20) {
		y := durability.Simulate(context.Background(), f, f.Current(), durability.Options{Seed: seed, Years: 1, Assumptions: a, Failures: 1, Strikes: 128})
		for name, e := range estimates(y) {
			if e.EffectiveSamples == 0 || e.EffectiveSamples >= 10 {
				continue
			}
			few++
			if !e.Simulated.Known || e.StandardError.Known || e.Low.Known || e.High.Known {
				t.Errorf("%s: %+v", name, e)
			}
		}
	}
	if few == 0 {
		t.Error("nothing was met only a few times")
	}
}

func TestCheckCountsServersThatAreUp(t *testing.T) {
	var servers, names []string
	for i := range 13 {
		names = append(names, fmt.Sprint("s", i))
		servers = append(servers, names[i])
	}
	all := strings.Join(names, " ")
	f := build(t, 0, servers, []string{all, all, "s0"})
	if err := durability.Check(f, f.Current()); err == nil || strings.Count(err.Error(), "is on 13 servers") != 2 {
		t.Errorf("got %v, want two stores on 13 servers", err)
	}
	servers[5] += " down"
	f = build(t, 0, servers, []string{all})
	if err := durability.Check(f, f.Current()); err != nil {
		t.Errorf("12 servers that are up: %v", err)
	}
}
