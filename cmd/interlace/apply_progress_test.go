package main

import (
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/planner"
)

// TestApplyProgress tells how long a copy takes so far, and no end that nobody knows.
func TestApplyProgress(t *testing.T) {
	var said strings.Builder
	a := &app{stderr: &said}
	p := &applyProgress{app: a, bar: a.progress("apply"), all: 9}
	p.bar.uneven = true
	long := &course.Unit{Name: "anna to s2", Moves: []planner.UserChange{{Bytes: 40 << 30}, {Bytes: 1 << 30}}}
	p.at(apply.Progress{Unit: &course.Unit{Name: "ben to s2"}, Over: true, Outcome: course.Moved})
	p.at(apply.Progress{Unit: long, Verb: course.Do, Step: monitor.StepCopy})
	p.at(apply.Progress{Unit: &course.Unit{Name: "carl to s2"}, Verb: course.Undo, Step: monitor.StepDenySource})
	p.going[0].since = time.Now().Add(-12 * time.Minute)
	p.bar.next = time.Time{}
	p.show()
	if want := "interlace: ben to s2: moved\ninterlace: apply: 1 of 9, anna to s2: copy of 41.0 GiB for 12 m and 1 more\n"; said.String() != want {
		t.Errorf("it says %q, want %q", said.String(), want)
	}
	p.at(apply.Progress{Unit: long, Over: true, Outcome: course.Back, Why: "full"})
	p.bar.next = time.Time{}
	said.Reset()
	p.show()
	if want := "interlace: apply: 2 of 9, carl to s2: undo deny_source\n"; said.String() != want {
		t.Errorf("it says %q, want %q", said.String(), want)
	}
	said.Reset()
	p.back = true
	p.at(apply.Progress{Unit: &course.Unit{Name: "dora to s2"}, Over: true, Outcome: course.Moved})
	if said.String() != "" {
		t.Errorf("what is still to be moved back is told to be done: %q", said.String())
	}
	p.over--
	p.more(2) // who is moved back is no part of the plan
	p.bar.next = time.Time{}
	said.Reset()
	p.show()
	if want := "interlace: apply: 2 of 11, carl to s2: undo deny_source\n"; said.String() != want {
		t.Errorf("it says %q, want %q", said.String(), want)
	}
	said.Reset()
	back := &course.Unit{Name: "dora to s2, back to s1", Back: true}
	p.at(apply.Progress{Unit: back, Over: true, Outcome: course.Back, Why: "it is down"})
	p.at(apply.Progress{Unit: back, Over: true, Outcome: course.Moved})
	if want := "interlace: dora to s2, back to s1: not back: it is down\ninterlace: dora to s2, back to s1: back\n"; !strings.HasSuffix(said.String(), want) {
		t.Errorf("it says %q, want %q", said.String(), want)
	}
}
