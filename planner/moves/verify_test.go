package moves_test

import (
	"context"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/inventory/sharing"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/moves"
)

// TestChangesThatDoNotApply names every change that does not fit the state that
// it meets, leaves it out and orders the rest.
func TestChangesThatDoNotApply(t *testing.T) {
	f := newFleet().server("a", 100).server("b", 100).server("c", 100).server("d", 100, down).
		store("s", 1, 0, "a", "b").store("t", 1, 0, "b").store("empty", 0, 0).store("lost", 1, 0, "d").store("last", 1, 0, "d", "c").
		user("anna", "s", 1).user("bob", "lost", 1)
	layouts := []struct{ change, want string }{
		{"seed nowhere b from a", "the fleet has no such store"},
		{"seed s nowhere from a", `the fleet has no server "nowhere"`},
		{"seed s b from a", "server b has an instance of it already"},
		{"seed s c from b", "server b does not have its master"},
		{"seed s d from a", "server d is down"},
		{"seed empty b from a", "it has no instance to copy from on a server that is up"},
		{"seed lost b from d", "it has no instance to copy from on a server that is up"},
		{"promote s c from a", "server c has no replica whose master is on a"},
		{"promote s b from c", "server b has no replica whose master is on c"},
		{"promote s a from a", "server a has no replica whose master is on a"},
		{"drop s a", "server a has no replica of it"},
		{"drop s c", "server c has no replica of it"},
		{"drop last c", "server c has its only instance on a server that is up"},
		{"create s c", "it has a master already"},
		{"create empty d", "server d is down"},
		{"move s c", `"move" is no change of a layout`},
	}
	for _, test := range layouts {
		refused(t, f, f.layoutOf(test.change, "seed t c from b"), "c1", "c2", test.want)
	}
	users := []struct{ change, want string }{
		{"nobody s t", "the fleet has no such user"},
		{"anna nowhere t", `the fleet has no store "nowhere"`},
		{"anna s nowhere", `the fleet has no store "nowhere"`},
		{"anna s s", "it moves from store s to itself"},
		{"anna t s", "the user is not on store t"},
		{"anna s empty", "store empty has no instance on a server that is up"},
		{"bob lost s", "store lost has no instance on a server that is up"},
	}
	for _, test := range users {
		refused(t, f, f.usersOf(test.change, "anna s t"), "m1", "m2", test.want)
	}
}

// refused checks that one change is refused with the reason and the other scheduled.
func refused(t *testing.T, f fleet, plan planner.Plan, bad, good, reason string) {
	t.Helper()
	f.Sort()
	groups := sharing.Groups(f.Inventory)
	err := verify(f.Inventory, groups, plan)
	if err == nil || !strings.Contains(err.Error(), "change "+bad+" of ") || !strings.HasSuffix(err.Error(), ": "+reason) {
		t.Errorf("error %v, want one about %s that ends with %q", err, bad, reason)
	}
	s := moves.Schedule(context.Background(), f.Inventory, groups, []planner.Plan{plan}, moves.Options{})
	if len(s.Changes) != 1 || s.Changes[0].ID != good {
		t.Errorf("%s: changes %v, want only %s", reason, s.Changes, good)
	}
	if len(s.Violations) != 1 || s.Violations[0].Rule != planner.Transient || !strings.HasSuffix(s.Violations[0].String(), "cannot be carried out") {
		t.Errorf("%s: violations %v", reason, s.Violations)
	}
	if len(s.Warnings) != 1 || !strings.HasSuffix(s.Warnings[0].Text, reason) {
		t.Errorf("%s: warnings %v", reason, s.Warnings)
	}
}

// TestStateEvolves has changes that apply only after others.
func TestStateEvolves(t *testing.T) {
	f := newFleet().server("a", 100).server("b", 100).server("c", 100).store("s", 1, 0, "a").store("t", 1, 0, "b").user("anna", "s", 1)
	layout := f.layoutOf("seed s b from a", "promote s b from a", "drop s a", "seed s c from b")
	groups := sharing.Groups(f.Inventory)
	if err := verify(f.Inventory, groups, layout, f.usersOf("anna s t")); err != nil {
		t.Error(err)
	}
	again := f.layoutOf("drop s b")
	err := verify(f.Inventory, groups, layout, again, f.usersOf("anna s t"), f.usersOf("anna s t"))
	for _, want := range []string{"change c1 of s: server b has no replica of it", "change m1 of anna: the user is not on store s", "is given twice"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not say %q", err, want)
		}
	}
}

func TestVerifyChecksIDs(t *testing.T) {
	f := newFleet().server("a", 100).server("b", 100).store("s", 1, 0, "a")
	plan := f.layoutOf("seed s b from a")
	plan.Changes[0].Bytes++
	err := verify(f.Inventory, sharing.Groups(f.Inventory), plan)
	if err == nil || !strings.Contains(err.Error(), "was changed after it was made") {
		t.Errorf("error %v, want one about the changed plan", err)
	}
	schedule := &planner.Schedule{}
	seal(schedule)
	err = verify(f.Inventory, sharing.Groups(f.Inventory), schedule)
	if err == nil || !strings.Contains(err.Error(), "only layouts and users plans have changes to order") {
		t.Errorf("error %v, want one about the schedule", err)
	}
}
