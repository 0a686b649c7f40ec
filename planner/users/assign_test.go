package users_test

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/sharing"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/users"
)

// small builds fleets of three large servers and stores of 100 GB, mirrored from
// each server to the next.
type small struct{ *inventory.Inventory }

func newSmall(stores int) small {
	inv := inventory.New()
	for i := range 3 {
		inv.Servers = append(inv.Servers, inventory.Server{
			Name: inventory.ServerID(fmt.Sprintf("imap%d", i)), State: inventory.Active, Slots: inventory.Unlimited,
			Capacity: inventory.Load{1e12, 1e6},
		})
	}
	for i := range stores {
		inv.Stores = append(inv.Stores, inventory.Store{
			Name: inventory.StoreID(fmt.Sprintf("s%d", i)), State: inventory.Active, Capacity: inventory.Load{100e9},
			Instances: []inventory.Instance{
				{Server: inv.Servers[i%3].Name, Role: inventory.Master}, {Server: inv.Servers[(i+1)%3].Name, Role: inventory.Replica},
			},
		})
	}
	return small{inv}
}

// user adds a user with a load of disk in GB.
func (f small) user(name string, store int, gb float64) small {
	f.Users = append(f.Users, inventory.User{
		Name: inventory.UserID(name), Store: f.Stores[store].Name, Load: inventory.Load{gb * 1e9, gb},
		Messages: inventory.Unknown, Mailboxes: inventory.Unknown,
	})
	return f
}

// fill adds as many users of equal size.
func (f small) fill(prefix string, store, n int, gb float64) small {
	for i := range n {
		f.user(fmt.Sprintf("%s%02d", prefix, i), store, gb)
	}
	return f
}

// tie lets the first user share with the others.
func (f small) tie(owner string, others ...string) small {
	for _, other := range others {
		f.Shares = append(f.Shares, inventory.Share{Owner: inventory.UserID(owner), Folder: "Work", Grantee: other, Rights: "lrs"})
	}
	return f
}

func (f small) pin(name string) small {
	for u := range f.Users {
		if f.Users[u].Name == inventory.UserID(name) {
			f.Users[u].Pinned = true
		}
	}
	return f
}

// weigh gives the user another load of disk in GB and io.
func (f small) weigh(name string, gb, io float64) small {
	for u := range f.Users {
		if f.Users[u].Name == inventory.UserID(name) {
			f.Users[u].Load = inventory.Load{gb * 1e9, io}
		}
	}
	return f
}

func (f small) plan(t *testing.T, opts users.Options) *planner.Assignment {
	t.Helper()
	f.Sort()
	return assign(t, f.Inventory, opts)
}

// moves lists what the plan moves: user:from>to.
func moves(plan *planner.Assignment) string {
	var words []string
	for _, c := range plan.Changes {
		words = append(words, fmt.Sprintf("%s:%s>%s", c.User, c.From, c.To))
	}
	return strings.Join(words, " ")
}

func warned(plan *planner.Assignment, part string) bool {
	for _, w := range plan.Warnings {
		if strings.Contains(w.Text, part) {
			return true
		}
	}
	return false
}

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

func TestNobodyLeavesStoresThatAreOffline(t *testing.T) {
	const warning = "no user can leave store s0: none of its instances is on a server that is up"
	for _, test := range []struct {
		name   string
		fleet  small
		opts   users.Options
		broken string
		warned bool
	}{
		{
			"that drain", newSmall(3).fill("a", 0, 2, 10),
			users.Options{Drain: []planner.Subject{"s0"}},
			"store s0 drains and still has 2 users", true,
		},
		{
			"that are too full", newSmall(3).fill("a", 0, 9, 10),
			users.Options{},
			"disk of store s0 is at 90.0 % of its capacity, above the ceiling of 85 %", true,
		},
		{
			"with members of torn groups", newSmall(3).user("ann", 0, 3).user("bob", 2, 20).tie("ann", "bob"),
			users.Options{},
			"share group ann lives on 2 stores", true,
		},
		{"where nobody should", newSmall(3).fill("a", 0, 2, 10), users.Options{}, "", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.fleet.Servers[0].State, test.fleet.Servers[1].State = inventory.Down, inventory.Down
			plan := test.fleet.plan(t, test.opts)
			if len(plan.Changes) > 0 || warned(plan, warning) != test.warned {
				t.Errorf("moves %q: %v", moves(plan), plan.Warnings)
			}
			var broken []string
			for _, v := range plan.Violations {
				broken = append(broken, v.String())
			}
			if got := strings.Join(broken, "; "); got != test.broken {
				t.Errorf("broken: %q, want %q", got, test.broken)
			}
		})
	}
}

