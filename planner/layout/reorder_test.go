package layout

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// Every way is as short as the shortest of all sequences of promotions.
func TestReorderIsShortest(t *testing.T) {
	for seed := range uint64(3000) {
		rng := rand.New(rand.NewPCG(seed, 1))
		list := make([]int32, 1+rng.IntN(6))
		for i, server := range rng.Perm(len(list)) {
			list[i] = int32(server)
		}
		to := make([]int32, 1+rng.IntN(len(list)))
		for i, server := range rng.Perm(len(list))[:len(to)] {
			to[i] = int32(server)
		}
		now := slices.Clone(list)
		way := reorder(list, to)
		for _, at := range way {
			now[0], now[at] = now[at], now[0]
		}
		if now[0] != to[0] || !slices.Equal(kept(now, to), to) {
			t.Fatalf("seed %d: from %v %v leads to %v, not to %v", seed, list, way, now, to)
		}
		if least := FewestPromotions(list, to); len(way) != least {
			t.Errorf("seed %d: %d promotions from %v to %v, %d are enough", seed, len(way), list, to, least)
		}
	}
}

// FewestPromotions goes through all orders of the list, breadth first, and returns how
// many promotions lead to one in which the target is in its order, its master in front,
// surplus apart, or −1 where none is.
func FewestPromotions[S comparable](list, to []S) int {
	seen := map[string]bool{fmt.Sprint(list): true}
	for n, orders := 0, [][]S{list}; len(orders) > 0; n++ {
		var next [][]S
		for _, now := range orders {
			left := slices.DeleteFunc(slices.Clone(now), func(server S) bool { return !slices.Contains(to, server) })
			if now[0] == to[0] && slices.Equal(left, to) {
				return n
			}
			for at := 1; at < len(now); at++ {
				other := slices.Clone(now)
				other[0], other[at] = other[at], other[0]
				if key := fmt.Sprint(other); !seen[key] {
					seen[key] = true
					next = append(next, other)
				}
			}
		}
		orders = next
	}
	return -1
}
