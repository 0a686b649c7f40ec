package main_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/history"
	"github.com/interlacemail/interlace/planner"
)

// resuming is a journal of plans that were begun on a fleet that does not answer.
type resuming struct {
	*moving
	h *history.History
	// instances are those of stores as apply has told them.
	instances map[string]string
}

// newResuming describes stores s1 to s4, and plans to move the users from s1 to others.
func newResuming(t *testing.T) *resuming {
	t.Helper()
	t.Chdir(t.TempDir())
	r := &resuming{moving: &moving{place: &place{T: t}}}
	put(t, "password", "secret\n")
	put(t, "routes", "anna,imap1\n")
	put(t, "interlace.yaml", `fleet: fleet.yaml
imap: {user: admin, password_file: password, tls: none}
sync: {user: repl, password_file: password}
routing_file: routes
cyrus_tools: /usr/lib/cyrus/bin
runner: {argv: ["false", "{server}"]}
`)
	r.describe("2TB")
	users := "user,store,disk,io\n"
	for _, u := range []string{"anna", "ben", "carl", "dora", "emil", "fritz"} {
		users += u + ",s1,1MB,1\n"
	}
	put(t, "users.csv", users)
	r.program("import", "fleet.yaml")
	h, err := history.Open(t.Context(), "interlace.db", history.Options{Existing: true})
	r.must(err)
	t.Cleanup(func() { r.must(h.Close()) })
	r.h = h
	return r
}

// describe has s4 have a capacity.
func (r *resuming) describe(capacity string) {
	text := "format: 1\nservers:\n"
	stores := "stores:\n"
	for i := 1; i <= 4; i++ {
		text += fmt.Sprintf("  - {name: imap%d, capacity: {disk: 9TB, io: 100}}\n", i)
		own := "2TB"
		if i == 4 {
			own = capacity
		}
		instances := r.instances[fmt.Sprintf("s%d", i)]
		for j, role := range []string{"master", "replica"} {
			if r.instances[fmt.Sprintf("s%d", i)] == "" {
				instances += fmt.Sprintf("    - {server: imap%d, role: %s, imap: \"127.0.0.1:9\", imapd_conf: /etc/s%d.conf}\n", (i+j-1)%4+1, role, i)
			}
		}
		stores += fmt.Sprintf("  - name: s%d\n    capacity: {disk: %s}\n    instances:\n%s", i, own, instances)
	}
	put(r.T, "fleet.yaml", text+stores+"users: users.csv\n")
}

func (r *resuming) program(args ...string) {
	r.Helper()
	if status, stdout, stderr := program(r.T, args...); status != 0 {
		r.Fatal(args, stdout, stderr)
	}
}

// plan makes a plan, and returns its text and its units by the store that they move to.
func (r *resuming) plan(file, seed string) (text []byte, units map[string][]string) {
	r.Helper()
	r.program("users", "--drain", "s1", "--seed", seed, "--plan", file)
	text, err := os.ReadFile(file)
	r.must(err)
	a, _ := r.apply(1, file)
	units = map[string][]string{}
	for _, u := range a.Units {
		store := u.Unit[strings.LastIndex(u.Unit, " ")+1:]
		units[store] = append(units[store], u.Unit)
	}
	return text, units
}

// stepsOf are those of a change of a layout.
func stepsOf(unit string) []monitor.Step {
	c, err := course.Of(&course.Unit{Do: &planner.LayoutChange{Do: planner.Verb(strings.Fields(unit)[1])}})
	if err != nil {
		panic(err)
	}
	return c.Steps
}

// layout makes a layout plan, and returns its text and its units.
func (r *resuming) layout(file string, args ...string) (text []byte, units []string) {
	r.Helper()
	r.program(append([]string{"layout", "--plan", file}, args...)...)
	text, err := os.ReadFile(file)
	r.must(err)
	a, _ := r.apply(1, file)
	for _, u := range a.Units {
		units = append(units, u.Unit)
	}
	return text, units
}

// begin has the journal say that an apply of a plan was begun.
func (r *resuming) begin(texts ...[]byte) {
	r.Helper()
	a := &monitor.Apply{By: "test", Began: time.Now()}
	for _, text := range texts {
		a.Plans = append(a.Plans, id(text))
	}
	r.must(r.h.BeginApply(r.Context(), a, texts))
}

