package main_test

import (
	"strings"
	"testing"

	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
)

// A rollback that has taken back what can be is over: what it could not is said by it, and by
// who asks for it again, but by no later run.
func TestResumeAfterARollback(t *testing.T) {
	r := newResuming(t)
	layout, changes := r.layout("layout.json", "--drain", "server:imap4")
	users, units := r.plan("users.json", "1")
	r.begin(layout, users)
	for _, u := range changes {
		r.did(layout, u, true, stepsOf(u)...)
	}
	var back []string
	for _, of := range units {
		for _, unit := range of {
			r.did(users, unit, true, course.OfMove.Steps...)
			r.recall(users, unit, monitor.StepCheck, "1")
			back = append(back, unit+", back to s1")
		}
	}
	for _, unit := range back[1:] {
		r.did(users, unit, true, course.OfMove.Steps...)
	}
	const stays = "NOT taken back, since it is done: "
	told := func(status int, want bool, args ...string) {
		t.Helper()
		a, stderr := r.apply(status, args...)
		if said := strings.Join(a.Notes, "\n") + stderr; strings.Contains(said, stays) != want {
			t.Errorf("%v: it is told what stays: %v, want %v: %s", args, !want, want, said)
		}
	}
	told(1, true, "--resume") // one is not back
	told(1, false, "--resume", "--yes")
	r.did(users, back[0], true, course.OfMove.Steps...)
	told(0, true, "--rollback")
	told(0, false, "--resume")
	told(0, false, "--resume", "--yes")
	told(1, true, "--rollback", "layout.json", "--yes")
}
