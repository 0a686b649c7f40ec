package simulate_test

import (
	"context"
	"math"
	"reflect"
	"testing"

	"github.com/interlacemail/interlace/fixtures"
	"github.com/interlacemail/interlace/planner/load"
	"github.com/interlacemail/interlace/planner/simulate"
)

// Pairs drawn at random are spread as all pairs are.
func TestRandomPairsAreSpreadAsAllPairs(t *testing.T) {
	f := load.New(fixtures.Fleet(3, fixtures.Mixed, fixtures.Size{Servers: 220, StoresPerServer: 4, Users: 600}))
	s := simulate.New(f, f.Current())
	all := s.Pairs(0, 3)
	const samples = 20000
	got := s.Random(context.Background(), simulate.RandomOptions{Servers: 2, Samples: samples, Seed: 5, Worst: 3})
	chance := all.ChanceOffline.Value
	if error := 4 * math.Sqrt(chance*(1-chance)/samples); math.Abs(got.ChanceOffline.Value-chance) > error || got.All {
		t.Errorf("a store goes offline with %v of the pairs drawn and %v of all, apart by more than %v", got.ChanceOffline.Value, chance, error)
	}
	if got.Utilisation.P50.Value > all.Utilisation.P50.Value+0.02 || got.Utilisation.P50.Value < all.Utilisation.P50.Value-0.02 {
		t.Errorf("utilisation %+v, of all %+v", got.Utilisation, all.Utilisation)
	}
}

// Where there are no more sets than draws, each fails once.
func TestFewSetsFailOnceEach(t *testing.T) {
	f := load.New(fixtures.Fleet(3, fixtures.Mixed, fixtures.Size{Servers: 30, StoresPerServer: 4, Users: 600}))
	s := simulate.New(f, f.Current())
	all := s.Pairs(0, 3)
	got := s.Random(context.Background(), simulate.RandomOptions{Servers: 2, Samples: 435, Seed: 5, Worst: 3})
	if !got.All || int64(got.Samples) != all.Count || int64(got.TakingOffline) != all.TakingOffline || got.ChanceOffline != all.ChanceOffline {
		t.Errorf("of %+v found %+v", all, got)
	}
	if !reflect.DeepEqual(got.Worst, all.Worst) || got.Utilisation.Max != all.Utilisation.Max {
		t.Errorf("worst %+v, of all %+v", got.Worst, all.Worst)
	}
	for servers, sets := range map[int]int{1: 30, 29: 30, 30: 1} {
		if got := s.Random(context.Background(), simulate.RandomOptions{Servers: servers, Samples: 100}); !got.All || got.Samples != sets {
			t.Errorf("%d servers: %d sets, want %d", servers, got.Samples, sets)
		}
	}
}

func TestRandomIsDeterminedByItsSeed(t *testing.T) {
	f := load.New(fixtures.Fleet(3, fixtures.Mixed, fixtures.Size{Servers: 30, StoresPerServer: 4, Users: 600}))
	draw := func(seed uint64) any {
		return simulate.New(f, f.Current()).Random(context.Background(), simulate.RandomOptions{Servers: 4, Samples: 500, Seed: seed, Worst: 5})
	}
	if !reflect.DeepEqual(draw(1), draw(1)) {
		t.Error("the same seed draws other sets")
	}
	if reflect.DeepEqual(draw(1), draw(2)) {
		t.Error("another seed draws the same sets")
	}
}

// All servers fail: nobody survives, and everything is offline.
func TestRandomWithoutSurvivor(t *testing.T) {
	f := load.New(fixtures.Fleet(3, fixtures.Equal, fixtures.Size{Servers: 4, StoresPerServer: 2, Users: 40, Legal: true}))
	got := simulate.New(f, f.Current()).Random(context.Background(), simulate.RandomOptions{Servers: 4, Samples: 7, Seed: 1, Worst: 5})
	if got.Utilisation.Max.Known || got.StoresOffline.P50.Value != 8 || got.ChanceOffline.Value != 1 || len(got.Worst) != 1 {
		t.Errorf("%+v", got)
	}
}
