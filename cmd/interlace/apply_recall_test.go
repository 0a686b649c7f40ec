package main_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/monitor"
)

// recall has the journal say that a rollback of an apply was asked for, and killed before
// anything was taken back.
func (r *resuming) recall(plan []byte, unit string, step monitor.Step, of string) {
	r.Helper()
	r.must(r.h.AddStep(r.Context(), &monitor.StepRecord{Plan: id(plan), Unit: unit, Step: step, State: monitor.StepRecalled, At: time.Now(), Data: of}))
}

// A rollback that was killed is gone on with as one: what has moved, what was only begun and
// what was not, which is not begun. Who names the plan again has it go on, unless something is
// on its way back.
func TestResumeOfARollback(t *testing.T) {
	r := newResuming(t)
	plan, units := r.plan("users.json", "1")
	done, begun := units["s4"][0], units["s2"][0]
	r.begin(plan)
	r.did(plan, done, true, moved...)
	if a, stderr := r.apply(1, "--resume"); len(a.Units) != 6 || strings.Contains(stderr, "back") {
		t.Errorf("before: %+v %s", a, stderr)
	}
	r.recall(plan, units["s3"][0], monitor.StepCheck, "1")
	listed := func(args ...string) string {
		_, stdout, _ := program(t, append([]string{"apply", "-o", "json"}, args...)...)
		return stdout
	}
	back := done + ", back to s1"
	if text := listed("--resume"); !strings.Contains(text, back) || strings.Count(text, "nothing of it was begun")+strings.Count(text, "it was taken back") != 5 {
		t.Errorf("nothing is begun, and who has moved is moved back: %s", text)
	}
	if text := listed("users.json"); strings.Contains(text, back) || strings.Contains(text, "nothing of it was begun") {
		t.Errorf("the plan is named again: %s", text)
	}
	r.did(plan, begun, false, monitor.StepCheck, monitor.StepDenyTarget, monitor.StepCopy)
	for _, u := range first(r.apply(1, "--rollback")).Units {
		refused := strings.Join(u.Refused, "; ")
		if u.Unit == begun && (!strings.HasPrefix(u.Text, "what taking it back would do is not known") || !strings.Contains(refused, "imap1") || !strings.Contains(refused, "imap2")) {
			t.Errorf("servers do not answer: %+v", u)
		}
	}
	r.recall(plan, begun, monitor.StepCopy, "7")
	if _, stderr := r.apply(2, "users.json"); !strings.Contains(stderr, "is taken back since") || !strings.Contains(stderr, "--rollback goes on with that; a plan") {
		t.Errorf("what is on its way back begins anew: %s", stderr)
	}
}

// A change of a layout that can't be taken back any more is told before it is gone on with, and
// what was given up with it is not said to be carried out.
func TestRollbackOfALayout(t *testing.T) {
	r := newResuming(t)
	r.program("layout", "--drain", "server:imap4", "--plan", "layout.json")
	plan, err := os.ReadFile("layout.json")
	r.must(err)
	a, _ := r.apply(1, "layout.json")
	find := func(words string) string {
		for _, u := range a.Units {
			if strings.Contains(u.Unit, words) {
				return u.Unit
			}
		}
		t.Fatalf("the plan is another one than this test takes it to be: %+v", a.Units)
		return ""
	}
	seed, drop := find(" seed "), find(" drop ")
	r.begin(plan)
	r.did(plan, seed, false, stepsOf(seed)...)
	r.must(r.h.AddStep(t.Context(), &monitor.StepRecord{Plan: id(plan), Unit: seed, Step: monitor.StepServe, State: monitor.StepFailed, At: time.Now(), Text: "no start today"}))
	for _, u := range a.Units {
		step := monitor.StepCheck
		if u.Unit == seed {
			step = monitor.StepServe
		}
		r.recall(plan, u.Unit, step, "1")
	}
	a, _ = r.apply(0, "--resume")
	if said := strings.Join(a.Notes, "; "); !strings.Contains(said, "NOT taken back: "+seed+": from serve on there is no way back") {
		t.Errorf("it is not told: %s", said)
	}
	_, stdout, _ := program(t, "confirm", "layout.json", "-o", "json")
	before, _, left := strings.Cut(stdout, "carries out what is left")
	if !strings.Contains(stdout, "never begun, and given up") || left && strings.Contains(before[max(0, len(before)-1000):], drop) {
		t.Errorf("confirm: %s", stdout)
	}
}

// A rollback that is killed while it lets users in is gone on with as one, whether or not
// somebody reads what it prints.
func TestKilledRollback(t *testing.T) {
	m := newMoving(t, "anna", "ben", "carl")
	m.killWhenDenied()
	m.put("hang-when-let-in", "")
	p := m.begin("--rollback", "--yes")
	m.wait("it lets users in", func() bool { _, err := os.Stat(m.path("lets-in")); return err == nil })
	p.Process.Kill()
	p.end()
	m.must(os.Remove(m.path("hang-when-let-in")))
	unread, pipe, err := os.Pipe()
	m.must(err)
	m.must(unread.Close())
	resume := m.command(t.Context(), "interlace", "apply", "--resume", "--yes")
	resume.Stdout, resume.Stderr = pipe, pipe
	if err := resume.Run(); err != nil {
		t.Error(err)
	}
	m.allServed("s1")
	if a, stderr := m.apply(0, "--resume", "--yes"); len(a.Units) != 0 {
		t.Errorf("not all is taken back: %+v, %s", a, stderr)
	}
}

// A promotion that is given up, and can't be taken back any more, has nothing else of its plan taken
// back when the run that was to end it was killed.
func TestResumeOfAPromotionGivenUp(t *testing.T) {
	r := newResuming(t)
	plan, units := r.layout("layout.json", "--drain", "server:imap4")
	promotion, other := "", ""
	for _, u := range units {
		switch {
		case strings.Contains(u, " promote "):
			promotion = u
		case strings.Contains(u, " seed "):
			other = u
		}
	}
	if promotion == "" || other == "" {
		t.Fatalf("the plan is another one than this test takes it to be: %v", units)
	}
	r.begin(plan)
	r.did(plan, other, true, stepsOf(other)[:2]...)
	steps := stepsOf(promotion)
	r.did(plan, promotion, false, steps[:len(steps)-1]...)
	r.must(r.h.AddStep(t.Context(), &monitor.StepRecord{Plan: id(plan), Unit: promotion, Step: monitor.StepServe, State: monitor.StepRecalled, At: time.Now(), Data: "1", Text: "what was not begun"}))
	a, stderr := r.apply(1, "--resume")
	for _, u := range a.Units {
		if strings.Contains(u.Text, "taken back") || u.Unit == promotion && u.State != "stopped" {
			t.Errorf("%+v, %s", u, stderr)
		}
	}
}
