package inventory

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestSortBy(t *testing.T) {
	type row struct{ key, was int }
	rapid.Check(t, func(t *rapid.T) {
		keys := rapid.SliceOfN(rapid.IntRange(0, 5), 0, 20).Draw(t, "keys")
		rows := make([]row, len(keys))
		for i, key := range keys {
			rows[i] = row{key, i}
		}
		want := slices.Clone(rows)
		slices.SortStableFunc(want, func(a, b row) int { return cmp.Compare(a.key, b.key) })
		from := sortBy(rows, func(a, b *row) int { return cmp.Compare(a.key, b.key) })
		if !slices.Equal(rows, want) {
			t.Fatalf("got %v, want %v", rows, want)
		}
		if (from == nil) != slices.IsSorted(keys) {
			t.Errorf("from is %v for %v", from, keys)
		}
		for i := range from {
			if int(from[i]) != rows[i].was {
				t.Errorf("row %d came from %d, not %d", i, rows[i].was, from[i])
			}
		}
	})
}

func BenchmarkSort(b *testing.B) {
	users := make([]User, 1_000_000)
	rng := rand.New(rand.NewPCG(1, 1))
	for i, j := range rng.Perm(len(users)) {
		users[i].Name = UserID(fmt.Sprintf("user%07d", j))
	}
	for b.Loop() {
		inv := Inventory{Users: slices.Clone(users)}
		inv.Sort()
	}
}
