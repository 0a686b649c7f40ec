package users_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/users"
)

// Nobody moves to a store from which they are barred, whatever is asked for, and however
// groups lie; and who can go nowhere else stays.
func TestBarred(t *testing.T) {
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 1))
		f := newSmall(5)
		barred := map[inventory.UserID][]inventory.StoreID{}
		for i := range 24 {
			name := fmt.Sprintf("u%02d", i)
			f.user(name, r.IntN(3), 1+4*r.Float64())
			for s := range 5 {
				if r.IntN(3) == 0 {
					barred[inventory.UserID(name)] = append(barred[inventory.UserID(name)], f.Stores[s].Name)
				}
			}
			if i > 0 && r.IntN(3) == 0 {
				f.tie(name, fmt.Sprintf("u%02d", r.IntN(i)))
			}
		}
		opts := users.Options{Seed: seed, Barred: barred, Drain: []planner.Subject{"store:s0"}, Light: seed%4 == 1}
		if seed%4 == 2 {
			opts.Drain, opts.MaxUsers = nil, new(9)
		}
		if seed%4 == 3 {
			opts.Peak = 0.4
		}
		for _, c := range f.plan(t, opts).Changes {
			if slices.Contains(barred[c.User], c.To) {
				t.Errorf("seed %d: %s moves to %s", seed, c.User, c.To)
			}
		}
	}

	drain := []planner.Subject{"store:s0"}
	f := newSmall(3).user("anna", 0, 1)
	for _, test := range []struct {
		barred []inventory.StoreID
		want   string
	}{
		{nil, "anna:s0>s1"}, {[]inventory.StoreID{"s1"}, "anna:s0>s2"}, {[]inventory.StoreID{"s2", "s0", "s9"}, "anna:s0>s1"}, {[]inventory.StoreID{"s1", "s2"}, ""},
	} {
		plan := f.plan(t, users.Options{Drain: drain, Barred: map[inventory.UserID][]inventory.StoreID{"anna": test.barred, "nobody": {"s1"}}})
		if got := moves(plan); got != test.want || (test.want == "") != (len(plan.Violations) > 0) {
			t.Errorf("barred from %v: %q, %+v", test.barred, got, plan.Violations)
		}
	}
}
