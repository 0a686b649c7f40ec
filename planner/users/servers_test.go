package users_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/users"
)

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
