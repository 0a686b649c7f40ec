package confirm_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/monitor/confirm"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/planner"
)

// file is the path of a message of a mailbox.
func (r *rig) file(in *cyrustest.Instance, mailbox string, uid int) string {
	r.Helper()
	out, err := in.Tool(r.Context(), "mbpath", mailbox)
	r.must(err)
	return filepath.Join(strings.TrimSpace(out), fmt.Sprintf("%d.", uid))
}

// later carries on what rests, when its time is over, and returns what became of it and
// what was found of it before it was to be deleted.
func (r *rig) later() (course.Result, *monitor.Confirmation) {
	r.Helper()
	var found *monitor.Confirmation
	o := r.applying()
	o.Now = func() time.Time { return time.Now().Add(15 * 24 * time.Hour) }
	o.Live.Quiet = func(context.Context, *inventory.Inventory, inventory.Instance, []inventory.UserID) (bool, bool, time.Time, error) {
		return true, true, time.Time{}, nil
	}
	o.Live.Confirmed = func(ctx context.Context, _ *inventory.Inventory, u *course.Unit, _ func(string)) (string, error) {
		with := r.options()
		with.Occasion = monitor.BeforeDeletion
		var err error
		if found, err = confirm.Unit(ctx, u, with); err == nil && found.Verdict != monitor.Met {
			err = errors.New("not so")
		}
		if err != nil {
			return "", err
		}
		return found.Promises[len(found.Promises)-1].Found, nil
	}
	done, err := apply.CarryOut(r.Context(), course.Units([]planner.Plan{r.plan}, nil), false, o)
	r.must(err)
	return done[0], found
}

// Files that are damaged on all new copies, which no index shows, keep the original, and
// are named; when they are mended it is deleted.
func TestEverythingIsReadBeforeDeletion(t *testing.T) {
	r := newRig(t)
	r.carryOut()
	content, err := os.ReadFile(r.file(r.master("s2"), "user.anna", 2))
	r.must(err)
	for _, in := range r.store("s2").Instances {
		damaged := append([]byte{}, content...)
		damaged[len(damaged)-3] ^= 1 // as long as it was
		r.must(os.WriteFile(r.file(in, "user.anna", 2), damaged, 0o600))
		r.must(os.Remove(r.file(in, "user.anna.Work", 1)))
	}
	r.asked("all that indices tell", nil)
	plan := func(want monitor.Fulfilment, text string) {
		t.Helper()
		o := r.options()
		o.Occasion = monitor.BeforeDeletion
		found, err := confirm.Plan(t.Context(), r.plan, []planner.Plan{r.plan}, o)
		r.must(err)
		for _, p := range found.Promises {
			if p.Name == monitor.PromiseSpool && p.Verdict == want && strings.Contains(fmt.Sprintf("%+v", p), text) {
				return
			}
		}
		t.Errorf("the whole plan: no spool %s, %s: %+v", want, text, found.Promises)
	}
	plan(monitor.UnknownFulfilment, "not read yet")

	done, found := r.later()
	if done.Outcome != course.Moved || !done.Unmet || !strings.Contains(done.Why, "the original is kept: not confirmed") {
		t.Errorf("%s, %s", done.Outcome, done.Why)
	}
	spool := found.Promises[len(found.Promises)-1]
	var texts []string
	for _, d := range spool.Doubts {
		texts = append(texts, fmt.Sprintf("%s %s %s %s %s; %s", d.Verdict, d.User, d.Server, d.Mailbox, d.Found, d.Next))
	}
	all := strings.Join(texts, "\n")
	for _, server := range []string{"s2m", "s2r"} {
		for _, text := range []string{"user.anna 1 file not as delivered: UID 2; the original on s1m still has it", "user.anna.Work 1 file missing or unreadable (where there is no file that the server can read it is missing, or its rights, or its directory's, are wrong): UID 1; the original on s1m still has it"} {
			if !strings.Contains(all, "unmet anna "+server+" "+text) {
				t.Errorf("nothing is said of %s on %s:\n%s", text, server, all)
			}
		}
	}
	if spool.Name != monitor.PromiseSpool || spool.Verdict != monitor.Unmet || len(spool.Doubts) != 4 || !strings.HasPrefix(spool.Found, "8 messages read whole, 4 not so; ") {
		t.Errorf("%s is %s, %s", spool.Name, spool.Verdict, spool.Found)
	}
	found.Unit = "anna to s2"
	r.before = []monitor.Confirmation{*found}
	plan(monitor.Unmet, "UID 2")

	o := r.options()
	o.Occasion = monitor.OnRequest
	asked, err := confirm.Plan(t.Context(), r.plan, []planner.Plan{r.plan}, o)
	r.must(err)
	if last := asked.Promises[len(asked.Promises)-1]; asked.Verdict != monitor.Unmet || last.Name != monitor.PromiseSpool || len(last.Doubts) != 4 || !strings.Contains(string(last.Doubts[0].Next), "unless it came after the move") {
		t.Errorf("asked right after, what was read is not told: %+v", asked)
	}

	for _, in := range r.store("s2").Instances {
		for mailbox, uid := range map[string]int{"user.anna": 2, "user.anna.Work": 1} {
			original, err := os.ReadFile(r.file(r.master("s1"), mailbox, uid))
			r.must(err)
			path := r.file(in, mailbox, uid)
			r.must(os.WriteFile(path, original, 0o644))
		}
	}
	done, found = r.later()
	text := ""
	for _, s := range done.Records {
		if s.Step == monitor.StepKeep && s.State == monitor.StepDone {
			text = string(s.Text)
		}
	}
	if done.Outcome != course.Finished || done.Unmet || !strings.HasPrefix(text, "12 messages read whole; ") || !strings.Contains(text, " bytes") {
		t.Errorf("%s, %s: %s", done.Outcome, done.Why, text)
	}
	found.Unit = "anna to s2"
	r.before = []monitor.Confirmation{*found}
	plan(monitor.Met, "nothing of the kind") // is left to be deleted
}