func id(plan []byte) string {
	_, rest, _ := strings.Cut(string(plan), `"id": "`)
	id, _, _ := strings.Cut(rest, `"`)
	return id
}

// did has the journal say that steps of a unit are done; of the last one that it began, where
// it does not end.
func (r *resuming) did(plan []byte, unit string, ends bool, steps ...monitor.Step) {
	r.Helper()
	for i, step := range steps {
		for _, state := range []monitor.StepState{monitor.StepBegan, monitor.StepDone} {
			if state == monitor.StepBegan || ends || i < len(steps)-1 {
				r.must(r.h.AddStep(r.Context(), &monitor.StepRecord{Plan: id(plan), Unit: unit, Step: step, State: state, At: time.Now()}))
			}
		}
	}
}

// moved are the steps of a move before its original is kept.
var moved = course.OfMove.Steps[:slices.Index(course.OfMove.Steps, course.OfMove.Rest)]

// Where facts have changed since a plan was made only that is held back which is not begun and
// touches them. What is done is counted, whichever facts these are.
func TestResumeOnOtherFacts(t *testing.T) {
	r := newResuming(t)
	plan, units := r.plan("users.json", "1")
	if len(units["s4"]) < 2 || len(units["s2"]) < 1 || len(units["s3"]) < 1 {
		t.Fatalf("the plan is another one than this test takes it to be: %v", units)
	}
	done, fresh, begun, other := units["s4"][0], units["s4"][1], units["s2"][0], units["s3"][0]
	r.begin(plan)
	r.did(plan, done, true, moved...)
	r.did(plan, begun, false, monitor.StepCheck)
	r.describe("1TB")
	r.program("import", "fleet.yaml")
	for _, args := range [][]string{{"--resume"}, {"users.json"}} {
		a, stderr := r.apply(1, args...)
		for _, u := range a.Units {
			barred := slices.ContainsFunc(u.Refused, func(s string) bool {
				return strings.Contains(s, "facts have changed since its plan was made: store s4 is not as it was")
			})
			if barred != (u.Unit == fresh) {
				t.Errorf("%v: %s is held back: %v (%v), %s", args, u.Unit, barred, u.Refused, stderr)
			}
			if u.Unit == done && (u.State != "moved" || u.Kept == "" || len(u.Refused) > 0) || (u.Unit == begun || u.Unit == other) && len(u.Refused) == 0 {
				t.Errorf("%v: %+v", args, u)
			}
		}
		if len(a.Units) != 6 {
			t.Errorf("%v: %+v", args, a.Units)
		}
	}
	if status, stdout, stderr := program(t, "apply", "--resume"); strings.Contains(stdout, done) || !strings.Contains(stdout, "nothing is to be done now about the others: 1 unit is moved") {
		t.Errorf("status %d: what is done is not counted: %s%s", status, stdout, stderr)
	}
	if _, stderr := r.apply(1, "--rollback"); strings.Contains(stderr, "facts") {
		t.Errorf("taken back: %s", stderr)
	}

	// Of a plan of which nothing is begun nothing is, as before.
	r.describe("2TB")
	r.program("import", "fleet.yaml")
	r.plan("other.json", "2")
	r.describe("1TB")
	r.program("import", "fleet.yaml")
	if _, stderr := r.apply(2, "other.json"); !strings.Contains(stderr, "other.json was made on other facts") || !strings.Contains(stderr, "store s4 is not as it was") {
		t.Errorf("another one: %s", stderr)
	}
}

