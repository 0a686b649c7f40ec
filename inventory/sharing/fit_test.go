package sharing_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/sharing"
)

// roomFleet has a group anna+ben of 60 GB and 6 ops/s on one store, and carl
// of 10 GB and 1 op/s on another.
func roomFleet(change func(*inventory.Inventory)) *inventory.Inventory {
	return fleet("anna ben carl", func(inv *inventory.Inventory) {
		inv.Stores = []inventory.Store{
			{Name: "s1", State: inventory.Active, Capacity: inventory.Load{100e9, 100}},
			{Name: "s2", State: inventory.Active, Capacity: inventory.Load{100e9, 100}},
		}
		for i, gigabytes := range []float64{20, 40, 10} {
			inv.Users[i].Load = inventory.Load{gigabytes * 1e9, gigabytes / 10}
		}
		inv.Users[2].Store = "s2"
		share(inv, "anna Work ben lrs")
		change(inv)
	})
}

func TestLargestSaysWhetherAStoreCanHoldTheGroup(t *testing.T) {
	tests := []struct {
		name   string
		change func(*inventory.Inventory)
		want   sharing.Group
	}{
		{"its own store counts as having room", func(inv *inventory.Inventory) {
			inv.Stores[1].State = inventory.Drain
		}, sharing.Group{Stores: 1, Fit: sharing.FitsNow, Store: "s1"}},
		{"a store up to its ceiling has room", func(inv *inventory.Inventory) {
			inv.Stores[0].State = inventory.Drain
			inv.Stores[1].Base[0] = 15e9
		}, sharing.Group{Stores: 1, Fit: sharing.FitsNow, Store: "s2"}},
		{"only when another has left the store", func(inv *inventory.Inventory) {
			inv.Stores[0].State = inventory.Drain
			inv.Stores[1].Base[0] = 15e9 + 1
		}, sharing.Group{Stores: 1, Fit: sharing.FitsEmpty, Store: "s2"}},
		{"in no store", func(inv *inventory.Inventory) {
			inv.Stores[0].Capacity[1] = 4
			inv.Stores[1].Capacity[0] = 60e9
		}, sharing.Group{Stores: 1, Fit: sharing.FitsNever, Store: "s2", Resource: "disk", Excess: 9e9}},
		{"in no store because of its own load", func(inv *inventory.Inventory) {
			inv.Stores[0].Base[1], inv.Stores[1].Base[1] = 80, 80
		}, sharing.Group{Stores: 1, Fit: sharing.FitsNever, Store: "s1", Resource: "io", Excess: 1}},
		{"no capacity is no limit", func(inv *inventory.Inventory) {
			inv.Stores[0].State = inventory.Drain
			inv.Stores[1].Capacity = inventory.Load{}
		}, sharing.Group{Stores: 1, Fit: sharing.FitsNow, Store: "s2"}},
		{"no active store", func(inv *inventory.Inventory) {
			inv.Stores[0].State, inv.Stores[1].State = inventory.Drain, inventory.Drain
		}, sharing.Group{Stores: 1, Fit: sharing.FitsNever}},
		{"torn", func(inv *inventory.Inventory) {
			inv.Users[0].Store = "s2"
			inv.Stores[0].State = inventory.Drain
		}, sharing.Group{Stores: 2, Fit: sharing.FitsNow, Store: "s2"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inv := roomFleet(tt.change)
			want := tt.want
			want.ID, want.Users, want.Load = "anna", 2, inventory.Load{60e9, 6}
			list := sharing.Largest(inv, sharing.Groups(inv), 5)
			if len(list) != 1 {
				t.Fatalf("%d groups, want 1: groups of one are not shown", len(list))
			}
			if list[0] != want {
				t.Errorf("got %+v, want %+v", list[0], want)
			}
		})
	}
}

func TestLargestComesFirst(t *testing.T) {
	inv := fleet("a b c d e f g h", func(inv *inventory.Inventory) {
		share(inv, "a Work b l", "c Work d l", "d Work e l", "f Work g l")
	})
	groups := sharing.Groups(inv)
	for n, want := range []string{"", "c", "c a", "c a f", "c a f"} {
		var got string
		for i, g := range sharing.Largest(inv, groups, n) {
			if i > 0 {
				got += " "
			}
			got += string(g.ID)
		}
		if got != want {
			t.Errorf("the %d largest are %q, want %q", n, got, want)
		}
	}
}

func TestOversizedAreThoseForWhichNoStoreHasRoom(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		inv := sharesOf(t)
		inv.Stores = nil
		for _, name := range []inventory.StoreID{"s1", "s2", "s3"} {
			inv.Stores = append(inv.Stores, inventory.Store{
				Name:     name,
				State:    rapid.SampledFrom([]inventory.State{inventory.Active, inventory.Active, inventory.Drain}).Draw(t, "state"),
				Capacity: inventory.Load{float64(rapid.IntRange(0, 40).Draw(t, "disk")), float64(rapid.IntRange(0, 40).Draw(t, "io"))},
				Base:     inventory.Load{float64(rapid.IntRange(0, 5).Draw(t, "base"))},
			})
		}
		for u := range inv.Users {
			inv.Users[u].Store = rapid.SampledFrom([]inventory.StoreID{"s1", "s2", "s3"}).Draw(t, "store")
			inv.Users[u].Load = inventory.Load{float64(rapid.IntRange(0, 9).Draw(t, "disk")), float64(rapid.IntRange(0, 9).Draw(t, "io"))}
		}
		groups := sharing.Groups(inv)
		got := map[int]sharing.Fit{}
		for _, g := range sharing.Oversized(inv, groups) {
			got[g.Group] = g.Fit
			if (g.Fit == sharing.FitsNever && g.Store != "") != (g.Excess > 0) {
				t.Fatalf("excess of %+v", g)
			}
		}
		for g := range groups.Len() {
			want := fit(inv, groups, g)
			if want == sharing.FitsNow {
				want = ""
			}
			if got[g] != want {
				t.Fatalf("group %d fits %q, want %q of %+v", g, got[g], want, inv)
			}
		}
	})
}

// fit says where a group fits, by trying each store.
func fit(inv *inventory.Inventory, groups *inventory.ShareGroups, g int) sharing.Fit {
	answer := sharing.FitsNever
	for i := range inv.Stores {
		st := &inv.Stores[i]
		now, empty := st.State == inventory.Active, st.State == inventory.Active
		for r := range inv.Resources {
			group, others := 0.0, 0.0
			for u := range inv.Users {
				switch {
				case int(groups.Of[u]) == g:
					group += inv.Users[u].Load[r]
				case inv.Users[u].Store == st.Name:
					others += inv.Users[u].Load[r]
				}
			}
			if st.Capacity[r] > 0 {
				now = now && (st.Base[r]+group+others)/st.Capacity[r] <= inv.Resources[r].Ceiling
				empty = empty && (st.Base[r]+group)/st.Capacity[r] <= inv.Resources[r].Ceiling
			}
		}
		if now {
			return sharing.FitsNow
		}
		if empty {
			answer = sharing.FitsEmpty
		}
	}
	return answer
}
