package bounds_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/bounds"
	"github.com/interlacemail/interlace/planner/load"
)

// resident is a user for the fleets of these tests.
type resident struct {
	store  inventory.StoreID
	gb     float64
	group  int32
	pinned bool
}

// assignments returns what may be assigned in a fleet of two servers and stores
// a, b and c of 100 GB on the first of them, copied to the second.
func assignments(change func(*inventory.Inventory), residents ...resident) *bounds.Assignments {
	inv := inventory.New()
	for _, name := range []inventory.ServerID{"imap1", "imap2"} {
		inv.Servers = append(inv.Servers, inventory.Server{
			Name: name, State: inventory.Active, Slots: inventory.Unlimited, Capacity: inventory.Load{1e12, 1e6},
		})
	}
	for _, name := range []inventory.StoreID{"a", "b", "c"} {
		inv.Stores = append(inv.Stores, inventory.Store{
			Name: name, State: inventory.Active, Capacity: inventory.Load{100e9},
			Instances: []inventory.Instance{{Server: "imap1", Role: inventory.Master}, {Server: "imap2", Role: inventory.Replica}},
		})
	}
	var of []int32
	for i, r := range residents {
		inv.Users = append(inv.Users, inventory.User{
			Name: inventory.UserID('a' + rune(i)), Store: r.store, Load: inventory.Load{r.gb * 1e9}, Pinned: r.pinned,
		})
		of = append(of, r.group)
	}
	if change != nil {
		change(inv)
	}
	return bounds.NewAssignments(load.New(inv), inventory.NewShareGroups(of), bounds.AssignmentsOptions{})
}

func drain(store int) func(*inventory.Inventory) {
	return func(inv *inventory.Inventory) { inv.Stores[store].State = inventory.Drain }
}

func TestUsersBytes(t *testing.T) {
	budget := int64(1e9)
	for _, test := range []struct {
		name string
		a    *bounds.Assignments
		opts bounds.UsersOptions
		want float64 // GB; below 0: unknown
	}{
		{"nothing to do", assignments(nil, resident{"a", 80, 0, false}), bounds.UsersOptions{}, 0},
		{"a lower peak", assignments(nil, resident{"a", 50, 0, false}, resident{"a", 30, 1, false}), bounds.UsersOptions{Peak: 0.6}, 30},
		{"whole users leave", assignments(nil, resident{"a", 50, 0, false}, resident{"a", 40, 1, false}, resident{"a", 2, 2, false}), bounds.UsersOptions{}, 40},
		{"all that drains", assignments(drain(0), resident{"a", 5, 0, false}, resident{"a", 7, 1, false}), bounds.UsersOptions{}, 12},
		{"but who is pinned", assignments(drain(0), resident{"a", 5, 0, true}, resident{"a", 7, 1, false}), bounds.UsersOptions{}, 7},
		{"a torn group meets at its largest part", assignments(nil, resident{"a", 5, 0, false}, resident{"b", 7, 0, false}, resident{"c", 1, 0, false}), bounds.UsersOptions{}, 6},
		{"or at the pinned part", assignments(nil, resident{"a", 5, 0, false}, resident{"b", 7, 0, false}, resident{"c", 1, 0, true}), bounds.UsersOptions{}, 12},
		{"but not on a store that drains", assignments(drain(1), resident{"a", 5, 0, false}, resident{"b", 7, 0, false}), bounds.UsersOptions{}, 7},
		{"torn groups may stay", assignments(nil, resident{"a", 5, 0, false}, resident{"b", 7, 0, false}), bounds.UsersOptions{Torn: true}, 0},
		{"a torn group is counted once", assignments(nil, resident{"a", 20, 0, false}, resident{"a", 70, 1, false}, resident{"b", 10, 0, false}), bounds.UsersOptions{}, 20},
		{"rules that need not be kept", assignments(drain(0), resident{"a", 5, 0, false}), bounds.UsersOptions{Undone: true}, -1},
		{"a budget too small", assignments(drain(0), resident{"a", 5, 0, false}), bounds.UsersOptions{MaxBytes: &budget}, -1},
		{
			"a server above its ceiling loses users", assignments(func(inv *inventory.Inventory) {
				inv.Servers[0].Capacity[0] = 100e9
				inv.Stores[2].Instances = []inventory.Instance{{Server: "imap2", Role: inventory.Master}}
			}, resident{"a", 60, 0, false}, resident{"b", 30, 1, false}), bounds.UsersOptions{}, 30,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := bounds.UsersBytes(test.a, test.opts)
			if got.Known != (test.want >= 0) || got.Known && got.Value != test.want*1e9 {
				t.Errorf("%v, want %v GB", got, test.want)
			}
		})
	}
}

func TestUsersPeak(t *testing.T) {
	none := 0
	for _, test := range []struct {
		name string
		a    *bounds.Assignments
		opts bounds.UsersOptions
		want float64 // below 0: unknown
	}{
		{"the mean", assignments(nil, resident{"a", 10, 0, false}, resident{"a", 20, 1, false}, resident{"b", 30, 2, false}, resident{"b", 30, 3, false}), bounds.UsersOptions{}, 0.3},
		{"fewer stores", assignments(drain(2), resident{"a", 10, 0, false}, resident{"c", 20, 1, false}, resident{"b", 30, 2, false}), bounds.UsersOptions{}, 0.3},
		{"the largest group", assignments(nil, resident{"a", 10, 0, false}, resident{"a", 35, 0, false}), bounds.UsersOptions{}, 0.45},
		{"a torn group comes together", assignments(nil, resident{"a", 30, 0, false}, resident{"b", 35, 0, false}), bounds.UsersOptions{}, 0.65},
		{"or does not", assignments(nil, resident{"a", 30, 0, false}, resident{"b", 35, 0, false}), bounds.UsersOptions{Undone: true}, 0.35},
		{"who stays", assignments(nil, resident{"a", 30, 0, true}, resident{"a", 25, 1, true}), bounds.UsersOptions{}, 0.55},
		{"no moves, no change", assignments(nil, resident{"a", 30, 0, false}, resident{"a", 25, 1, false}), bounds.UsersOptions{MaxUsers: &none}, 0.55},
		{"without capacities", assignments(func(inv *inventory.Inventory) {
			for s := range inv.Stores {
				inv.Stores[s].Capacity = inventory.Load{}
			}
		}, resident{"a", 30, 0, false}), bounds.UsersOptions{}, -1},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := bounds.UsersPeak(test.a, test.opts)
			if got.Known != (test.want >= 0) || got.Known && (got.Value > test.want || got.Value < test.want-1e-9) {
				t.Errorf("%v, want %v", got, test.want)
			}
		})
	}
}

func TestMostIsTheLargestAmountThatFits(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 20_000 {
		capacity := math.Ldexp(rng.Float64(), rng.IntN(62))
		u := 2 * rng.Float64()
		if rng.IntN(4) == 0 {
			u = 0.85
		}
		a := bounds.Most(capacity, u)
		if a < 0 || planner.Above(float64(a)/capacity, u) || !planner.Above(float64(a+1)/capacity, u) && a < bounds.Unlimited {
			t.Fatalf("%d of %v at %v", a, capacity, u)
		}
	}
	if bounds.Most(0, 0.85) != bounds.Unlimited {
		t.Error("a capacity of 0 is a limit")
	}
}
