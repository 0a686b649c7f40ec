package layout

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/load"
)

// Stores with many instances: every way leads to its target, none takes long, and
// none copies from a server that is down or promotes one.
func TestStepsReachAnyTarget(t *testing.T) {
	tried := 0
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
		f := &load.Fleet{Down: make([]bool, 14)}
		for range rng.IntN(4) {
			f.Down[rng.IntN(14)] = true
		}
		if f.Down[to[0]] && to[0] != from[0] || !f.Reachable(from, to) {
			continue
		}
		tried++
		up := func(list []int32) []int32 {
			return slices.DeleteFunc(slices.Clone(list), func(s int32) bool { return f.Down[s] })
		}
		way, end := steps(from, to, f.Down)
		if !slices.Equal(up(end), up(to)) || len(end) != len(to) {
			t.Fatalf("seed %d: from %v the steps say they end with %v, not %v", seed, from, end, to)
		}
		now := slices.Clone(from)
		for _, s := range way {
			at := slices.Index(now, s.server)
			switch s.do {
			case planner.Seed:
				if f.Down[now[0]] || s.from != now[0] {
					t.Fatalf("seed %d: %v copies from %d while the store is on %v", seed, s, s.from, now)
				}
				now = append(now, s.server)
			case planner.Promote:
				if f.Down[s.server] {
					t.Fatalf("seed %d: %v promotes a server that is down", seed, s)
				}
				now[0], now[at] = now[at], now[0]
			case planner.Drop:
				now = slices.Delete(now, at, at+1)
			}
		}
		if !slices.Equal(now, end) {
			t.Fatalf("seed %d: from %v the steps lead to %v, not %v", seed, from, now, end)
		}
	}
	if tried < 1000 {
		t.Fatalf("only %d ways tried", tried)
	}
}

// A store that is promoted once can have the promoted replica and the present master in
// any two places of the target, if what is seeded is seeded in the right order.
func TestStepsPromoteNoMoreThanNeeded(t *testing.T) {
	down := make([]bool, 6)
	for _, c := range []struct {
		from, to []int32
		want     int
	}{
		{[]int32{0, 1, 2}, []int32{3, 4, 0}, 1},
		{[]int32{0, 1, 2}, []int32{3, 0, 4}, 1},
		{[]int32{0, 1, 2}, []int32{3, 4, 5}, 1},
		{[]int32{0, 1, 2}, []int32{0, 3, 4}, 0},
		{[]int32{0, 1, 2}, []int32{2, 1, 0}, 1},
		{[]int32{0, 1, 2}, []int32{2, 0, 1}, 2},
	} {
		way, end := steps(c.from, c.to, down)
		got := 0
		for _, s := range way {
			if s.do == planner.Promote {
				got++
			}
		}
		if got != c.want || !slices.Equal(end, c.to) {
			t.Errorf("from %v to %v: %d promotions, want %d, and it ends with %v", c.from, c.to, got, c.want, end)
		}
	}
}
