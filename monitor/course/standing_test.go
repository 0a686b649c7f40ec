package course_test

import (
	"testing"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/planner"
)

// The facts as they stand have users where plans have moved them, there or back, since they were
// found, but for those whose stores are gone, and stores with the instances that their changes have left or are about to.
func TestStanding(t *testing.T) {
	hour := func(n int) time.Time { return time.Date(2026, 11, 1, n, 0, 0, 0, time.UTC) }
	moveTo := func(plan, user string, to inventory.StoreID) course.Unit {
		return course.Unit{Plan: plan, Name: user + " to " + string(to), Moves: []planner.UserChange{{User: inventory.UserID(user), From: "s1", To: to}}}
	}
	move := func(plan, user string) course.Unit { return moveTo(plan, user, "s2") }
	change := func(name string, do planner.Verb, server inventory.ServerID, from string) course.Unit {
		return course.Unit{Plan: "l", Name: name, Do: &planner.LayoutChange{Do: do, Store: "s1", Server: server, From: planner.Text(from)}}
	}
	units := []course.Unit{move("p", "anna"), move("p", "ben"), move("q", "carl"), move("q", "dora"), moveTo("q", "emil", "gone"), change("c1", planner.Seed, "c", "a"), change("c2", planner.Promote, "b", "a"), change("c3", planner.Drop, "a", "")}
	var j journal
	step := func(plan, unit string, step monitor.Step, state monitor.StepState, at int, data string) {
		j = append(j, monitor.StepRecord{Plan: plan, Unit: unit, Step: step, State: state, At: hour(at), Data: data})
	}
	moved := func(plan, unit string, at int) {
		step(plan, unit, monitor.StepRoute, monitor.StepDone, at, "")
		step(plan, unit, monitor.StepCanary, monitor.StepDone, at, "")
	}
	moved("p", "anna to s2", 3)
	moved("p", "ben to s2", 3)
	moved("p", "ben to s2, back to s1", 4)
	moved("q", "carl to s2", 1)
	moved("q", "emil to gone", 3)
	step("q", "dora to s2", monitor.StepDelta, monitor.StepDone, 5, "")
	step("l", "c1", monitor.StepCreate, monitor.StepDone, 3, `{"Server":"c","IMAP":"c:143"}`)
	step("l", "c1", monitor.StepServe, monitor.StepDone, 3, "")
	step("l", "c2", monitor.StepProveSends, monitor.StepDone, 4, "")
	step("l", "c3", monitor.StepRemove, monitor.StepBegan, 5, "")

	inv := &inventory.Inventory{
		Stores: []inventory.Store{
			{Name: "s1", Instances: []inventory.Instance{{Server: "a", Role: inventory.Master}, {Server: "b", Role: inventory.Replica}}},
			{Name: "s2", Instances: []inventory.Instance{{Server: "d", Role: inventory.Master}}},
		},
		Users: []inventory.User{{Name: "anna", Store: "s1"}, {Name: "ben", Store: "s1"}, {Name: "carl", Store: "s1"}, {Name: "dora", Store: "s1"}, {Name: "emil", Store: "s1"}},
	}
	lasting, err := course.LastingOf(t.Context(), units, j)
	must(t, err)
	for _, test := range []struct {
		found time.Time
		want  string
	}{{time.Time{}, "s2 s1 s2 s1 s1 "}, {hour(2), "s2 s1 s1 s1 s1 "}, {hour(6), "s1 s1 s1 s1 s1 "}} {
		now, err := course.Standing(t.Context(), inv, test.found, lasting, units, j)
		must(t, err)
		got, at := "", ""
		for _, u := range now.Users {
			got += string(u.Store) + " "
		}
		if got != test.want {
			t.Errorf("found at %s, they are on %s, want %s", test.found, got, test.want)
		}
		for _, in := range now.Stores[0].Instances {
			at += string(in.Role) + " " + string(in.Server) + " " + in.IMAP + ", "
		}
		if want := "master b , replica c c:143, "; at != want {
			t.Errorf("s1 has %s, want %s", at, want)
		}
	}
	if inv.Users[0].Store != "s1" || len(inv.Stores[0].Instances) != 2 {
		t.Error("the inventory itself has changed")
	}
}