// A plan whose facts have changed is not given up by that: what is not begun of it waits, and
// confirm tells of it, until somebody gives it up.
func TestWhatWaitsIsNotGivenUp(t *testing.T) {
	r := newResuming(t)
	plan, units := r.plan("users.json", "1")
	r.begin(plan)
	for store, of := range units {
		for _, unit := range of {
			if store != "s4" {
				r.did(plan, unit, true, course.OfMove.Steps...)
			}
		}
	}
	waiting := units["s4"]
	r.describe("1TB")
	r.program("import", "fleet.yaml")
	confirmed := func() string {
		status, stdout, stderr := program(t, "confirm", "users.json", "-o", "json")
		if status != 1 {
			t.Errorf("confirm: status %d: %s%s", status, stdout, stderr)
		}
		return stdout
	}
	for range 2 {
		a, stderr := r.apply(1, "--resume", "--yes")
		if said := fmt.Sprintf("%+v", a.Units); strings.Count(said, "store s4 is not as it was; make a new plan of it") != len(waiting) {
			t.Errorf("%s, %s", said, stderr)
		}
		if text := confirmed(); strings.Count(text, "never begun: facts have changed since its plan was made: store s4") != len(waiting) || strings.Contains(text, "given up") {
			t.Errorf("confirm: %s", text)
		}
	}
	if _, stderr := r.apply(1, "--resume", "--give-up"); strings.Count(stderr, ": would be given up") != len(waiting) {
		t.Errorf("what would be given up: %s", stderr)
	}
	r.apply(0, "--resume", "--give-up", "--yes")
	if _, stderr := r.apply(0, "--resume", "--yes"); !strings.Contains(stderr, "nothing is begun and not done") {
		t.Errorf("given up: %s", stderr)
	}
	if text := confirmed(); strings.Contains(text, "facts have changed") || !strings.Contains(text, "never begun, and the plan is given up") {
		t.Errorf("confirm of what is given up: %s", text)
	}
	r.apply(2, "users.json", "--give-up")
}

// What can't be begun any more, or anew, is named with what becomes of it, also where it was begun
// once and is back.
func TestWhatCannotBeBegunIsNamed(t *testing.T) {
	r := newResuming(t)
	plan, units := r.plan("users.json", "1")
	r.begin(plan)
	waiting := units["s4"]
	r.did(plan, waiting[0], true, monitor.StepCheck)
	for _, state := range []monitor.StepState{monitor.StepUndoing, monitor.StepUndone} { // and is back
		r.must(r.h.AddStep(t.Context(), &monitor.StepRecord{Plan: id(plan), Unit: waiting[0], Step: monitor.StepCheck, State: state, At: time.Now()}))
	}
	for _, unit := range append(units["s2"], units["s3"]...) {
		r.did(plan, unit, true, course.OfMove.Steps...)
	}
	r.describe("1TB")
	r.program("import", "fleet.yaml")
	for _, args := range [][]string{{"--resume"}, {"--resume", "--yes"}} {
		_, stdout, stderr := program(t, append([]string{"apply"}, args...)...)
		said := strings.Join(strings.Fields(stdout+stderr), " ")
		want := fmt.Sprintf("%d units are not begun, and can't be: %s; interlace apply --resume --give-up --yes gives that up", len(waiting), strings.Join(waiting, ", "))
		if !strings.Contains(said, want) || !strings.Contains(stdout, waiting[0]) {
			t.Errorf("%v: it is not said what keeps it from its end: %s", args, said)
		}
	}
}

// What is given up while originals of the rest are kept is said to be, and nothing is promised of
// it, nor speaks against it: whoever names the plan again begins it anew.
func TestGivenUpBesideOriginals(t *testing.T) {
	r := newResuming(t)
	plan, units := r.plan("users.json", "1")
	r.begin(plan)
	for store, of := range units {
		for _, unit := range of {
			if store != "s4" {
				r.did(plan, unit, true, moved...)
			}
		}
	}
	waiting := units["s4"]
	r.describe("1TB")
	r.program("import", "fleet.yaml")
	_, stdout, stderr := program(t, "apply", "--resume", "--give-up", "--yes") // of the others the servers say nothing
	counts := fmt.Sprintf("%d units are given up", len(waiting))
	if strings.Count(stderr, ": given up\n") != len(waiting) || !strings.Contains(stdout, counts) || strings.Contains(stdout, "units are back") {
		t.Errorf("%s%s", stdout, stderr)
	}
	for _, capacity := range []string{"1TB", "2TB"} {
		r.describe(capacity)
		r.program("import", "fleet.yaml")
		for _, args := range [][]string{{"--resume"}, {"--resume", "--give-up"}} {
			status, stdout, stderr := program(t, append([]string{"apply"}, args...)...)
			if status != 0 || !strings.Contains(stdout, counts) || strings.Contains(stdout+stderr, "speaks against") || strings.Contains(stderr, ": would be given up") {
				t.Errorf("%v, %s: status %d: %s%s", args, capacity, status, stdout, stderr)
			}
		}
		_, text, _ := program(t, "confirm", "users.json", "-o", "json")
		if said := strings.Count(text, "parts never begun, and given up"); said != 1 || strings.Contains(text, "what is left of the plan") || strings.Contains(text, "never begun\"") {
			t.Errorf("confirm: %s", text)
		}
	}
	a, stderr := r.apply(1, "users.json")
	refused := 0
	for _, u := range a.Units {
		if slices.Contains(waiting, u.Unit) && len(u.Refused) > 0 {
			refused++
		}
	}
	if refused != len(waiting) {
		t.Errorf("named again, %d of %d are refused: %+v, %s", refused, len(waiting), a.Units, stderr)
	}
}

