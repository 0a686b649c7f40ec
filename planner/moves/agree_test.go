package moves_test

import (
	"context"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/sharing"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/moves"
	"github.com/interlacemail/interlace/planner/users"
)

// agreeing returns a fleet with a layout and a users plan that agree with it.
func agreeing(t *testing.T) (fleet, *planner.Layout, *planner.Assignment) {
	t.Helper()
	f := newFleet().server("a", 100).server("b", 100).server("c", 100).
		store("s", 1, 0, "a", "b").store("t", 2, 0, "b").store("x", 0, 0, "c").
		user("anna", "t", 4).user("bob", "t", 2).user("carl", "s", 1).share("anna", "bob")
	f.Stores[f.Store("x")].Capacity[0] = 10e9
	l := f.layoutOf("seed s c from a", "drop s b", "seed t a from b", "promote t a from b", "drop t b")
	l.Changes[2].Bytes, l.Changes[3].Users, l.UsersInterrupted = 8e9, 2, 2
	groups := sharing.Groups(f.Inventory)
	u, err := users.Assign(context.Background(), f.Inventory, groups, users.Options{Drain: []planner.Subject{"store:t"}})
	if err != nil {
		t.Fatal(err)
	}
	l.Inventory = planner.NewReference(f.Inventory, groups, nil)
	u.Inventory = l.Inventory
	return f, l, u
}

// TestPlansAgree changes plans in one place each, as somebody might who seals
// them again, and expects that place among the mistakes.
func TestPlansAgree(t *testing.T) {
	tests := []struct {
		name   string
		change func(l *planner.Layout, u *planner.Assignment)
		want   string
	}{
		{"nothing", func(*planner.Layout, *planner.Assignment) {}, ""},
		{"no changes", func(l *planner.Layout, _ *planner.Assignment) { l.Changes = nil }, "stores[0]: no change moves the store: it stays on a, b, not on a, c\nstores[1]: no change moves the store: it stays on b, not on a"},
		{"a change less", func(l *planner.Layout, _ *planner.Assignment) { l.Changes = l.Changes[:4] }, "stores[1]: the changes lead to a, b, not to a"},
		{"a change twice", func(l *planner.Layout, _ *planner.Assignment) { l.Changes = append(l.Changes, l.Changes[4]) }, "changes[5]: change c5 of t: server b has no replica of it"},
		{"no target", func(l *planner.Layout, _ *planner.Assignment) { l.Stores = nil }, "stores: 3 stores are missing, such as s"},
		{"half a target", func(l *planner.Layout, _ *planner.Assignment) { l.Stores = l.Stores[1:] }, "stores: store s is missing"},
		{"a store that does not change", func(l *planner.Layout, _ *planner.Assignment) { l.Stores = l.Stores[:2] }, "stores: store x is missing"},
		{"and of which nothing else is the same", func(l *planner.Layout, _ *planner.Assignment) {
			l.Stores, l.Inventory.Fingerprint = l.Stores[:2], "another"
		}, ""},
		{"a store more", func(l *planner.Layout, _ *planner.Assignment) {
			l.Stores = append(l.Stores, planner.Placement{Store: "z", Master: "a"})
		}, "stores[3].store: the fleet has no such store"},
		{"no replicas", func(l *planner.Layout, _ *planner.Assignment) { l.Stores[0].Replicas = nil }, "stores[0]: the changes lead to a, c, not to a"},
		{"another master", func(l *planner.Layout, _ *planner.Assignment) { l.Stores[1].Master = "c" }, "stores[1]: the changes lead to a, not to c"},
		{"fewer bytes", func(l *planner.Layout, _ *planner.Assignment) { l.Changes[0].Bytes = 1 }, "changes[0].bytes: 1 are not the 2000000000 bytes of store s"},
		{"fewer bytes, but other loads", func(l *planner.Layout, _ *planner.Assignment) {
			l.Changes[0].Bytes, l.Inventory.Loads = 1, "other"
		}, ""},
		{"more users", func(l *planner.Layout, _ *planner.Assignment) { l.Changes[3].Users = 7 }, "changes[3].users: 7 are not the 2 users of store t"},

		{"a user's bytes", func(_ *planner.Layout, u *planner.Assignment) { u.Changes[0].Bytes++ }, "changes[0].bytes: 4000000001 are not the 4000000000 bytes of user anna"},
		{"another group", func(_ *planner.Layout, u *planner.Assignment) { u.Changes[1].Group = "bob" }, "changes[1].group: user bob belongs to share group anna, not bob"},
		{"a user less", func(_ *planner.Layout, u *planner.Assignment) { u.Changes = u.Changes[:1] }, "users_interrupted: 2 are not the 1 users of the changes"},
		{"no users", func(_ *planner.Layout, u *planner.Assignment) { u.Changes = nil }, "stores[1].load.disk: 2e+09 is not the 8e+09 that the changes lead to"},
		{"other users", func(_ *planner.Layout, u *planner.Assignment) { u.Stores[0].Users++ }, "stores[0].users: "},
		{"another load", func(_ *planner.Layout, u *planner.Assignment) { u.Stores[1].Load["io"] = 3 }, "stores[1].load.io: 3 is not the 0 that the changes lead to"},
		{"another utilisation", func(_ *planner.Layout, u *planner.Assignment) { u.Stores[2].Utilisation = planner.Known(2) }, "stores[2].utilisation: it is not that of the loads"},
		{"an unknown store", func(_ *planner.Layout, u *planner.Assignment) { u.Stores[2].Store = "z" }, "stores[2].store: the fleet has no such store\nstores: 1 of the 3 stores are missing"},
	}
	for _, test := range tests {
		f, l, u := agreeing(t)
		test.change(l, u)
		var got []string
		for _, p := range []planner.Plan{l, u} {
			seal(p)
			if err := verify(f.Inventory, sharing.Groups(f.Inventory), p); err != nil {
				got = append(got, err.Error())
			}
		}
		if all := strings.Join(got, "\n"); !strings.Contains(all, test.want) || (test.want == "") != (all == "") {
			t.Errorf("%s: got %q, want %q", test.name, all, test.want)
		}
	}
}

// TestMistakesByPlan has two layouts of one store, each right by itself.
func TestMistakesByPlan(t *testing.T) {
	f := newFleet().server("a", 100).server("b", 100).server("c", 100).store("s", 1, 0, "a")
	plans := []planner.Plan{f.layoutOf("seed s b from a"), f.layoutOf("seed s c from a")}
	all := moves.Verify(f.Inventory, inventory.NewShareGroups(nil), plans)
	if len(all) != 2 || all[0] != nil || all[1] == nil || all[1].Error() != "stores[0]: the changes lead to a, b, c, not to a, c" {
		t.Errorf("got %v, want a mistake of the second plan", all)
	}
}
