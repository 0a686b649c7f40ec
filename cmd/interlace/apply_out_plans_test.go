package main

import (
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/planner"
)

// stuckAt is what is written down of a promotion of which a step has failed.
func stuckAt(at time.Time, step monitor.Step) (records []monitor.StepRecord) {
	for _, s := range course.OfPromote.Steps {
		records = append(records, monitor.StepRecord{Step: s, State: monitor.StepBegan, At: at})
		if s == step {
			return append(records, monitor.StepRecord{Step: s, State: monitor.StepFailed, At: at})
		}
		records = append(records, monitor.StepRecord{Step: s, State: monitor.StepDone, At: at})
	}
	return records
}

// A promotion that is stuck at its route keeps those out who are not routed to the new master, and
// has no way back; one that was stopped before has.
func TestStuckPromotion(t *testing.T) {
	at := time.Date(2026, 1, 1, 10, 0, 0, 0, time.Local)
	u := &course.Unit{Name: "c2", Do: &planner.LayoutChange{Do: planner.Promote, Store: "s9", Server: "b", From: "a"}}
	for step, want := range map[monitor.Step]string{
		monitor.StepRoute: "store s9 is OFFLINE for those who are not routed to its new master on b yet: the old one on a is stopped, since " + at.Format(time.RFC3339) + ", at step route: they are not",
		monitor.StepDrain: "store s9 is OFFLINE: its master on a is stopped, since " + at.Format(time.RFC3339) + ", at step drain: they are not",
	} {
		c := &applying{told: map[string]bool{}, options: &apply.Options{Inventory: &inventory.Inventory{}}}
		err := c.keptOut([]course.Result{{Unit: u, Outcome: course.Stuck, Why: "they are not", Records: stuckAt(at, step)}}, false)
		if err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
		said := strings.Join(hints(err), "; ")
		if back := strings.Contains(said, "--rollback"); back != (step == monitor.StepDrain) || !strings.Contains(said, "--resume --yes goes on") {
			t.Errorf("stuck at %s the hints are %s", step, said)
		}
	}
}

// Who is kept out by a plan is counted, a few stores are named, and a store without its master is
// offline.
func TestOutOfPlan(t *testing.T) {
	at := time.Date(2026, 1, 1, 10, 0, 0, 0, time.Local)
	o := &outOfPlan{plan: "p1"}
	for _, to := range []inventory.StoreID{"s2", "s3", "s4", "s5", "s6"} {
		o.add(&outUnit{&course.Unit{Moves: []planner.UserChange{{User: inventory.UserID("u" + to), From: "s1", To: to}}}, nil, at.Add(time.Hour)})
	}
	o.add(&outUnit{&course.Unit{Do: &planner.LayoutChange{Do: planner.Promote, Store: "s9"}}, nil, at})
	o.add(&outUnit{&course.Unit{Do: &planner.LayoutChange{Do: planner.Promote, Store: "s8"}}, stuckAt(at, monitor.StepRoute), at})
	want := "5 users are kept out of stores s1, s2, s3, s4, s5 and 1 more and store s9 is offline, with the master stopped and store s8 is offline for those who are not routed to the new master, since 2026-01-01T10:00:00"
	if got := o.String(); !strings.HasPrefix(got, want) {
		t.Errorf("%s, want %s", got, want)
	}
}
