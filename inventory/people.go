package inventory

import (
	"fmt"
	"slices"
)

// TakePeople takes users and shared trees over from an earlier inventory, since nothing
// else says anything of them, with their loads in the resources that both have; in others
// loads are zero, and estimated. Shares and groups are taken over where there are none.
// The error names stores of theirs that are no more; then nothing is taken.
func (inv *Inventory) TakePeople(earlier *Inventory) error {
	homeless := map[StoreID]int{}
	for i := range earlier.Users {
		if u := &earlier.Users[i]; inv.Store(u.Store) < 0 {
			homeless[u.Store]++
		}
	}
	for i := range earlier.Stores {
		if n := homeless[earlier.Stores[i].Name]; n > 0 {
			return fmt.Errorf("store %s is no more, and has %s", earlier.Stores[i].Name, Counted(n, "user", "users"))
		}
	}
	inv.Users = slices.Clone(earlier.Users)
	for i := range inv.Users {
		u, was := &inv.Users[i], earlier.Users[i]
		u.Load, u.Estimated = Load{}, 0
		for r := range inv.Resources {
			before := earlier.Resource(inv.Resources[r].Name)
			if before < 0 || inv.Resources[r].Unit != earlier.Resources[before].Unit {
				u.Estimated |= 1 << r
				continue
			}
			u.Load[r] = was.Load[before]
			u.Estimated |= was.Estimated >> before & 1 << r
		}
	}
	if inv.Shares == nil {
		inv.Shares = slices.Clone(earlier.Shares)
	}
	if inv.Groups == nil {
		inv.Groups = slices.Clone(earlier.Groups)
	}
	inv.Sort()
	return nil
}
