package durability_test

import (
	"math"
	"math/bits"
	"testing"

	"github.com/interlacemail/interlace/fixtures"
	"github.com/interlacemail/interlace/planner/durability"
	"github.com/interlacemail/interlace/planner/load"
)

// enumerated fails every set of so many servers that are up, and returns in what
// part of them a store goes offline that was not before.
func enumerated(f *load.Fleet, l load.Layout, failures int) float64 {
	var up []int
	for s, down := range f.Down {
		if !down {
			up = append(up, s)
		}
	}
	sets, offline := 0, 0
	for set := range uint(1) << len(up) {
		if bits.OnesCount(set) != failures {
			continue
		}
		sets++
		down := append([]bool(nil), f.Down...)
		for i, s := range up {
			down[s] = down[s] || set>>i&1 == 1
		}
		for _, sites := range l {
			if load.Master(sites, f.Down) >= 0 && load.Master(sites, down) < 0 {
				offline++
				break
			}
		}
	}
	if sets == 0 {
		return math.NaN()
	}
	return float64(offline) / float64(sets)
}

func TestChanceOfflineAgreesWithEnumeration(t *testing.T) {
	check := func(name string, f *load.Fleet, most int) {
		l := f.Current()
		for failures := range most + 1 {
			want := enumerated(f, l, failures)
			got := durability.ChanceOffline(f, l, failures, 1)
			if tolerance := 1e-12 + 4*got.StandardError; !math.IsNaN(want) && math.Abs(got.Value-want) > tolerance {
				t.Errorf("%s, %d failures: chance %v, want %v", name, failures, got, want)
			}
			if got.StandardError != 0 {
				t.Errorf("%s, %d failures: %v is not counted", name, failures, got)
			}
			if failures < 3 || math.IsNaN(want) || want == 0 {
				continue
			}
			got = durability.SampledChance(f, l, failures, 1)
			if math.Abs(got.Value-want) > 1e-12+4*got.StandardError || got.StandardError > 0.02*want {
				t.Errorf("%s, %d failures: sampled chance %v, want %v", name, failures, got, want)
			}
		}
	}
	for seed := range uint64(300) {
		check("tiny", load.New(fixtures.Tiny(seed)), 4)
	}
	check("mixed", load.New(fixtures.Fleet(1, fixtures.Mixed, fixtures.Size{Servers: 14, StoresPerServer: 1})), 6)
	check("legal", load.New(fixtures.Fleet(2, fixtures.Mixed, fixtures.Size{Servers: 14, StoresPerServer: 2, Legal: true})), 6)
	check("three copies", load.New(thirdCopies(fixtures.Fleet(3, fixtures.Mixed, fixtures.Size{Servers: 14, StoresPerServer: 2}))), 6)
}

// Where there are few sets of servers they are counted, where there are many they
// are drawn.
func TestFewSetsAreCounted(t *testing.T) {
	for servers, counted := range map[int]bool{14: true, 85: true, 86: false} {
		f := load.New(fixtures.Fleet(1, fixtures.Mixed, fixtures.Size{Servers: servers, StoresPerServer: 1, Users: -1}))
		if got := durability.ChanceOffline(f, f.Current(), 3, 1); got.Value <= 0 || got.Value >= 1 || (got.StandardError == 0) != counted {
			t.Errorf("%d servers: chance %+v, counted: %v", servers, got, counted)
		}
	}
}

// TestIndependentCopysetsAreTheWrongAnswer shows that the comparison above would
// notice the closed form in place of the count.
func TestIndependentCopysetsAreTheWrongAnswer(t *testing.T) {
	servers, stores := pairsOf(12, everyPair)
	f := build(t, 0, servers, stores)
	closed := copysetChance(12, 3, 2, float64(len(stores)))
	if got := durability.ChanceOffline(f, f.Current(), 3, 1); math.Abs(got.Value-1) > 1e-9 || closed > 0.99 {
		t.Errorf("chance %v, closed form %v; every pair shares a store, so it is 1", got, closed)
	}
}
