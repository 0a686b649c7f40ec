package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/planner"
)

// Who is back is not said to be where the plan had moved them, though what is left there could not
// be deleted.
func TestNotMovedBack(t *testing.T) {
	u := &course.Unit{Plan: "p", Name: "rosa to s3, back to s1", Of: "rosa to s3", Back: true, Moves: []planner.UserChange{{User: "rosa", From: "s3", To: "s1"}}}
	for last, want := range map[monitor.Step]string{
		monitor.StepPush:   "rosa to s3, back to s1: NOT moved back, and still where the plan has moved them",
		monitor.StepCanary: "rosa to s3, back to s1: moved back, and what the plan had made of them on s3 is still there, denied",
	} {
		var told bytes.Buffer
		c := &applying{app: &app{stderr: &told}}
		c.sayStayed(&job{backwards: true}, []course.Result{{Unit: u, Outcome: course.Stuck, Records: []monitor.StepRecord{{Step: last, State: monitor.StepDone}}}})
		if !strings.Contains(told.String(), want) || strings.Count(told.String(), "\n") != 1 {
			t.Errorf("after %s: %s", last, told.String())
		}
	}
}

// TestUpToDate: where the inventory does not name the instances, the fleet file comes before a
// discovery.
func TestUpToDate(t *testing.T) {
	const discover = "interlace discover brings the inventory up to date"
	if got := upToDate(nil); got != discover {
		t.Errorf("nothing has changed: %s", got)
	}
	if got, want := upToDate([]inventory.StoreID{"s1"}), "once the fleet file says which instances there are and interlace import has read it, "+discover; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
