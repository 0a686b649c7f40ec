package course_test

import (
	"testing"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/planner"
)

// The address of an instance is that at which it was made, unless the inventory has one, and
// until another plan removes it.
func TestMade(t *testing.T) {
	begin := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	change := func(plan string, do planner.Verb) course.Unit {
		return course.Unit{Plan: plan, Name: string(do), Do: &planner.LayoutChange{Do: do, Store: "s1", Server: "c"}}
	}
	seed, drop := change("p", planner.Seed), change("q", planner.Drop)
	j := journal{
		{Plan: "p", Unit: "seed", Step: monitor.StepCreate, State: monitor.StepDone, At: begin, Data: `{"Server": "c", "IMAP": "c:143"}`},
		{Plan: "p", Unit: "seed", Step: monitor.StepServe, State: monitor.StepDone, At: begin},
	}
	address := func(instances ...inventory.Instance) string {
		t.Helper()
		inv, err := course.Made(t.Context(), &inventory.Inventory{Stores: []inventory.Store{{Name: "s1", Instances: instances}}}, []course.Unit{drop, seed}, j)
		must(t, err)
		if in := inv.Stores[0].On("c"); in != nil {
			return string(in.Role) + " " + in.IMAP
		}
		return ""
	}
	master := inventory.Instance{Server: "a", Role: inventory.Master}
	for _, test := range []struct{ got, want string }{
		{address(master), "replica c:143"},
		{address(inventory.Instance{Server: "c", Role: inventory.Master}), "master c:143"},
		{address(master, inventory.Instance{Server: "c", Role: inventory.Replica, IMAP: "d:143"}), "replica d:143"},
	} {
		if test.got != test.want {
			t.Errorf("%s, want %s", test.got, test.want)
		}
	}
	j = append(j, monitor.StepRecord{Plan: "q", Unit: "drop", Step: monitor.StepProveGone, State: monitor.StepDone, At: begin.Add(time.Hour)})
	if got := address(master); got != "" {
		t.Errorf("removed, it is at %s", got)
	}
}
