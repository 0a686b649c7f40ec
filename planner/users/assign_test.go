package users_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/users"
)

func TestAssign(t *testing.T) {
	for _, test := range []struct {
		name    string
		fleet   small
		opts    users.Options
		want    string // moves
		broken  string // violations in words
		warning string
		stopped planner.Stopped
	}{
		{
			name:  "nothing broken, nothing asked for: nothing changes",
			fleet: newSmall(3).fill("a", 0, 8, 10).fill("b", 1, 2, 10), stopped: planner.AtBound,
		},
		{
			name:  "a store exactly at its ceiling is not above it",
			fleet: newSmall(2).fill("a", 0, 17, 5), stopped: planner.AtBound,
		},
		{
			name:  "the user that brings the store below its ceiling at least cost",
			fleet: newSmall(2).user("ann", 0, 50).user("bob", 0, 30).user("cem", 0, 12).user("dee", 0, 3),
			want:  "cem:s0>s1", stopped: planner.AtBound,
		},
		{
			name:  "new empty stores are filled",
			fleet: newSmall(3).fill("a", 0, 8, 10),
			opts:  users.Options{Peak: 0.3}, want: "a00:s0>s1 a01:s0>s2 a02:s0>s1 a03:s0>s2 a04:s0>s1", stopped: planner.AtBound,
		},
		{
			name:  "a drained store ends empty",
			fleet: newSmall(3).fill("a", 0, 2, 10).fill("b", 1, 1, 40),
			opts:  users.Options{Drain: []planner.Subject{"s0"}}, want: "a00:s0>s2 a01:s0>s2", stopped: planner.AtBound,
		},
		{
			name:  "a torn group comes together where most of it is",
			fleet: newSmall(3).user("ann", 0, 3).user("bob", 1, 20).user("cem", 2, 5).tie("ann", "bob").tie("bob", "cem"),
			want:  "ann:s0>s1 cem:s2>s1", stopped: planner.AtBound,
		},
		{
			name:  "a pinned member says where the group goes",
			fleet: newSmall(3).user("ann", 0, 3).user("bob", 1, 20).tie("ann", "bob").pin("ann"),
			want:  "bob:s1>s0", stopped: planner.AtBound,
		},
		{
			name:    "pinned members hold a group apart",
			fleet:   newSmall(3).user("ann", 0, 3).user("bob", 1, 20).tie("ann", "bob").pin("ann").pin("bob"),
			broken:  "share group ann lives on 2 stores",
			warning: "share group ann cannot come together", stopped: planner.LocalOptimum,
		},
		{
			name:  "a pinned user keeps its group on a drained store",
			fleet: newSmall(2).user("ann", 0, 3).user("bob", 0, 20).user("cem", 0, 1).tie("ann", "bob").pin("ann"),
			opts:  users.Options{Drain: []planner.Subject{"store:s0"}}, want: "cem:s0>s1",
			broken: "store s0 drains and still has 2 users", stopped: planner.LocalOptimum,
		},
		{
			name:  "who is kept stays, with the group",
			fleet: newSmall(2).user("ann", 0, 30).user("bob", 0, 30).user("cem", 0, 40).tie("ann", "bob"),
			opts:  users.Options{Keep: []planner.Subject{"user:ann"}}, want: "cem:s0>s1", stopped: planner.AtBound,
		},
		{
			name:  "a group that fits nowhere is named",
			fleet: newSmall(2).user("ann", 0, 90).user("bob", 1, 1), broken: "disk of store s0 is at 90.0 % of its capacity, above the ceiling of 85 %",
			warning: "share group ann fits on no store, not even on an empty one", stopped: planner.LocalOptimum,
		},
		{
			name:  "a group that needs an empty store is named",
			fleet: newSmall(2).user("ann", 0, 80).fill("b", 1, 4, 10), opts: users.Options{Drain: []planner.Subject{"s0"}},
			broken:  "store s0 drains and still has 1 user",
			warning: "share group ann fits on no other store unless one is emptied for it", stopped: planner.LocalOptimum,
		},
		{
			name:  "a peak that cannot be reached",
			fleet: newSmall(2).user("ann", 0, 40).user("bob", 0, 10), opts: users.Options{Peak: 0.3}, want: "bob:s0>s1",
			broken:  "disk of store s0 is at 40.0 % of its capacity, above the ceiling of 30 %",
			warning: "share group ann fits on no store at the wished peak, not even on an empty one", stopped: planner.LocalOptimum,
		},
		{
			name:  "a peak that cannot be reached pushes nobody above it",
			fleet: newSmall(2).user("ann", 0, 60).user("bob", 0, 30).user("cem", 1, 50).pin("cem"), opts: users.Options{Peak: 0.6},
			broken:  "disk of store s0 is at 90.0 % of its capacity, above the ceiling of 85 %",
			warning: "stores receive nothing above the wished peak; with a higher one, or without, users may repair more", stopped: planner.LocalOptimum,
		},
		{
			name:  "nor does a store that drains",
			fleet: newSmall(2).user("ann", 0, 30).user("bob", 0, 5).user("cem", 1, 50), opts: users.Options{Peak: 0.6, Drain: []planner.Subject{"s0"}},
			want: "bob:s0>s1", broken: "store s0 drains and still has 1 user",
			warning: "share group ann fits on no other store at the wished peak unless one is emptied for it", stopped: planner.LocalOptimum,
		},
		{
			name:  "with a budget it is only an aim",
			fleet: newSmall(2).user("ann", 0, 60).user("bob", 0, 22).user("cem", 1, 50), opts: users.Options{Peak: 0.6, MaxUsers: new(9)},
			want: "bob:s0>s1", stopped: planner.LocalOptimum,
		},
		{
			name:  "the lowest peak for a budget",
			fleet: newSmall(2).user("ann", 0, 20).user("bob", 0, 13).user("cem", 0, 12), opts: users.Options{MaxBytes: new(int64(13e9))},
			want: "bob:s0>s1", stopped: planner.AtBound,
		},
		{
			name:  "the lowest peak for a larger budget",
			fleet: newSmall(2).user("ann", 0, 20).user("bob", 0, 13).user("cem", 0, 12), opts: users.Options{MaxBytes: new(int64(24e9))},
			want: "ann:s0>s1", stopped: planner.Budget,
		},
		{
			name:  "the lowest peak for a budget that gathers no torn group",
			fleet: budgetFleet(), opts: users.Options{MaxUsers: new(2)},
			want: "a00:s0>s1 a01:s0>s2", broken: "share group xa lives on 2 stores", stopped: planner.Budget,
		},
		{
			name:  "no budget, no moves",
			fleet: newSmall(2).fill("a", 0, 9, 10), opts: users.Options{MaxUsers: new(int)},
			broken: "disk of store s0 is at 90.0 % of its capacity, above the ceiling of 85 %", stopped: planner.Budget,
		},
		{
			name:  "the fewest moves",
			fleet: newSmall(2).fill("a", 0, 6, 4).fill("b", 0, 2, 36), opts: users.Options{Light: true},
			want: "b00:s0>s1", stopped: planner.LocalOptimum,
		},
		{
			name:  "a light plan leaves torn groups",
			fleet: newSmall(2).user("ann", 0, 3).user("bob", 1, 20).tie("ann", "bob"), opts: users.Options{Light: true},
			warning: "share group ann lives on 2 stores", stopped: planner.AtBound,
		},
		{
			name:  "and does the rest",
			fleet: newSmall(3).user("ann", 0, 3).user("bob", 1, 20).tie("ann", "bob").user("cem", 0, 75).user("dee", 0, 10),
			opts:  users.Options{Light: true}, want: "dee:s0>s2", warning: "share group ann lives on 2 stores", stopped: planner.LocalOptimum,
		},
		{
			name:  "but empties drained stores of them",
			fleet: newSmall(3).user("ann", 0, 3).user("bob", 1, 20).tie("ann", "bob"),
			opts:  users.Options{Light: true, Drain: []planner.Subject{"s0"}}, want: "ann:s0>s1", stopped: planner.AtBound,
		},
		{
			name:  "and names those that hold them apart there",
			fleet: newSmall(3).user("ann", 0, 3).user("bob", 1, 20).tie("ann", "bob").pin("ann"),
			opts:  users.Options{Light: true, Drain: []planner.Subject{"s0"}}, broken: "store s0 drains and still has 1 user",
			warning: "share group ann cannot come together", stopped: planner.LocalOptimum,
		},
		{
			name:  "a light plan says where torn groups keep a store too full",
			fleet: newSmall(3).user("ann", 0, 90).user("bob", 1, 80).tie("ann", "bob"), opts: users.Options{Light: true},
			broken:  "disk of store s0 is at 90.0 % of its capacity, above the ceiling of 85 %",
			warning: "stores that stay too full hold members of torn share groups, whom a light plan leaves where they are: 1", stopped: planner.LocalOptimum,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			plan := test.fleet.plan(t, test.opts)
			if got := moves(plan); got != test.want {
				t.Errorf("moves %q, want %q", got, test.want)
			}
			var broken []string
			for _, v := range plan.Violations {
				broken = append(broken, v.String())
			}
			if got := strings.Join(broken, "; "); got != test.broken {
				t.Errorf("broken: %q, want %q", got, test.broken)
			}
			if test.warning != "" && !warned(plan, test.warning) {
				t.Errorf("no warning %q in %v", test.warning, plan.Warnings)
			}
			if plan.Stopped != test.stopped {
				t.Errorf("stopped %q, want %q (bounds %v, gap %v)", plan.Stopped, test.stopped, plan.Bounds, plan.Gap)
			}
		})
	}
}

