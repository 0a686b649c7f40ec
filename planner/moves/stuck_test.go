package moves_test

import (
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/moves"
)

func server(name string) inventory.ServerID { return inventory.ServerID(name) }
func store(name string) inventory.StoreID   { return inventory.StoreID(name) }

// TestDeadlocks has plans that no order carries out: everything is scheduled all
// the same, and the violation says where and by how much.
func TestDeadlocks(t *testing.T) {
	full := func() fleet {
		return newFleet().server("a", 10).server("b", 10).store("s", 8, 0, "a").store("t", 6, 0, "b")
	}
	swap := []string{"seed s b from a", "promote s b from a", "drop s a", "seed t a from b", "promote t a from b", "drop t b"}
	slotted := newFleet().server("a", 100, slots(1)).server("b", 100, slots(1)).store("s", 1, 0, "a").store("t", 1, 0, "b")
	small := newFleet().server("a", 100).server("b", 100).store("s", 0, 0, "a").store("t", 0, 0, "b").user("u", "s", 4).user("v", "t", 4)
	for i := range small.Stores {
		small.Stores[i].Capacity[0] = 5e9
	}
	busy := newFleet().server("a", 100, io(12)).server("b", 100, io(8)).store("s", 1, 8, "a", "b").store("t", 1, 4, "b", "a")
	tests := []struct {
		name  string
		fleet fleet
		opts  moves.Options
		plan  func(f fleet) planner.Plan
		want  string // rule, subject, resource, value and limit in words
	}{
		{"two full servers", full(), moves.Options{}, func(f fleet) planner.Plan { return f.layoutOf(swap...) }, "on the way, disk of server b is at 140.0 %, above 100 %"},
		{"two full servers without waves", full(), moves.Options{Continuous: true}, func(f fleet) planner.Plan { return f.layoutOf(swap...) }, "on the way, disk of server b is at 140.0 %, above 100 %"},
		{"two servers without slots", slotted, moves.Options{}, func(f fleet) planner.Plan { return f.layoutOf(swap...) }, "on the way, server b has 2 instances in 1 slot"},
		{"two full stores", small, moves.Options{KeepSource: -1}, func(f fleet) planner.Plan { return f.usersOf("u s t", "v t s") }, "on the way, disk of store t is at 160.0 %, above 100 %"},
		{"a copy is dropped before its successor is there", newFleet().server("a", 100).server("b", 100).server("c", 100).store("s", 1, 0, "a", "b"), moves.Options{}, func(f fleet) planner.Plan { return f.layoutOf("drop s b", "seed s c from a") }, "store s has 1 of 2 promised instances"},
		{"a living copy is given up for another", newFleet().server("a", 100).server("b", 100).server("c", 100, down).store("s", 1, 0, "a", "b", "c"), moves.Options{}, func(f fleet) planner.Plan { return f.layoutOf("drop s b") }, "store s keeps 1 of its 2 living instances while server:c is down"},
		{"too much in the target itself", busy, moves.Options{}, func(f fleet) planner.Plan { return f.layoutOf("promote s b from a") }, "io of server b is at 150.0 %, above the ceiling of 100 %"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := test.fleet.schedule(t, test.opts, test.plan(test.fleet))
			if len(s.Violations) != 1 {
				t.Fatalf("violations %v, want one", s.Violations)
			}
			if got := s.Violations[0].String(); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// TestDetour has two full servers whose stores change places, one by way of a third
// server: what it leaves must be free before it comes back.
func TestDetour(t *testing.T) {
	f := newFleet().server("a", 10).server("b", 10).server("c", 10).store("s", 8, 0, "a").store("t", 6, 0, "b")
	plan := f.layoutOf("seed s c from a", "promote s c from a", "drop s a", "seed t a from b", "promote t a from b", "drop t b",
		"seed s b from c", "promote s b from c", "drop s c")
	for _, opts := range []moves.Options{{}, {Continuous: true}} {
		s := f.schedule(t, opts, plan)
		if len(s.Violations) > 0 {
			t.Errorf("%+v: violations %v, want none", opts, s.Violations)
		}
		if !opts.Continuous && len(s.Waves) != 3 {
			t.Errorf("%d waves, want 3", len(s.Waves))
		}
	}
}

// TestSourcesAreWaitedFor has users who change places: the second one finds room
// only when the mail of the first is removed at its source.
func TestSourcesAreWaitedFor(t *testing.T) {
	f := newFleet().server("a", 10).server("b", 14).store("s", 0, 0, "a").store("t", 0, 0, "b").user("u", "s", 8).user("v", "t", 4)
	plan := f.usersOf("u s t", "v t s")
	tests := []struct {
		keep time.Duration
		want string
		warn string
	}{
		{-1, "m1 1 0-128, m2 2 128-192", ""},
		{time.Hour, "m1 1 0-128, m2 2 3728-3792", "nothing moves for 1 h"},
		{0, "m1 1 0-128, m2 2 1.209728e+06-1.209792e+06", "nothing moves for 14 d"},
	}
	for _, test := range tests {
		for _, continuous := range []bool{false, true} {
			s := f.schedule(t, moves.Options{KeepSource: test.keep, Continuous: continuous}, plan)
			want := test.want
			if continuous {
				want = strings.NewReplacer(" 1 ", " - ", " 2 ", " - ").Replace(want)
			}
			if got := times(s); got != want {
				t.Errorf("keep %v: got %s, want %s", test.keep, got, want)
			}
			if len(s.Violations) > 0 || s.BoundSeconds != s.MakespanSeconds {
				t.Errorf("keep %v: violations %v, makespan %v, bound %v", test.keep, s.Violations, s.MakespanSeconds, s.BoundSeconds)
			}
			if warned := len(s.Warnings) > 0 && strings.Contains(s.Warnings[0].Text, test.warn); warned != (test.warn != "") {
				t.Errorf("keep %v: warnings %v, want %q", test.keep, s.Warnings, test.warn)
			}
		}
	}
}

// TestNoWaitInVain has two full servers whose stores change places, and a user
// whose mail stays at its source for long, elsewhere.
func TestNoWaitInVain(t *testing.T) {
	f := newFleet().server("a", 10).server("b", 10).server("c", 100).server("d", 100).
		store("s", 8, 0, "a").store("t", 8, 0, "b").store("x", 0, 0, "c").store("y", 0, 0, "d").user("u", "x", 1)
	swap := f.layoutOf("seed s b from a", "promote s b from a", "drop s a", "seed t a from b", "promote t a from b", "drop t b")
	for _, continuous := range []bool{false, true} {
		s := f.schedule(t, moves.Options{Continuous: continuous}, f.usersOf("u x y"), swap)
		if s.MakespanSeconds > 3600 || len(s.Violations) == 0 || len(s.Warnings) > 0 {
			t.Errorf("makespan %v s, violations %v, warnings %v; want no wait", s.MakespanSeconds, s.Violations, s.Warnings)
		}
	}
}

// TestManyStuck orders a plan that does not fit at all: not in as many waves as changes.
func TestManyStuck(t *testing.T) {
	f := newFleet()
	var changes []string
	for i := range 64 {
		a, b := "a"+string(rune('A'+i)), "b"+string(rune('A'+i))
		f = f.server(server(a), 1).server(server(b), 1).store(store("s"+a), 1, 0, server(a)).store(store("s"+b), 1, 0, server(b))
		changes = append(changes, "seed s"+a+" "+b+" from "+a, "promote s"+a+" "+b+" from "+a, "drop s"+a+" "+a,
			"seed s"+b+" "+a+" from "+b, "promote s"+b+" "+a+" from "+b, "drop s"+b+" "+b)
	}
	s := f.schedule(t, moves.Options{}, f.layoutOf(changes...))
	if len(s.Waves) > 16 || len(s.Violations) < 64 {
		t.Errorf("%d waves, %d violations; want few waves and a violation for each pair", len(s.Waves), len(s.Violations))
	}
}

// TestLongChange has a user who is moved for longer than a window lasts.
func TestLongChange(t *testing.T) {
	f := newFleet().server("a", 100).server("b", 100).store("s", 0, 0, "a").store("t", 0, 0, "b").user("u", "s", 5).user("v", "s", 1)
	s := f.schedule(t, moves.Options{Window: time.Minute}, f.usersOf("u s t", "v s t"))
	if got, want := times(s), "m2 1 0-16, m1 2 16-96"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	want := "the window of 1 m cannot be kept: 1 of 2 waves last longer, wave 2 for 1 m 20 s; what a plan does to one store or share group is not divided"
	if len(s.Warnings) != 1 || s.Warnings[0].Text != want {
		t.Errorf("got %v, want %q", s.Warnings, want)
	}
}

// TestCenturies has a user whose mail, at a byte a second, is moved for longer
// than a time.Duration holds, and one who must wait for its removal.
func TestCenturies(t *testing.T) {
	f := newFleet().server("a", 10, bandwidth(1)).server("b", 16).store("s", 0, 0, "a").store("t", 0, 0, "b").user("u", "s", 6).user("v", "t", 6)
	s := f.schedule(t, moves.Options{KeepSource: time.Hour}, f.usersOf("u s t", "v t s"))
	const want = "nothing moves for 1 h (longest from 138888 d 21 h to 138888 d 22 h after the start)"
	if len(s.Warnings) != 1 || !strings.HasPrefix(s.Warnings[0].Text, want) {
		t.Errorf("got %v, want %q", s.Warnings, want)
	}
}
