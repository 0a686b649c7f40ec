package apply_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/monitor/compare"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/planner"
)

// seedCommand copies files of the master, and remembers what is read of them then.
type seedCommand struct {
	op     *operator
	files  []string                                     // beside the spool
	damage func()                                       // to the copy
	proven func(context.Context, *compare.Proven) error // is asked whether to go on; nil: nobody is
	runs   int                                          // of the command
	read   [][]cyrus.Owner                              // that are asked for
	parts  [][]compare.Proven                           // that are told then
	far    []string                                     // that was told
}

func (s *seedCommand) options(o *apply.Options) {
	m, read := s.op.on("m"), o.Layouts.ReadWhole
	o.Layouts.Seed = func(ctx context.Context, _ *apply.Order) error {
		s.runs++
		n := s.op.on("n")
		wrong := n.Stop()
		for _, file := range append([]string{"data/.", "conf/mailboxes.db"}, s.files...) {
			to := filepath.Join(n.Dir, file)
			if file == "data/." {
				to = n.Dir + "/data/"
			}
			_, err := run(ctx, "", "", "cp", "-a", "--", m.Dir+"/"+file, to)
			wrong = errors.Join(wrong, err)
		}
		if s.damage != nil {
			s.damage()
		}
		return errors.Join(wrong, n.Start(ctx))
	}
	o.Layouts.ReadWhole = func(ctx context.Context, in inventory.Instance, owners map[cyrus.Owner]bool, how compare.WholeOptions) (*compare.Whole, error) {
		s.read = append(s.read, slices.SortedFunc(maps.Keys(owners), func(a, b cyrus.Owner) int { return strings.Compare(a.Name, b.Name) }))
		s.parts = append(s.parts, nil)
		take := how.Proven
		how.Proven = func(p *compare.Proven) error {
			s.parts[len(s.parts)-1] = append(s.parts[len(s.parts)-1], *p)
			if err := take(p); err != nil || s.proven == nil {
				return err
			}
			return s.proven(ctx, p)
		}
		return read(ctx, in, owners, how)
	}
	o.Progress = func(p apply.Progress) {
		if p.Far != "" {
			s.far = append(s.far, p.Far)
		}
	}
}

// file is where a message lies on an instance.
func file(t *testing.T, in *cyrustest.Instance, mailbox string, uid int) string {
	t.Helper()
	dir, err := in.Tool(t.Context(), "mbpath", "--", mailbox)
	must(t, err)
	return fmt.Sprintf("%s/%d.", strings.TrimSpace(dir), uid)
}

// spoil writes over the first bytes of a message that n has got.
func (op *operator) spoil(t *testing.T, mailbox string, uid int) {
	t.Helper()
	spoil(t, strings.Replace(file(t, op.on("m"), mailbox, uid), op.on("m").Dir, op.on("n").Dir, 1))
}

// spoil writes over the first bytes of a file.
func spoil(t *testing.T, name string) {
	t.Helper()
	text, err := os.ReadFile(name)
	must(t, err)
	copy(text, "damaged by a bad disk")
	must(t, os.WriteFile(name, text, 0o600))
}