// budgetFleet returns a fleet of a full store, an empty one and a share group
// torn so that three users must move to gather it. It is too large for the
// search of small fleets.
func budgetFleet() small {
	f := newSmall(4).fill("a", 0, 10, 9).fill("b", 3, 130, 0.1)
	for i := range 3 {
		x, y := fmt.Sprintf("x%c", 'a'+i), fmt.Sprintf("y%c", 'a'+i)
		f.user(x, 1, 1).user(y, 2, 1).tie("xa", x, y)
	}
	return f
}

func TestGroupsThatMayStayOrMoveAreNotNamed(t *testing.T) {
	stays := newSmall(2).user("ann", 0, 80).fill("b", 1, 4, 10)
	goes := newSmall(3).user("ann", 0, 80).fill("b", 1, 4, 10)
	for _, plan := range []*planner.Assignment{
		stays.plan(t, users.Options{}),
		goes.plan(t, users.Options{Drain: []planner.Subject{"s0"}}),
	} {
		if len(plan.Violations) > 0 || warned(plan, "unless one is emptied") {
			t.Errorf("moves %q, broken %v: %v", moves(plan), plan.Violations, plan.Warnings)
		}
	}
}

func TestStoresThatMayNotReceive(t *testing.T) {
	for name, change := range map[string]func(small){
		"without instance": func(f small) { f.Stores[1].Instances = nil },
		"master down":      func(f small) { f.Servers[1].State = inventory.Down },
		"draining":         func(f small) { f.Stores[1].State = inventory.Drain },
		"other settings": func(f small) {
			f.Stores[0].Instances[0].Settings.Separator = "/"
			f.Stores[1].Instances[0].Settings.Separator = "."
		},
		"its replica's server full": func(f small) { f.Servers[2].Capacity[0] = 10e9 },
	} {
		t.Run(name, func(t *testing.T) {
			f := newSmall(2).fill("a", 0, 10, 10)
			change(f)
			if plan := f.plan(t, users.Options{}); len(plan.Changes) > 0 || len(plan.Violations) == 0 {
				t.Errorf("moves %q, broken %v", moves(plan), plan.Violations)
			}
		})
	}
}

