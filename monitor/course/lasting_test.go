package course_test

import (
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/planner"
)

// A promotion lasts from when all are routed to the new master, until a later one; that somebody
// has asked for something later than that makes it no later.
func TestLasting(t *testing.T) {
	hour := func(n int) time.Time { return time.Date(2026, 11, 1, n, 0, 0, 0, time.UTC) }
	change := func(plan string, server inventory.ServerID) course.Unit {
		return course.Unit{Plan: plan, Name: plan, Do: &planner.LayoutChange{Do: planner.Promote, Store: "s1", Server: server}}
	}
	units := []course.Unit{change("q", "b"), change("p", "c")}
	var j journal
	step := func(plan string, step monitor.Step, state monitor.StepState, at int) {
		j = append(j, monitor.StepRecord{Plan: plan, Unit: plan, Step: step, State: state, At: hour(at)})
	}
	lasts := func(when, want string) {
		t.Helper()
		list, err := course.LastingOf(t.Context(), units, j)
		must(t, err)
		var got []string
		for _, l := range list {
			got = append(got, string(l.Do.Server)+l.At.Format(" at 15"))
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("%s: %v lasts, want %s", when, got, want)
		}
	}
	step("p", monitor.StepStop, monitor.StepBegan, 1)
	step("p", monitor.StepRoute, monitor.StepBegan, 2)
	lasts("while it routes", "")
	step("p", monitor.StepRoute, monitor.StepDone, 3)
	step("p", monitor.StepServe, monitor.StepFailed, 4)
	lasts("while the old master does not start", "c at 03")
	step("p", monitor.StepProveSends, monitor.StepDone, 5)
	step("q", monitor.StepRoute, monitor.StepDone, 6)
	step("q", monitor.StepProveSends, monitor.StepDone, 7)
	step("p", monitor.StepProveSends, monitor.StepWithdrawn, 8)
	lasts("after another one", "b at 06")

	drop := course.Unit{Plan: "r", Name: "r", Do: &planner.LayoutChange{Do: planner.Drop, Store: "s1", Server: "d"}}
	seed := course.Unit{Plan: "s", Name: "s", Do: &planner.LayoutChange{Do: planner.Seed, Store: "s1", Server: "d"}}
	units = append(units, seed, drop)
	step("r", monitor.StepProveGone, monitor.StepDone, 9)
	step("s", monitor.StepServe, monitor.StepDone, 10)
	step("r", monitor.StepProveGone, monitor.StepWithdrawn, 11)
	lasts("after a drop that was made anew", "b at 06, d at 10")
}
