package moves_test

import (
	"testing"
	"time"

	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/moves"
)

// At 125 MB/s and two transfers, a gigabyte takes 16 seconds.
func TestTimes(t *testing.T) {
	continuous := moves.Options{Continuous: true}
	tests := []struct {
		name  string
		opts  moves.Options
		fleet fleet
		plans func(f fleet) []planner.Plan
		want  string
	}{
		{
			"nothing to do",
			moves.Options{},
			newFleet().server("a", 100),
			func(f fleet) []planner.Plan { return []planner.Plan{f.layoutOf()} }, "",
		},
		{
			"promote and drop follow the seed",
			moves.Options{},
			newFleet().server("a", 100).server("b", 100).store("s", 2, 0, "a"),
			func(f fleet) []planner.Plan {
				return []planner.Plan{f.layoutOf("seed s b from a", "promote s b from a", "drop s a")}
			}, "c1 1 0-32, c2 1 32-32, c3 1 32-32",
		},
		{
			"a fast seed ends no earlier than the slow one listed before it",
			moves.Options{},
			newFleet().server("a", 100).server("b", 100, bandwidth(25e6)).server("c", 100).store("s", 1, 0, "a"),
			func(f fleet) []planner.Plan {
				return []planner.Plan{f.layoutOf("seed s b from a", "seed s c from a")}
			}, "c1 1 0-80, c2 1 64-80",
		},
		{
			"a seed waits for the one listed before it",
			continuous,
			newFleet().server("a", 100).server("b", 100, transfers(1)).server("c", 100).store("s", 1, 0, "a").store("t", 2, 0, "c"),
			func(f fleet) []planner.Plan {
				return []planner.Plan{f.layoutOf("seed t b from c", "seed s b from a", "seed s c from a")}
			}, "c1 - 0-32, c2 - 32-48, c3 - 32-48",
		},
		{
			"two transfers at once, a third waits",
			moves.Options{},
			newFleet().server("a", 100).server("b", 100).store("s", 0, 0, "a").store("t", 0, 0, "b").user("u", "s", 3).user("v", "s", 2).user("w", "s", 1),
			func(f fleet) []planner.Plan { return []planner.Plan{f.usersOf("u s t", "v s t", "w s t")} },
			"m1 1 0-48, m2 1 0-32, m3 1 32-48",
		},
		{
			"both ends on one server take both transfers",
			moves.Options{},
			newFleet().server("a", 100).store("s", 0, 0, "a").store("t", 0, 0, "a").user("u", "s", 1).user("v", "s", 1),
			func(f fleet) []planner.Plan { return []planner.Plan{f.usersOf("u s t", "v s t")} },
			"m1 1 0-16, m2 1 16-32",
		},
		{
			"both ends on a server with one transfer",
			moves.Options{},
			newFleet().server("a", 100, transfers(1)).store("s", 0, 0, "a").store("t", 0, 0, "a").user("u", "s", 1),
			func(f fleet) []planner.Plan { return []planner.Plan{f.usersOf("u s t")} },
			"m1 1 0-8",
		},
		{
			"the slower share of a bandwidth counts",
			moves.Options{},
			newFleet().server("a", 100, bandwidth(100e6), transfers(4)).server("b", 100, bandwidth(30e6), transfers(1)).
				store("s", 0, 0, "a").store("t", 0, 0, "b").user("u", "s", 1),
			func(f fleet) []planner.Plan { return []planner.Plan{f.usersOf("u s t")} },
			"m1 1 0-40",
		},
		{
			"replicas take no time",
			moves.Options{},
			newFleet().server("a", 100).server("b", 100).server("c", 100, bandwidth(1)).
				store("s", 0, 0, "a", "c").store("t", 0, 0, "b", "c").user("u", "s", 1),
			func(f fleet) []planner.Plan { return []planner.Plan{f.usersOf("u s t")} },
			"m1 1 0-16",
		},
		{
			"a sync rate lets users in one by one",
			moves.Options{SyncRate: 10e6},
			newFleet().server("a", 100).server("b", 100).
				store("s", 0, 0, "a").store("t", 0, 0, "b", "a").store("x", 0, 0, "b").user("u", "s", 2).user("v", "s", 1).user("w", "s", 1),
			func(f fleet) []planner.Plan { return []planner.Plan{f.usersOf("u s t", "v s t", "w s x")} },
			"m1 1 0-200, m3 1 0-16, m2 1 200-300",
		},
		{
			"two replicas are seeded side by side",
			moves.Options{},
			newFleet().server("a", 100).server("b", 100).server("c", 100).store("s", 1, 0, "a"),
			func(f fleet) []planner.Plan {
				return []planner.Plan{f.layoutOf("seed s b from a", "seed s c from a", "promote s c from a", "drop s a")}
			}, "c1 1 0-16, c2 1 0-16, c3 1 16-16, c4 1 16-16",
		},
		{
			"a seed from the new master follows its promotion",
			moves.Options{},
			newFleet().server("a", 100).server("b", 100).server("c", 100).store("s", 1, 0, "a", "b"),
			func(f fleet) []planner.Plan {
				return []planner.Plan{f.layoutOf("promote s b from a", "seed s c from b", "drop s a")}
			}, "c1 1 0-0, c2 1 0-16, c3 1 16-16",
		},
		{
			"users follow the layout of their stores",
			moves.Options{},
			newFleet().server("a", 100).server("b", 100).store("s", 1, 0, "a").store("t", 0, 0).user("u", "s", 1),
			func(f fleet) []planner.Plan {
				return []planner.Plan{f.layoutOf("create t b", "seed s b from a"), f.usersOf("u s t")}
			}, "c1 1 0-0, c2 1 0-32, m1 1 32-48",
		},
		{
			"a layout follows the users of its stores", continuous,
			newFleet().server("a", 100).server("b", 100).store("s", 1, 0, "a").store("t", 1, 0, "b").store("x", 1, 0, "b").user("u", "s", 1),
			func(f fleet) []planner.Plan {
				return []planner.Plan{f.usersOf("u s t"), f.layoutOf("seed s b from a", "seed x a from b")}
			}, "m1 - 0-16, c2 - 0-16, c1 - 16-48",
		},
		{
			"room that a drop makes counts from the next wave on",
			moves.Options{},
			newFleet().server("a", 10).server("b", 10).server("c", 10).store("s", 8, 0, "a").store("t", 8, 0, "b"),
			func(f fleet) []planner.Plan {
				return []planner.Plan{f.layoutOf("seed s b from a", "promote s b from a", "drop s a", "seed t c from b", "promote t c from b", "drop t b")}
			}, "c4 1 0-128, c5 1 128-128, c6 1 128-128, c1 2 128-256, c2 2 256-256, c3 2 256-256",
		},
		{
			"without waves it counts at once", continuous,
			newFleet().server("a", 10).server("b", 10).server("c", 10).store("s", 8, 0, "a").store("t", 8, 0, "b"),
			func(f fleet) []planner.Plan {
				return []planner.Plan{f.layoutOf("seed s b from a", "promote s b from a", "drop s a", "seed t c from b", "promote t c from b", "drop t b")}
			}, "c4 - 0-128, c1 - 128-256, c5 - 128-128, c6 - 128-128, c2 - 256-256, c3 - 256-256",
		},
		{
			"slots too",
			moves.Options{},
			newFleet().server("a", 100).server("b", 100, slots(1)).server("c", 100).store("s", 1, 0, "a").store("t", 1, 0, "b"),
			func(f fleet) []planner.Plan {
				return []planner.Plan{f.layoutOf("seed s b from a", "seed t c from b", "promote t c from b", "drop t b")}
			}, "c2 1 0-16, c3 1 16-16, c4 1 16-16, c1 2 16-32",
		},
		{
			"two masters that fit only when they change places together",
			moves.Options{},
			newFleet().server("a", 100, io(12)).server("b", 100, io(12)).store("s", 1, 8, "a", "b").store("t", 1, 8, "b", "a"),
			func(f fleet) []planner.Plan {
				return []planner.Plan{f.layoutOf("promote s b from a", "promote t a from b")}
			}, "c1 1 0-0, c2 1 0-0",
		},
		{
			"the same without waves", continuous,
			newFleet().server("a", 100, io(12)).server("b", 100, io(12)).store("s", 1, 8, "a", "b").store("t", 1, 8, "b", "a"),
			func(f fleet) []planner.Plan {
				return []planner.Plan{f.layoutOf("promote s b from a", "promote t a from b")}
			}, "c1 - 0-0, c2 - 0-0",
		},
		{
			"a share group waits for room for all of it",
			moves.Options{KeepSource: -1},
			newFleet().server("a", 100).server("b", 7).server("c", 100).store("s", 0, 0, "a").store("t", 0, 0, "b").store("x", 0, 0, "c").
				user("u", "s", 3).user("v", "s", 2).user("w", "t", 4).share("u", "v"),
			func(f fleet) []planner.Plan { return []planner.Plan{f.usersOf("u s t", "v s t", "w t x")} },
			"m3 1 0-64, m1 2 64-112, m2 2 64-96",
		},
		{
			"a master that is down is copied from its replica",
			moves.Options{},
			newFleet().server("a", 100, down, bandwidth(1)).server("b", 100).server("c", 100).store("s", 1, 0, "a", "b"),
			func(f fleet) []planner.Plan {
				return []planner.Plan{f.layoutOf("seed s c from a", "promote s c from a", "drop s a")}
			}, "c1 1 0-16, c2 1 16-16, c3 1 16-16",
		},
		{
			"a window cuts waves",
			moves.Options{Window: time.Minute},
			newFleet().server("a", 100).server("b", 100).store("s", 0, 0, "a").store("t", 0, 0, "b").
				user("u", "s", 3).user("v", "s", 3).user("w", "s", 2),
			func(f fleet) []planner.Plan { return []planner.Plan{f.usersOf("u s t", "v s t", "w s t")} },
			"m1 1 0-48, m2 1 0-48, m3 2 48-80",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := test.fleet.schedule(t, test.opts, test.plans(test.fleet)...)
			if got := times(s); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			if len(s.Violations) > 0 {
				t.Errorf("violations: %v", s.Violations)
			}
		})
	}
}

// TestRowOfFullServers moves each store to the next server, of which only the
// last one has room: the bound knows that no order is faster.
func TestRowOfFullServers(t *testing.T) {
	f := newFleet()
	var changes []string
	names := []string{"a", "b", "c", "d", "e"}
	for i, name := range names {
		f = f.server(server(name), 10)
		if i+1 == len(names) {
			break
		}
		next := names[i+1]
		f = f.store(store("s"+name), 8, 0, server(name))
		changes = append(changes, "seed s"+name+" "+next+" from "+name, "promote s"+name+" "+next+" from "+name, "drop s"+name+" "+name)
	}
	s := f.schedule(t, moves.Options{}, f.layoutOf(changes...))
	if len(s.Waves) != 4 || s.MakespanSeconds != 4*128 || s.BoundSeconds != s.MakespanSeconds || s.Stopped != planner.AtBound {
		t.Errorf("%d waves, %v s, bound %v s, stopped %s; want 4 waves at the bound of 512 s", len(s.Waves), s.MakespanSeconds, s.BoundSeconds, s.Stopped)
	}
	if len(s.Violations) > 0 {
		t.Errorf("violations: %v", s.Violations)
	}
}