func TestDestinationsNeedNobodyToLeave(t *testing.T) {
	const warning = "1 of the share groups that move has room only when others have left"
	for _, test := range []struct {
		name  string
		other float64 // GB on the other store
		tight bool    // so is the other store's server
		want  string
		waits bool
	}{
		{"another store has room now", 30, false, "bob:s1>s0 dee:s3>s2", false},
		{"none has", 60, false, "bob:s1>s0 dee:s3>s1", true},
		{"its server has none", 30, true, "bob:s1>s0 dee:s3>s1", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newSmall(4).user("ann", 0, 44).user("bob", 1, 40).tie("ann", "bob").user("cem", 1, 10).user("dee", 3, 40)
			f.user("eva", 2, test.other)
			if test.tight {
				f.Servers[2].Capacity[0] = 125e9
			}
			plan := f.plan(t, users.Options{Drain: []planner.Subject{"s3"}})
			if got := moves(plan); got != test.want {
				t.Errorf("moves %q, want %q", got, test.want)
			}
			if warned(plan, warning) != test.waits {
				t.Errorf("%v", plan.Warnings)
			}
		})
	}
}

func TestTornGroupsWaitOnlyWhereThatSavesMuch(t *testing.T) {
	for _, large := range []bool{false, true} { // too large for the search of small fleets
		for ann, want := range map[float64]string{
			20: "bob:s1>s0 dee:s1>s2", // s1 has no room until dee is removed there
			15: "ann:s0>s1 dee:s1>s2",
		} {
			f := newSmall(3).user("ann", 0, ann).user("bob", 1, 21).tie("ann", "bob").user("cem", 1, 40)
			f.user("dee", 1, 20).user("eva", 2, 30).tie("dee", "eva")
			if large {
				f.fill("f", 2, 200, 0.1)
			}
			plan := f.plan(t, users.Options{})
			if got := moves(plan); got != want || len(plan.Violations) > 0 {
				t.Errorf("with %v GB: moves %q, want %q, broken %v", ann, got, want, plan.Violations)
			}
		}
	}
}

func TestNewUsersGoWhereRoomIs(t *testing.T) {
	f := newSmall(3).fill("a", 0, 4, 10).fill("b", 1, 1, 10)
	plan := f.plan(t, users.Options{Place: 7})
	got := fmt.Sprint(plan.NewUsers)
	if want := "[{s1 3 {0.4 true}} {s2 4 {0.4 true}}]"; got != want {
		t.Errorf("new users %s, want %s", got, want)
	}
	if len(plan.Changes) > 0 {
		t.Errorf("moves %q", moves(plan))
	}
	plan = f.plan(t, users.Options{Place: 100})
	if !warned(plan, "81 of 100 new users of average load fit nowhere") {
		t.Errorf("%v, %v", plan.NewUsers, plan.Warnings)
	}
}
