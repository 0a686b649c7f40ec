package layout

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/interlacemail/interlace/planner"
)

// Stores with many instances: every way leads to its target, and none takes long.
func TestStepsReachAnyTarget(t *testing.T) {
	for seed := range uint64(2000) {
		rng := rand.New(rand.NewPCG(seed, 0))
		servers := rng.Perm(14)
		pick := func(n int) []int32 {
			rng.Shuffle(len(servers), func(i, j int) { servers[i], servers[j] = servers[j], servers[i] })
			var list []int32
			for _, s := range servers[:n] {
				list = append(list, int32(s))
			}
			return list
		}
		from, to := pick(1+rng.IntN(13)), pick(1+rng.IntN(13))
		way, end := steps(from, to)
		if !slices.Equal(end, to) {
			t.Fatalf("seed %d: from %v the steps say they end with %v, not %v", seed, from, end, to)
		}
		now := slices.Clone(from)
		for _, s := range way {
			at := slices.Index(now, s.server)
			switch s.do {
			case planner.Seed:
				now = append(now, s.server)
			case planner.Promote:
				now[0], now[at] = now[at], now[0]
			case planner.Drop:
				now = slices.Delete(now, at, at+1)
			}
		}
		if !slices.Equal(now, to) {
			t.Fatalf("seed %d: from %v the steps lead to %v, not %v", seed, from, now, to)
		}
	}
}
