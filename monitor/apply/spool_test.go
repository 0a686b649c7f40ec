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
	files  []string        // beside the spool
	damage func()          // to the copy
	halts  func() error    // when more than this is read; nil: nothing
	runs   int             // of the command
	read   [][]cyrus.Owner // at once
	far    []string        // that was told
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
	o.Layouts.ReadWhole = func(ctx context.Context, in inventory.Instance, owners map[cyrus.Owner]bool, progress func(int64)) (*compare.Whole, error) {
		s.read = append(s.read, slices.SortedFunc(maps.Keys(owners), func(a, b cyrus.Owner) int { return strings.Compare(a.Name, b.Name) }))
		if s.halts != nil && len(s.read) > 1 {
			if err := s.halts(); err != nil {
				return nil, err
			}
			<-ctx.Done()
			return nil, ctx.Err()
		}
		return read(ctx, in, owners, progress)
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
	if !strings.Contains(j.String(), " messages were read whole, ") {
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

// A reading that is stopped goes on where it was.
func TestReadingOfASeedIsStopped(t *testing.T) {
	t.Parallel()
	op := newOperator(t)
	var boxes []cyrustest.Mailbox
	for i := range 27 {
		boxes = append(boxes, cyrustest.Mailbox{Name: fmt.Sprintf("user.u%02d", i), Messages: 1})
	}
	must(t, op.on("m").Fill(t.Context(), boxes))
	var asked atomic.Bool
	s := &seedCommand{op: op, halts: func() error { asked.Store(true); return nil }}
	u, j := alteration(planner.Seed, "n", "m", 2), &journal{left: -1}
	o := op.options(j)
	s.options(o)
	o.Limits.Poll = 50 * time.Millisecond
	o.Gates.Asked = func(context.Context) (bool, error) { return asked.Load(), nil }
	results, err := apply.CarryOut(t.Context(), []course.Unit{*u}, false, o)
	if must(t, err); results[0].Outcome != course.Stopped || results[0].Step() != monitor.StepProveSpool || !strings.Contains(results[0].Why, "stopped by interlace apply --stop") {
		t.Fatalf("%s, %s\n%v", results[0].Outcome, results[0].Why, j)
	}
	first := s.read[0]
	s.halts, s.read = nil, nil
	if outcome, _, err := op.carry(t, u, j, s.options, func(o *apply.Options) { o.Layouts.Seed = nil }); outcome != course.Finished || s.runs != 1 {
		t.Fatalf("%s, %v\n%v", outcome, err, j)
	}
	if len(first) != 25 || len(s.read) != 1 || len(s.read[0]) != 2 || slices.Contains(first, s.read[0][0]) || slices.Contains(first, s.read[0][1]) {
		t.Errorf("read first %v, then %v", first, s.read)
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
