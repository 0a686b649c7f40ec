package main

import (
	"strings"
	"testing"

	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/planner"
)

// What is not taken back is told with the reason: what was done before, and what this run has
// finished itself.
func TestNotTakenBack(t *testing.T) {
	change := func(name string, still bool) course.Result {
		return course.Result{Unit: &course.Unit{Name: name, Do: &planner.LayoutChange{Do: planner.Drop}}, Outcome: course.Finished, Still: still}
	}
	results := []course.Result{change("c1", false), change("c2", true), change("c3", true)}
	got := strings.Join((&job{backwards: true}).notTaken(results), "\n")
	for _, want := range []string{"NOT taken back, since there was no way back any more: c1; it was gone on with, and is done now; interlace layout", "NOT taken back, since it is done: c2, c3; interlace layout"} {
		if strings.Count(got, want) != 1 {
			t.Errorf("it lacks %q: %s", want, got)
		}
	}
	if got := (&job{backwards: true, over: true}).notTaken(results); got != nil {
		t.Errorf("of what is over is told %q", got)
	}
}