// Who is back is told of once, whether the plan was taken back alone or with those that it was
// carried out with, and what else these have done is not taken back for it.
func TestResumeOfWhoIsBack(t *testing.T) {
	r := newResuming(t)
	users, units := r.plan("users.json", "1")
	r.program("moves", "users.json", "--plan", "moves.json")
	schedule, err := os.ReadFile("moves.json")
	r.must(err)
	r.begin(users, schedule)
	r.begin(users)
	var all []string
	for _, of := range units {
		for _, unit := range of {
			all = append(all, unit)
			r.did(users, unit, true, moved...)
			r.did(users, unit+", back to s1", true, moved...)
		}
	}
	for _, args := range [][]string{{"--resume"}, {"--rollback"}, {"--rollback", "users.json"}} {
		a, _ := r.apply(0, args...)
		states := map[string]int{}
		for _, u := range a.Units {
			states[u.State]++
			if u.State == "back" && u.Kept != "" {
				t.Errorf("%v: %+v", args, u)
			}
		}
		if len(a.Units) != 2*len(all) || states["back"] != len(all) {
			t.Errorf("%v: %v of %d units", args, states, len(all))
		}
		_, stdout, _ := program(t, append([]string{"apply"}, args...)...)
		if !strings.Contains(stdout, fmt.Sprintf("about the others: %d units are back\n", len(all))) || strings.Contains(stdout, "moved") || strings.Contains(stdout, "kept until") {
			t.Errorf("%v: %s", args, stdout)
		}
	}
}

// Who could not be moved back is not said to be back.
func TestResumeOfWhoIsNotBack(t *testing.T) {
	r := newResuming(t)
	users, units := r.plan("users.json", "1")
	unit := units["s2"][0]
	r.begin(users)
	r.did(users, unit, true, moved...)
	r.recall(users, unit, monitor.StepKeep, "1")
	back := unit + ", back to s1"
	r.did(users, back, false, monitor.StepCheck)
	r.must(r.h.AddStep(t.Context(), &monitor.StepRecord{Plan: id(users), Unit: back, Step: monitor.StepCheck, State: monitor.StepUndone, At: time.Now()}))
	if _, stdout, _ := program(t, "apply", "--resume"); !strings.Contains(stdout, back+", 1 user, 977 KiB: not back\n") || strings.Contains(stdout, "is back") {
		t.Errorf("it says %s", stdout)
	}
}

// A unit that fails its check keeps no units of other plans from being begun.
func TestApplyReachesAllPlans(t *testing.T) {
	m := newMoving(t, "anna", "ben", "carl")
	for file, keep := range map[string]string{"first.json": "user:carl", "second.json": "user:anna"} {
		if status, stdout, stderr := m.program("users", "--drain", "s1", "--keep", keep, "--plan", file); status > 1 {
			t.Fatal(stdout, stderr)
		}
	}
	m.must(m.fleet.Stores[1].Master().Fill(t.Context(), []cyrustest.Mailbox{{Name: "user.anna"}}))
	m.must(m.fleet.Settle(t.Context()))
	if a, stderr := m.apply(1, "first.json", "--yes"); len(a.Units) != 1 || a.Units[0].State != "back" {
		t.Fatalf("%+v, %s", a, stderr)
	}
	put(t, m.stopFile(), "")
	if a, stderr := m.apply(1, "second.json", "--yes"); len(a.Units) != 1 || a.Units[0].State != "waiting" {
		t.Fatalf("%+v, %s", a, stderr)
	}
	m.must(os.Remove(m.stopFile()))
	a, stderr := m.apply(1, "--resume", "--yes")
	if len(a.Units) != 2 || a.Units[0].State != "back" || a.Units[1].State != "moved" || !strings.Contains(stderr, "anna to s2: back: ") {
		t.Errorf("%+v, %s", a, stderr)
	}
	if at := m.served("anna") + m.served("ben") + m.served("carl"); !strings.HasSuffix(at, "s1s2") {
		t.Errorf("they are served by %s", at)
	}
}
