package apply_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/fixtures/needs"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/history"
	"github.com/interlacemail/interlace/planner"
)

// deaf is a journal that can't be used after so many records.
type deaf struct {
	*journal
	after int
	kept  bool // the first record that fails is kept all the same
	blind bool // nothing can be read either
}

var errFull = errors.New("the disk is full")

func (d *deaf) AddStep(ctx context.Context, r *monitor.StepRecord) error {
	switch {
	case d.after > 0:
		d.after--
		return d.journal.AddStep(ctx, r)
	case d.after == 0 && d.kept:
		_ = d.journal.AddStep(ctx, r)
	}
	d.after = -1
	return errFull
}

func (d *deaf) Steps(ctx context.Context, plan, unit string) ([]monitor.StepRecord, error) {
	if d.after < 0 && d.blind {
		return nil, errFull
	}
	return d.journal.Steps(ctx, plan, unit)
}

// Wherever the journal can't be used any more, users work again where they were or, when
// they may be routed elsewhere already, it is told who is kept out. When it can be used
// again all comes to its end, with what the users got meanwhile. With INTERLACE_SOAK it
// fails everywhere.
func TestDeafJournal(t *testing.T) {
	t.Parallel()
	r := newRig(t, 2, cyrustest.Settings{})
	from := r.Stores[0].Master()
	j := &journal{left: -1}
	for n := 1; ; n++ {
		if !soak() && n%5 != 1 {
			continue
		}
		user := fmt.Sprintf("anna%d", n)
		must(t, from.Fill(t.Context(), []cyrustest.Mailbox{
			{Name: "user." + user, Messages: 3}, {Name: "user." + user + ".Work", ACL: []cyrustest.Right{{Identifier: "zed" + user, Rights: "lrswi"}}}, {Name: "user.zed" + user},
		}))
		r.routes[inventory.UserID(user)] = inventory.ServerID(from.Name)
		u := unit(user, "s1", "s2", user)
		d := &deaf{journal: j, after: n, kept: n%2 == 0, blind: n%4 < 2}
		o := r.options(j)
		o.Journal, o.Limits.Insist = d, 20*time.Millisecond
		done, err := apply.CarryOut(t.Context(), []course.Unit{*u}, false, o)
		if len(done) != 1 {
			t.Fatalf("%v, %v", done, err)
		}
		if done[0].Outcome == course.Moved && err == nil {
			if n < 12 {
				t.Errorf("a move has only %d records", n)
			}
			return
		}
		routed := r.routes[inventory.UserID(user)] != inventory.ServerID(from.Name)
		_, refused := login(t.Context(), from, user)
		_, refusedZed := login(t.Context(), from, "zed"+user)
		told := strings.Contains(done[0].Why, "user "+user+" is kept out of s1 and s2 since ") && strings.Contains(done[0].Why, "interlace apply --resume --yes")
		if done[0].Outcome != course.Stopped || !strings.Contains(done[0].Why, errFull.Error()) || routed && refused == nil || (refused != nil || refusedZed != nil) && !routed && !told {
			t.Fatalf("after %d records: %s, %s; routed %v, refused %v, %v\n%v", n, done[0].Outcome, done[0].Why, routed, refused, refusedZed, j)
		}
		unwritten := strings.Contains(done[0].Why, "Its users were let in again where they were")
		// A journal that can't be read either does not tell since when they were out.
		if unwritten && (!done[0].Out().IsZero() || done[0].Denied().Known == d.blind) {
			t.Errorf("after %d records they are in, and told is that they are out since %v, %v", n, done[0].Out(), done[0].Denied())
		}
		messages := 3
		if refused == nil {
			talk(t, from, user, "APPEND INBOX "+cyrustest.Literal(message("meanwhile", 1)))
			messages++
		}
		o.Journal = j
		for range 2 { // back, and forth again
			if done, err = apply.CarryOut(t.Context(), []course.Unit{*u}, false, o); err != nil {
				t.Fatal(err)
			}
			if done[0].Outcome == course.Moved {
				break
			}
			if done[0].Outcome != course.Back || refused != nil || !strings.Contains(done[0].Why, "user "+user+" was let in again on "+from.Name) {
				t.Fatalf("after %d records, gone on with: %s, %s\n%v", n, done[0].Outcome, done[0].Why, j)
			}
			if unwritten && done[0].Denied().Known {
				t.Errorf("after %d records: when they were let in is not known, and told is %v", n, done[0].Denied())
			}
			r.look(t, user, 1, 0)
			must(t, r.Settle(t.Context()))
		}
		r.look(t, user, 0, 1)
		if got := talk(t, r.Stores[1].Master(), user, "STATUS INBOX (MESSAGES)"); !strings.Contains(got, fmt.Sprintf("MESSAGES %d)", messages)) {
			t.Errorf("after %d records: %s, want %d\n%v", n, got, messages, j)
		}
		if _, err := login(t.Context(), from, "zed"+user); err != nil {
			t.Errorf("who stays is kept out: %v", err)
		}
	}
}

