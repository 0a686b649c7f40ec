package sharing

import "github.com/interlacemail/interlace/inventory"

// Groups returns the share groups of the inventory, which must be sorted.
func Groups(inv *inventory.Inventory) *inventory.ShareGroups {
	s := newSets(len(inv.Users))
	ties(inv, func(Unknown) {}, func(t tie) {
		for _, u := range t.others {
			s.unite(t.owner, u)
		}
	})
	of := make([]int32, len(inv.Users))
	for u := range of {
		of[u] = s.find(int32(u))
	}
	return inventory.NewShareGroups(of)
}

// sets are disjoint sets of users. The parent of the smallest in a set is
// itself; every other's is a smaller one of its set.
type sets struct{ parent []int32 }

func newSets(n int) sets {
	s := sets{make([]int32, n)}
	for u := range s.parent {
		s.parent[u] = int32(u)
	}
	return s
}

// find returns the smallest user of the set that holds u, and halves the way there.
func (s sets) find(u int32) int32 {
	for s.parent[u] != u {
		s.parent[u] = s.parent[s.parent[u]]
		u = s.parent[u]
	}
	return u
}

func (s sets) unite(a, b int32) {
	a, b = s.find(a), s.find(b)
	s.parent[max(a, b)] = min(a, b)
}
