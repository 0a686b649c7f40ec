package main

import (
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/planner"
)

// Who is kept out by a plan is counted, a few stores are named, and a store without its master is
// offline.
func TestOutOfPlan(t *testing.T) {
	at := time.Date(2026, 1, 1, 10, 0, 0, 0, time.Local)
	o := &outOfPlan{plan: "p1"}
	for _, to := range []inventory.StoreID{"s2", "s3", "s4", "s5", "s6"} {
		o.add(&course.Unit{Moves: []planner.UserChange{{User: inventory.UserID("u" + to), From: "s1", To: to}}}, at.Add(time.Hour))
	}
	o.add(&course.Unit{Do: &planner.LayoutChange{Do: planner.Promote, Store: "s9"}}, at)
	want := "5 users are kept out of stores s1, s2, s3, s4, s5 and 1 more and store s9 is offline, with the master stopped, since 2026-01-01T10:00:00"
	if got := o.String(); !strings.HasPrefix(got, want) {
		t.Errorf("%s, want %s", got, want)
	}
}