// What a seed_command has copied and damaged is found by reading it: the seed stays where it
// is, nothing is promoted or dropped, and when the files are mended only what was not proven is
// read again.
func TestDamagedSeed(t *testing.T) {
	t.Parallel()
	op := newOperator(t)
	people(t, op.on("m"))
	_, err := op.on("m").Tool(t.Context(), "cyr_deny", "-m", "locked", "ben")
	must(t, err)
	s := &seedCommand{op: op, files: []string{"conf/quotas.db"}, damage: func() {
		op.spoil(t, "user.anna", 2)
		op.spoil(t, "user.anna", 3)
		op.spoil(t, "shared.team", 1)
	}}
	units := wholeStore()
	j := &journal{left: -1}
	carry := func() []course.Result {
		t.Helper()
		o := op.options(j)
		s.options(o)
		o.Groups = &inventory.ShareGroups{}
		results, err := apply.CarryOut(t.Context(), units, false, o)
		must(t, err)
		return results
	}
	refused := func(results []course.Result) {
		t.Helper()
		if r := &results[0]; r.Outcome != course.Stopped || r.Step() != monitor.StepProveSpool || results[1].Outcome != course.Waiting || results[2].Outcome != course.Waiting {
			t.Fatalf("%s, %s; %s; %s\n%v", r.Outcome, r.Why, results[1].Outcome, results[2].Outcome, j)
		}
		for _, want := range []string{
			"copied to n are not what they were: shared.team: 1 file not as delivered: UID 1; user.anna: 2 files not as delivered: UID 2:3;", "spool of the master on m",
			"interlace apply --resume --yes reads that again", "Nothing is promoted or dropped",
		} {
			if !strings.Contains(results[0].Why, want) {
				t.Errorf("%s does not tell: %s", results[0].Why, want)
			}
		}
		if want := []string{"create s1 n replica"}; !slices.Equal(op.orders, want) || s.runs != 1 {
			t.Errorf("the operator was told to %v, and the seed_command ran %d times", op.orders, s.runs)
		}
	}
	refused(carry())
	if _, err := login(t.Context(), op.on("m"), "anna"); err != nil {
		t.Error(err)
	}
	if len(s.read) != 1 || len(s.read[0]) != 4 || len(s.far) == 0 || !strings.Contains(s.far[0], "MiB read, on n now") {
		t.Errorf("read %v, told %v", s.read, s.far)
	}
	refused(carry())
	for _, at := range []struct {
		mailbox string
		uid     int
	}{{"user.anna", 2}, {"user.anna", 3}, {"shared.team", 1}} {
		_, err := run(t.Context(), "", "", "cp", "--", file(t, op.on("m"), at.mailbox, at.uid), file(t, op.on("n"), at.mailbox, at.uid))
		must(t, err)
	}
	finished(t, carry(), j)
	if again := []cyrus.Owner{{Name: "anna"}, {Name: "shared", Shared: true}}; s.runs != 1 || len(s.read) != 3 || !slices.Equal(s.read[1], again) || !slices.Equal(s.read[2], again) {
		t.Errorf("the seed_command ran %d times, and read was %v", s.runs, s.read)
	}
	if !strings.Contains(j.String(), " 14 messages were read whole, ") { // each once, whatever the tries
		t.Errorf("what was read is not told:\n%v", j)
	}
	op.follow(t, units, j)
	op.check(t, "master n, replica r")
	if _, err := login(t.Context(), op.on("n"), "ben"); err == nil {
		t.Error("ben, whom the master kept out, is let in on the new one")
	}
}

// A seed whose messages could not be read, since who has them is denied, says how to let him in,
// and can be taken back.
func TestUnreadSeed(t *testing.T) {
	t.Parallel()
	op := newOperator(t)
	people(t, op.on("m"))
	_, err := op.on("m").Tool(t.Context(), "cyr_deny", "-m", "locked", "ben")
	must(t, err)
	s := &seedCommand{op: op, files: []string{"conf/quotas.db", "conf/user_deny.db"}}
	u := alteration(planner.Seed, "n", "m", 2)
	j := &journal{left: -1}
	outcome, _, err := op.carry(t, u, j, s.options)
	if allow := "/usr/lib/cyrus/bin/cyr_deny -C " + op.on("n").Conf + " -a -- ben"; outcome != course.Stopped || err == nil || !strings.Contains(err.Error(), "could not be read: user.ben") || !strings.Contains(err.Error(), allow) {
		t.Errorf("%s, %v\n%v", outcome, err, j)
	}
	o := op.options(j)
	results, err := apply.CarryOut(t.Context(), []course.Unit{*u}, true, o)
	if must(t, err); results[0].Outcome != course.Back || op.on("n") != nil {
		t.Errorf("%s, %s\n%v", results[0].Outcome, results[0].Why, j)
	}
	op.check(t, "master m, replica r")
}

// A reading that is stopped goes on where it was, in the middle of a large mailbox; and one that
// is killed where it last wrote that down.
func TestReadingOfASeedIsStopped(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"stopped", "killed"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			readingEnds(t, how == "killed")
		})
	}
}

