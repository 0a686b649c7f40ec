package sharing

import (
	"cmp"
	"slices"

	"github.com/interlacemail/interlace/inventory"
)

// Fit says whether a store can hold a share group.
type Fit string

// Fits. Only active stores count, each up to capacity × ceiling in every
// resource in which it has a capacity.
const (
	FitsNow   Fit = "now"        // some store has room beside what it holds now
	FitsEmpty Fit = "only empty" // only if a store is emptied for it
	FitsNever Fit = "nowhere"    // in no store, even if it is empty
)

// Group is what to know about a share group before it is moved.
type Group struct {
	Group  int // number in the partition
	ID     inventory.GroupID
	Users  int // people and shared trees
	Load   inventory.Load
	Stores int // on which it lives now; 1 if it is whole

	Fit Fit
	// Store has room for the group, or would have if it were empty, or comes
	// closest to that. It is empty where no store is active.
	Store inventory.StoreID
	// Resource is the one that the group needs most too much of in Store, and
	// Excess how much too much, in that resource's unit. They are only set where
	// Fit is FitsNever.
	Resource inventory.ResourceID
	Excess   float64
}

// Largest returns the n share groups with the most users, largest first, of
// those with at least two.
func Largest(inv *inventory.Inventory, groups *inventory.ShareGroups, n int) []Group {
	var large []int
	for g := range groups.Len() {
		if len(groups.Members(g)) > 1 {
			large = append(large, g)
		}
	}
	slices.SortStableFunc(large, func(a, b int) int {
		return cmp.Compare(len(groups.Members(b)), len(groups.Members(a)))
	})
	f := newFitter(inv, groups)
	list := make([]Group, 0, min(n, len(large)))
	for _, g := range large[:min(n, len(large))] {
		list = append(list, f.describe(g))
	}
	return list
}

// Oversized returns the share groups, single users among them, for which no
// store has room as things are, in the order of their numbers.
func Oversized(inv *inventory.Inventory, groups *inventory.ShareGroups) []Group {
	f := newFitter(inv, groups)
	list := []Group{}
	for g := range groups.Len() {
		if f.fitsRoomiest(g) {
			continue
		}
		if d := f.describe(g); d.Fit != FitsNow {
			list = append(list, d)
		}
	}
	return list
}
