package main

import (
	"io"
	"testing"

	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/planner"
)

// A store of which an instance does not stand after a change makes the exit status 2, and is
// told with what to do.
func TestFallen(t *testing.T) {
	u := &course.Unit{Name: "c1 seed s1 on imap3", Do: &planner.LayoutChange{Do: planner.Seed, Store: "s1", Server: "imap3"}}
	if err := fallen([]course.Result{{Unit: u, Outcome: course.Broken, Why: "it fails"}}); err != nil {
		t.Errorf("it is said that a store has fallen: %v", err)
	}
	err := fallen([]course.Result{{Unit: u, Outcome: course.Broken, Why: "nothing of it runs", Fallen: true, Records: []monitor.StepRecord{{Step: monitor.StepCreate}}}})
	if want := "store s1 does NOT STAND as it has to, at step create of c1 seed s1 on imap3: nothing of it runs"; err == nil || err.Error() != want {
		t.Fatalf("%v, want %s", err, want)
	}
	a := &app{stderr: io.Discard}
	if status := a.exit(err); status != 2 || len(hints(err)) != 1 {
		t.Errorf("the status is %d, the hints are %q", status, hints(err))
	}
}