func TestUsersLeaveStoresThatReplicasServe(t *testing.T) {
	f := newSmall(3).fill("a", 0, 2, 10)
	f.Servers[0].State = inventory.Down
	plan := f.plan(t, users.Options{Drain: []planner.Subject{"s0"}})
	if got := moves(plan); got != "a00:s0>s1 a01:s0>s2" {
		t.Errorf("moves %q, broken %v", got, plan.Violations)
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

func TestNobodyMovesToWhereBothCopiesHaveNoRoom(t *testing.T) {
	for _, test := range []struct {
		name   string
		opts   users.Options
		small  []int // servers with room for 100 GB
		want   string
		broken string
	}{
		{"another store has room", users.Options{Drain: []planner.Subject{"s0"}}, []int{0}, "ann:s0>s4", ""},
		{
			"what must move does all the same",
			users.Options{Drain: []planner.Subject{"s0"}},
			[]int{0, 1, 2},
			"ann:s0>s2",
			"on the way, disk of server imap0 is at 102.0 %, above 85 %",
		},
		{
			"what is only wished does not",
			users.Options{Peak: 0.5},
			[]int{0, 1, 2},
			"",
			"disk of store s0 is at 60.0 % of its capacity, above the ceiling of 50 %",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newSmall(6).user("ann", 0, 60).user("bob", 1, 1)
			for _, s := range test.small {
				f.Servers[s].Capacity[0] = 100e9 / 0.85
			}
			plan := f.plan(t, test.opts)
			var broken []string
			for _, v := range plan.Violations {
				broken = append(broken, v.String())
			}
			if got := strings.Join(broken, "; "); moves(plan) != test.want || got != test.broken {
				t.Errorf("moves %q, want %q; broken %q", moves(plan), test.want, got)
			}
		})
	}
}

func TestServersComeBelowTheirCeilings(t *testing.T) {
	f := newSmall(3).fill("a", 0, 6, 10).fill("c", 2, 1, 10)
	f.Servers[0].Capacity[0] = 80e9
	plan := f.plan(t, users.Options{})
	if plan.BytesCopied != 10e9 || plan.Changes[0].To != "s1" || len(plan.Violations) > 0 {
		t.Errorf("moves %q, %d bytes, broken %v", moves(plan), plan.BytesCopied, plan.Violations)
	}
}

// failover returns a fleet of four servers of which imap1 promotes s0 when imap0
// fails, and then does 60+50 io operations where it may do 100.
func failover() small {
	f := newSmall(3)
	f.Servers = append(f.Servers, f.Servers[2])
	f.Servers[3].Name = "imap3"
	f.Stores = append(f.Stores, inventory.Store{
		Name: "s3", State: inventory.Active, Capacity: inventory.Load{100e9},
		Instances: []inventory.Instance{{Server: "imap3", Role: inventory.Master}, {Server: "imap2", Role: inventory.Replica}},
	})
	f.Servers[1].Capacity[1] = 100
	return f.user("ann", 0, 20).user("bob", 0, 20).user("eva", 0, 10).user("cem", 1, 30).user("dee", 1, 30)
}

func TestServersComeBelowTheirFailureCeilings(t *testing.T) {
	const moved = "users move for 1 failure ceiling that is passed today; a layout plan may"
	for _, test := range []struct {
		name    string
		fleet   small
		opts    users.Options
		want    string
		broken  string
		warning string
		stopped planner.Stopped
	}{
		{"users leave what it promotes", failover(), users.Options{}, "eva:s0>s2", "", moved, planner.AtBound},
		{"or what it masters", failover().weigh("cem", 7, 30), users.Options{}, "cem:s1>s2", "", moved, planner.AtBound},
		{"or both", failover().weigh("cem", 2, 4).weigh("dee", 30, 56).weigh("eva", 3, 6).weigh("ann", 20, 24), users.Options{}, "cem:s1>s3 eva:s0>s2", "", moved, planner.AtBound},
		{
			"unless they must stay", failover(),
			users.Options{Keep: []planner.Subject{"store:s0", "store:s1"}},
			"",
			"io of server imap1 is at 110.0 % when server:imap0 fails, above the failure ceiling of 100 %",
			"1 failure ceiling stays passed", planner.LocalOptimum,
		},
		{
			"or not enough can leave", failover().weigh("eva", 1, 4).weigh("ann", 20, 26),
			users.Options{Keep: []planner.Subject{"user:ann", "user:bob", "s1"}},
			"",
			"io of server imap1 is at 110.0 % when server:imap0 fails, above the failure ceiling of 100 %",
			"1 failure ceiling stays passed", planner.LocalOptimum,
		},
		{
			"or a budget does not allow it", failover(),
			users.Options{MaxBytes: new(int64(9e9))},
			"",
			"io of server imap1 is at 110.0 % when server:imap0 fails, above the failure ceiling of 100 %",
			"1 failure ceiling stays passed", planner.Budget,
		},
	} {
		for _, large := range []bool{false, true} { // too large for the search of small fleets
			t.Run(fmt.Sprintf("%s, large %v", test.name, large), func(t *testing.T) {
				f := small{test.fleet.Clone()}
				if large {
					f.fill("x", 3, 250, 0.01)
				}
				plan := f.plan(t, test.opts)
				var broken []string
				for _, v := range plan.Violations {
					broken = append(broken, v.String())
				}
				if got := strings.Join(broken, "; "); moves(plan) != test.want || got != test.broken {
					t.Errorf("moves %q, want %q; broken %q", moves(plan), test.want, got)
				}
				if !warned(plan, test.warning) || plan.Stopped != test.stopped {
					t.Errorf("stopped %s, bounds %v: %v", plan.Stopped, plan.Bounds, plan.Warnings)
				}
			})
		}
	}
}

// hot returns a fleet in which bob must leave s2. Of the stores that could take
// him s1 is the emptiest, but imap1 then carries more after the failure of imap0
// than any server does today: 50+10+10 io operations of 100. On s3 nobody would.
func hot() small {
	f := failover()
	f.Users = nil
	return f.user("ann", 2, 80).weigh("ann", 80, 0).user("bob", 2, 20).weigh("bob", 20, 10).
		user("cem", 1, 1).weigh("cem", 1, 50).user("dee", 0, 40).weigh("dee", 40, 10).user("eva", 3, 30)
}

func TestTheWorstFailureStaysAsItIsWherePossible(t *testing.T) {
	for _, test := range []struct {
		name  string
		fleet small
		opts  users.Options
		want  string
		worst float64
	}{
		{"another store is as good", hot(), users.Options{}, "bob:s2>s3", 0.6},
		{"of two equally good ones that with room to grow", twin(hot().weigh("eva", 58, 1)), users.Options{}, "bob:s2>s4", 0.6},
		{"none has room", hot().weigh("eva", 70, 1), users.Options{}, "bob:s2>s1", 0.7},
		{"the other would be the fullest", hot().weigh("eva", 62, 1), users.Options{}, "bob:s2>s1", 0.7},
		{"the other would be above the target", hot().weigh("ann", 55, 0), users.Options{Peak: 0.49, Keep: []planner.Subject{"user:ann"}}, "bob:s2>s1", 0.7},
		{"a torn group would be copied more", hot().user("fay", 1, 30).weigh("fay", 30, 0).tie("fay", "bob"), users.Options{}, "bob:s2>s1", 0.7},
		{"he would have to wait for room", hot().weigh("eva", 50, 1).user("fay", 3, 30).weigh("fay", 30, 0).tie("fay", "dee"), users.Options{}, "bob:s2>s1 fay:s3>s0", 0.7},
		{"nobody asks to survive it", surviving(hot(), nil), users.Options{}, "bob:s2>s1", 0.7},
	} {
		for _, large := range []bool{false, true} { // too large for the search of small fleets
			t.Run(fmt.Sprintf("%s, large %v", test.name, large), func(t *testing.T) {
				f := small{test.fleet.Clone()}
				if large {
					f.fill("x", 3, 250, 0.001)
				}
				plan := f.plan(t, test.opts)
				if got := moves(plan); got != test.want || plan.Promises.WorstSingle.Utilisation.Value != test.worst {
					t.Errorf("moves %q, want %q; worst %+v, was %+v", got, test.want, plan.Promises.WorstSingle, plan.Before.WorstSingle)
				}
			})
		}
	}
}

// twin adds s4 on the servers of s3.
func twin(f small) small {
	s4 := f.Stores[3]
	s4.Name = "s4"
	f.Stores = append(f.Stores, s4)
	return f.user("gus", 4, 10)
}

func surviving(f small, levels []inventory.Level) small {
	f.Survive = levels
	return f
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

func TestUnknownSubjects(t *testing.T) {
	f := newSmall(2).fill("a", 0, 2, 10)
	for _, opts := range []users.Options{
		{Drain: []planner.Subject{"store:s9"}},
		{Drain: []planner.Subject{"server:imap1"}},
		{Keep: []planner.Subject{"user:nobody"}},
		{Keep: []planner.Subject{"rack:a1"}},
		{Keep: []planner.Subject{"s7"}},
	} {
		_, err := users.Assign(context.Background(), f.Inventory, sharing.Groups(f.Inventory), opts)
		subject := append(opts.Drain, opts.Keep...)[0]
		if err == nil || !strings.Contains(err.Error(), string(subject)) {
			t.Errorf("%+v: error %v", opts, err)
		}
	}
}

func TestBudgetsAreSpentOrSaidNotToBe(t *testing.T) {
	for _, test := range []struct {
		name    string
		fleet   small
		opts    users.Options
		moves   int
		stopped planner.Stopped
	}{
		{"all of it", newSmall(10).fill("a", 0, 1000, 0.01), users.Options{MaxUsers: new(500)}, 500, planner.AtBound},
		{"all but what is too little for anybody", newSmall(3).fill("a", 0, 300, 0.2).fill("b", 1, 1, 58.99), users.Options{MaxBytes: new(int64(1.1e9))}, 5, planner.Budget},
		{"not all of it where that lowers nothing", newSmall(3).fill("a", 0, 500, 0.05).fill("b", 1, 500, 0.05), users.Options{MaxUsers: new(500)}, 332, planner.Steps},
		{"none of it where nothing does", newSmall(2).fill("a", 0, 2, 20).fill("b", 1, 1, 20), users.Options{MaxUsers: new(2)}, 0, planner.LocalOptimum},
	} {
		t.Run(test.name, func(t *testing.T) {
			plan := test.fleet.plan(t, test.opts)
			if len(plan.Changes) != test.moves || plan.Stopped != test.stopped {
				t.Errorf("%d moves, %s, want %d, %s: peak %v, bound %v", len(plan.Changes), plan.Stopped, test.moves, test.stopped, plan.Promises.PeakUtilisation, plan.Bounds.PeakUtilisation)
			}
		})
	}
}

func TestOptionsThatMeanNothing(t *testing.T) {
	f := newSmall(2).fill("a", 0, 2, 10)
	for want, opts := range map[string]users.Options{
		"a peak of NaN":           {Peak: math.NaN()},
		"a peak of -0.1":          {Peak: -0.1},
		"a peak of 1.5":           {Peak: 1.5},
		"a peak of +Inf":          {Peak: math.Inf(1)},
		"a budget of -1 bytes":    {MaxBytes: new(int64(-1))},
		"a budget of -2 users":    {MaxUsers: new(-2)},
		"-3 new users":            {Place: -3},
		"a budget of -4 bytes":    {MaxBytes: new(int64(-4)), Drain: []planner.Subject{"s9"}},
		"store to drain: \"s9\"":  {MaxBytes: new(int64(-4)), Drain: []planner.Subject{"s9"}},
		"server to keep: \"s8\"":  {Keep: []planner.Subject{"s8"}, Drain: []planner.Subject{"s9"}},
		"a peak of 2: it must be": {Peak: 2, MaxUsers: new(-1)},
	} {
		plan, err := users.Assign(context.Background(), f.Inventory, sharing.Groups(f.Inventory), opts)
		if plan != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v", want, err)
		}
	}
}

// countdown is a context that ends when it has been asked so many times.
type countdown struct {
	context.Context
	left *int
}

func (c countdown) Err() error {
	if *c.left--; *c.left < 0 {
		return context.Canceled
	}
	return nil
}

func TestInterruptedPlansAreWhole(t *testing.T) {
	for _, asked := range []int{0, 1, 3, 5, 10, 20, 100} {
		f := newSmall(6).fill("a", 0, 12, 10).fill("b", 1, 20, 5).fill("c", 2, 3, 10)
		f.Sort()
		left := asked
		ctx := countdown{context.Background(), &left}
		plan, err := users.Assign(ctx, f.Inventory, sharing.Groups(f.Inventory), users.Options{Peak: 0.6, Place: 1000})
		if err != nil {
			t.Fatal(err)
		}
		if plan.Stopped != planner.Cancelled || asked == 0 && len(plan.Changes) > 0 {
			t.Errorf("asked %d times: %s, moves %q", asked, plan.Stopped, moves(plan))
		}
		if plan.Bounds.BytesCopied.Known || len(plan.NewUsers) > 0 || warned(plan, "fit nowhere") {
			t.Errorf("asked %d times: an interrupted plan says what it did not find out: %+v, %+v, %v", asked, plan.Bounds, plan.NewUsers, plan.Warnings)
		}
		checkStores(t, plan.Target(f.Inventory), plan)
	}
}

func TestProgressIsTold(t *testing.T) {
	told := 0
	newSmall(2).fill("a", 0, 10, 10).plan(t, users.Options{Progress: func(p users.Progress) {
		told++
		if p.Doing == "" || p.Done > p.Total {
			t.Errorf("%+v", p)
		}
	}})
	if told == 0 {
		t.Error("nothing told")
	}
}