// Who is let in on the new store when the journal fails is not told to be kept out: not at once,
// nor by a later run that can't write it down either.
func TestDeafJournalWhenLetIn(t *testing.T) {
	t.Parallel()
	r := anna(t)
	j := &journal{left: -1}
	o := r.options(j)
	o.Limits.Insist = 20 * time.Millisecond
	u := unit("anna", "s1", "s2", "anna")
	for _, test := range []struct {
		after int // up to the beginning of allow_target
		why   string
	}{{19, "Nobody is kept out for it"}, {0, "Its users are let in where they are routed, which is not written down"}} {
		o.Journal = &deaf{journal: j, after: test.after}
		done, err := apply.CarryOut(t.Context(), []course.Unit{*u}, test.after == 0, o)
		if must(t, err); done[0].Step() != monitor.StepAllowTarget || !strings.Contains(done[0].Why, test.why) || strings.Contains(done[0].Why, "kept out of") {
			t.Errorf("after %d records: %s, %s\n%v", test.after, done[0].Outcome, done[0].Why, j)
		}
		if !done[0].Out().IsZero() || !done[0].Denied().Known {
			t.Errorf("after %d records they are in, and told is that they are out since %v, %v", test.after, done[0].Out(), done[0].Denied())
		}
		r.look(t, "anna", 0, 1)
	}
	if since := apply.KeptOut(t.Context(), u, j.steps, o); !since.IsZero() {
		t.Errorf("they are out since %v", since)
	}
	_, err := r.Stores[1].Master().Tool(t.Context(), "cyr_deny", "anna")
	must(t, err)
	if apply.KeptOut(t.Context(), u, j.steps, o).IsZero() {
		t.Error("who is denied on the new store counts as let in")
	}
	_, err = r.Stores[1].Master().Tool(t.Context(), "cyr_deny", "-a", "anna")
	must(t, err)
	o.Journal = j
	if done, err := apply.CarryOut(t.Context(), []course.Unit{*u}, false, o); err != nil || done[0].Outcome != course.Moved {
		t.Errorf("%v, %v\n%v", done, err, j)
	}
}

// A database on a disk that fills up while users are denied lets them in again.
func TestDatabaseIsFull(t *testing.T) {
	t.Parallel()
	dir := needs.Mount(t, "tmpfs", "size=4m", 0)
	h, err := history.Open(t.Context(), filepath.Join(dir, "interlace.db"), history.Options{})
	must(t, err)
	defer h.Close()
	r := anna(t)
	u := unit("anna", "s1", "s2", "anna")
	o := r.options(nil)
	o.Journal, o.Limits.Insist = h, time.Second
	filling := filepath.Join(dir, "fill")
	full := false
	o.Run = func(ctx context.Context, server inventory.ServerID, input string, words ...string) (string, error) {
		if slices.Contains(words, "-O") && !full {
			full = true
			for size := 1 << 20; size > 0; size /= 2 { // to the last byte
				f, err := os.OpenFile(filling, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
				must(t, err)
				for err == nil {
					_, err = f.Write(make([]byte, size))
				}
				f.Close()
			}
		}
		return run(ctx, server, input, words...)
	}
	done, err := apply.CarryOut(t.Context(), []course.Unit{*u}, false, o)
	must(t, err)
	for _, want := range []string{"the disk is full", "Its users were let in again where they were", "interlace apply --resume --yes"} {
		if done[0].Outcome != course.Stopped || !strings.Contains(done[0].Why, want) || !full {
			t.Fatalf("%s, %s\nlacks %s", done[0].Outcome, done[0].Why, want)
		}
	}
	r.routes["anna"] = inventory.ServerID(r.Stores[0].Master().Name)
	r.look(t, "anna", 1, 0)
	must(t, os.Remove(filling))
	for _, want := range []course.Outcome{course.Back, course.Moved} {
		if done, err = apply.CarryOut(t.Context(), []course.Unit{*u}, false, o); err != nil || done[0].Outcome != want {
			t.Fatalf("%v, %v, want %s", done, err, want)
		}
		must(t, r.Settle(t.Context()))
	}
	r.look(t, "anna", 0, 1)
}

// Where the journal can't be used before roles are switched the old master is started
// again, and the promotion is taken back when it is gone on with; after that it is told that
// nobody is let in.
func TestDeafJournalInAPromotion(t *testing.T) {
	t.Parallel()
	op := newOperator(t)
	people(t, op.on("m"))
	j := &journal{left: -1}
	u := alteration(planner.Promote, "r", "m", 2)
	for _, test := range []struct {
		after    int // of check, prove_alike, stop and drain two each; to begin anew takes one more
		runs     bool
		why      string
		outcomes []course.Outcome
	}{
		{6, true, "Its users were let in again where they were", []course.Outcome{course.Back}},
		{9, false, "The users of store s1, whose master on m is stopped, are kept out since ", []course.Outcome{course.Finished}},
	} {
		o := op.options(j)
		o.Journal, o.Limits.Insist = &deaf{journal: j, after: test.after}, 20*time.Millisecond
		done, err := apply.CarryOut(t.Context(), []course.Unit{*u}, false, o)
		_, refused := login(t.Context(), op.on("m"), "anna")
		if err != nil || done[0].Outcome != course.Stopped || !strings.Contains(done[0].Why, test.why) || test.runs != (refused == nil) {
			t.Fatalf("after %d records: %v, %v; on the old master: %v\n%v", test.after, done, err, refused, j)
		}
		o.Journal = j
		for _, want := range test.outcomes {
			if done, err = apply.CarryOut(t.Context(), []course.Unit{*u}, false, o); err != nil || done[0].Outcome != want {
				t.Fatalf("after %d records, gone on with: %v, %v, want %s\n%v", test.after, done, err, want, j)
			}
		}
	}
	if _, err := login(t.Context(), op.on("r"), "anna"); err != nil {
		t.Error(err)
	}
}
