package inventory

import (
	"cmp"
	"slices"
)

// Order tells from which row each row of a sorted table came. Nil stands for a
// table that was in order already.
type Order struct {
	Servers, Stores, Users, Shares, Groups []int32
}

// Sort puts all parts into their canonical order and returns from where each
// row came. Rows of one name keep the order they had. Instances keep theirs.
func (inv *Inventory) Sort() Order {
	sortBy(inv.Spread, func(a, b *Spread) int { return cmp.Compare(a.Level, b.Level) })
	sortBy(inv.Survive, func(a, b *Level) int { return cmp.Compare(*a, *b) })
	sortBy(inv.Sharing.Ignore, func(a, b *UserID) int { return cmp.Compare(*a, *b) })
	return Order{
		Servers: sortBy(inv.Servers, func(a, b *Server) int { return cmp.Compare(a.Name, b.Name) }),
		Stores:  sortBy(inv.Stores, func(a, b *Store) int { return cmp.Compare(a.Name, b.Name) }),
		Users:   sortBy(inv.Users, func(a, b *User) int { return cmp.Compare(a.Name, b.Name) }),
		Shares:  sortBy(inv.Shares, func(a, b *Share) int { return compareShares(*a, *b) }),
		Groups: sortBy(inv.Groups, func(a, b *Membership) int {
			return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Member, b.Member))
		}),
	}
}

func compareShares(a, b Share) int {
	return cmp.Or(cmp.Compare(a.Owner, b.Owner), cmp.Compare(a.Folder, b.Folder), cmp.Compare(a.Grantee, b.Grantee))
}

// sortBy sorts the rows, keeping the order of equals, and returns from where
// each came: nil if all were in place. It moves indices rather than the rows,
// which are large, and each row only once.
func sortBy[T any](rows []T, compare func(a, b *T) int) []int32 {
	sorted := true
	for i := 1; i < len(rows) && sorted; i++ {
		sorted = compare(&rows[i-1], &rows[i]) <= 0
	}
	if sorted {
		return nil
	}
	from := make([]int32, len(rows))
	for i := range from {
		from[i] = int32(i)
	}
	slices.SortFunc(from, func(a, b int32) int {
		if c := compare(&rows[a], &rows[b]); c != 0 {
			return c
		}
		return cmp.Compare(a, b)
	})
	permute(rows, from)
	return from
}

// permute puts rows[from[i]] at i for all i, one cycle after the other.
func permute[T any](rows []T, from []int32) {
	done := make([]bool, len(rows))
	for start := range rows {
		if done[start] {
			continue
		}
		first, i := rows[start], int32(start)
		for ; from[i] != int32(start); i = from[i] {
			rows[i] = rows[from[i]]
			done[i] = true
		}
		rows[i], done[i] = first, true
	}
}
