package durability_test

import (
	"math"
	"testing"

	"github.com/interlacemail/interlace/fixtures"
	"github.com/interlacemail/interlace/planner/durability"
	"github.com/interlacemail/interlace/planner/load"
)

// Every set of servers that may fail is failed.
func TestMeanOfflineAgreesWithAllSets(t *testing.T) {
	told := 0
	for seed := range uint64(400) {
		f := load.New(fixtures.Tiny(seed))
		layout := f.Current()
		for failures := 1; failures <= 3; failures++ {
			sets, offline := 0, 0
			for set := range 1 << len(f.Down) {
				failed, n, down := make([]bool, len(f.Down)), 0, false
				for b := range failed {
					chosen := set>>b&1 == 1
					failed[b] = f.Down[b] || chosen
					n += set >> b & 1
					down = down || chosen && f.Down[b]
				}
				if n != failures || down {
					continue
				}
				sets++
				for _, sites := range layout {
					if len(sites) > 0 && !f.Dead(sites) && load.Master(sites, failed) < 0 {
						offline++
					}
				}
			}
			if sets == 0 {
				continue
			}
			told++
			got, want := durability.MeanOffline(f, layout, failures), float64(offline)/float64(sets)
			if math.Abs(got-want) > 1e-12 {
				t.Errorf("seed %d, %d failures: %v stores offline, want %v", seed, failures, got, want)
			}
		}
	}
	if told < 500 {
		t.Fatalf("only %d means told", told)
	}
}