func readingEnds(t *testing.T, killed bool) {
	const large, users = 3500, 5
	op := newOperator(t)
	boxes := []cyrustest.Mailbox{{Name: "user.large", Messages: large, MessageBytes: 300}}
	for i := range users {
		boxes = append(boxes, cyrustest.Mailbox{Name: fmt.Sprintf("user.u%02d", i), Messages: 1})
	}
	must(t, op.on("m").Fill(t.Context(), boxes))
	var asked atomic.Bool
	var left []monitor.StepRecord // when it was killed
	u, j := alteration(planner.Seed, "n", "m", 2), &journal{left: -1}
	s := &seedCommand{op: op}
	s.proven = func(ctx context.Context, _ *compare.Proven) error {
		switch {
		case len(s.parts[0]) < 3:
			return nil
		case killed:
			left, _ = j.Steps(ctx, u.Plan, u.Name)
			return errCrash
		}
		asked.Store(true)
		<-ctx.Done()
		return ctx.Err()
	}
	o := op.options(j)
	s.options(o)
	o.Limits.Poll = 50 * time.Millisecond
	o.Gates.Asked = func(context.Context) (bool, error) { return asked.Load(), nil }
	if killed {
		o.Layouts.Note = 1
	}
	results, err := apply.CarryOut(t.Context(), []course.Unit{*u}, false, o)
	if must(t, err); results[0].Outcome != course.Stopped || results[0].Step() != monitor.StepProveSpool || !killed && !strings.Contains(results[0].Why, "stopped by interlace apply --stop") {
		t.Fatalf("%s, %s\n%v", results[0].Outcome, results[0].Why, j)
	}
	if killed {
		j.steps = left
	}
	s.proven = nil
	if outcome, _, err := op.carry(t, u, j, s.options, func(o *apply.Options) { o.Layouts.Seed = nil }); outcome != course.Finished || s.runs != 1 {
		t.Fatalf("%s, %v\n%v", outcome, err, j)
	}
	messages, within := int64(0), 0
	var spans []compare.Span
	for _, parts := range s.parts {
		for _, p := range parts {
			messages += p.Messages
			spans = append(spans, p.Span)
		}
	}
	for _, p := range s.parts[0] {
		if p.Owner.Name == "large" && !p.All {
			within++
		}
	}
	if len(s.parts) != 2 || within != 3 || messages != large+users || len(compare.Joined(spans)) != 1+users {
		t.Errorf("%d messages, read first %v, then %v", messages, s.parts[0], s.parts[1:])
	}
	if want := inventory.Counted(large+users, "message", "messages") + " were read whole"; !strings.Contains(j.String(), want) {
		t.Errorf("%s is not told:\n%v", want, j)
	}
	op.check(t, "master m, replica r, replica n")
}

// A seed_command that leaves quotas and denials out does not leave the replica without them.
func TestSeedWithoutQuotas(t *testing.T) {
	t.Parallel()
	op := newOperator(t)
	people(t, op.on("m"))
	_, err := op.on("m").Tool(t.Context(), "cyr_deny", "-m", "locked", "ben")
	must(t, err)
	s := &seedCommand{op: op}
	op.must(t, alteration(planner.Seed, "n", "m", 2), s.options)
	op.check(t, "master m, replica r, replica n")
	if _, err := login(t.Context(), op.on("n"), "ben"); err == nil {
		t.Error("ben, whom the master keeps out, is let in on the replica")
	}
	limits := func(in *cyrustest.Instance) string {
		return talk(t, in, cyrustest.AdminUser, "GETQUOTA user.anna", "GETQUOTA shared.team")
	}
	if want, got := limits(op.on("m")), limits(op.on("n")); !strings.Contains(want, "100000") || !strings.Contains(want, "5000") || got != want {
		t.Errorf("the quotas are %s, not %s", got, want)
	}
}

// A replica without a quota of its master is not alike, and the last one with it not dropped.
func TestReplicaWithoutAQuota(t *testing.T) {
	t.Parallel()
	op := newOperator(t)
	people(t, op.on("m"))
	must(t, op.fleet.Settle(t.Context()))
	if out, err := op.on("r").Tool(t.Context(), "cyr_dbtool", op.on("r").Dir+"/conf/quotas.db", "twoskip", "delete", "user.anna"); err != nil {
		t.Fatal(out, err)
	}
	outcome, _, err := op.carry(t, alteration(planner.Promote, "r", "m", 2), &journal{left: -1})
	if outcome != course.Back || err == nil || !strings.Contains(err.Error(), "r is not what m is: user.anna lacks the quota STORAGE 100000") {
		t.Errorf("%s, %v", outcome, err)
	}
	if len(op.orders) > 0 {
		t.Errorf("the operator was told to %v", op.orders)
	}
}

// What replication copies need not be read: it does not send a message that is not what it was.
func TestReplicationChecksWhatItSends(t *testing.T) {
	t.Parallel()
	op := newOperator(t)
	people(t, op.on("m"))
	must(t, op.fleet.Settle(t.Context()))
	spoil(t, file(t, op.on("m"), "user.anna", 2))
	outcome, _, err := op.carry(t, alteration(planner.Seed, "n", "m", 2), &journal{left: -1})
	if outcome != course.Back || err == nil || !strings.Contains(err.Error(), "sync_do_user(anna)") {
		t.Errorf("%s, %v", outcome, err)
	}
}
