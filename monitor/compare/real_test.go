package compare_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/compare"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func within(t *testing.T, limit time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	t.Cleanup(cancel)
	return ctx
}

// rig is a settled pair on real Cyrus.
type rig struct {
	t               *testing.T
	fleet           *cyrustest.Fleet
	master, replica *cyrustest.Instance
}

// newRig starts a pair with some mail on both sides. Nothing is replicated but by
// [rig.sync], so that damage is neither copied back nor mended while it is
// looked for.
func newRig(t *testing.T, mailboxes ...cyrustest.Mailbox) *rig {
	t.Helper()
	fleet := cyrustest.Run(t, cyrustest.StoreOptions{Name: "s1", Instances: []cyrustest.Settings{{Client: cyrustest.ClientNone}, {}}})
	r := &rig{t: t, fleet: fleet, master: fleet.Stores[0].Master(), replica: fleet.Stores[0].Replicas()[0]}
	if err := r.master.Fill(within(t, time.Minute), mailboxes); err != nil {
		t.Fatal(err)
	}
	r.sync("-A")
	return r
}

// sync runs sync_client once on the master.
func (r *rig) sync(arguments ...string) {
	r.t.Helper()
	if out, err := r.master.Tool(within(r.t, time.Minute), "sync_client", arguments...); err != nil {
		r.t.Fatal(out, err)
	}
}

// do sends commands to an instance as a user.
func (r *rig) do(in *cyrustest.Instance, user string, commands ...string) {
	r.t.Helper()
	conn, err := in.DialAs(within(r.t, 30*time.Second), user)
	if err != nil {
		r.t.Fatal(err)
	}
	defer conn.Close()
	for _, command := range commands {
		if answer, err := conn.Do(command); err != nil {
			r.t.Fatalf("%s: %v %s", command, err, strings.Join(answer, "\n"))
		}
	}
}

func (r *rig) side(server inventory.ServerID, in *cyrustest.Instance) compare.Side {
	return compare.Side{Server: server, Conf: in.Conf, IMAP: cyrus.Options{
		Address: in.IMAP, User: cyrustest.AdminUser, Password: cyrus.Secret(r.fleet.Password), TLS: cyrus.None,
	}}
}

func (r *rig) pair() compare.Pair {
	return compare.Pair{Store: "s1", Master: r.side("imap1", r.master), Replica: r.side("imap2", r.replica)}
}

// compare compares the pair when nothing waits, without long pauses.
func (r *rig) compare(o compare.Options) *monitor.Comparison {
	r.t.Helper()
	if o.Pause == 0 {
		o.Pause = 100 * time.Millisecond
	}
	if o.Backlog == compare.BacklogUnknown {
		o.Backlog = compare.NothingWaits
	}
	c, err := compare.Store(within(r.t, time.Minute), r.pair(), o)
	if err != nil {
		r.t.Fatal(err)
	}
	return c
}

var anna = []cyrustest.Mailbox{
	{Name: "user.anna", Messages: 5, Quota: 10240}, {Name: "user.anna.Work", Messages: 3}, {Name: "user.anna.Trash"},
	{Name: "user.bob", Messages: 2}, {Name: "team", Messages: 2},
}

// TestDivergences damages a replica in one way at a time, by what its clients can
// do behind the master's back and by what a disk can.
func TestDivergences(t *testing.T) {
	message := func(text string) string {
		return "{" + inventory.FormatNumber(float64(len(text))) + "+}\r\n" + text
	}
	for _, c := range []struct {
		name    string
		damage  func(*rig)
		level   monitor.CompareLevel
		kind    monitor.DifferenceKind
		mailbox string
		uids    string
	}{
		{"an extra message", func(r *rig) { r.do(r.replica, "anna", "APPEND INBOX "+message("Subject: extra\r\n\r\nx\r\n")) }, "1", monitor.MessageExtra, "user.anna", "6"},
		{"a missing message", func(r *rig) {
			r.do(r.replica, "anna", "SELECT INBOX", `UID STORE 2 +FLAGS (\Deleted)`, "EXPUNGE")
		}, "1", monitor.MessageMissing, "user.anna", "2"},
		{"a flag", func(r *rig) { r.do(r.replica, "anna", "SELECT INBOX", `UID STORE 3 +FLAGS (\Flagged)`) }, "1", monitor.FlagsDiffer, "user.anna", "3"},
		{"other content under the same UID", func(r *rig) {
			r.do(r.replica, "bob", "APPEND INBOX "+message("Subject: one\r\n\r\nx\r\n"))
			r.do(r.master, "bob", "APPEND INBOX "+message("Subject: two\r\n\r\ny\r\n"))
		}, "1", monitor.ContentDiffers, "user.bob", "3"},
		{"rights", func(r *rig) { r.do(r.replica, cyrustest.AdminUser, "SETACL user.anna.Work carol lrs") }, "2", monitor.RightsDiffer, "user.anna.Work", ""},
		{"a folder that was deleted", func(r *rig) { r.do(r.replica, "anna", "DELETE INBOX.Trash") }, "1", monitor.MailboxMissing, "user.anna.Trash", ""},
		{"an extra folder", func(r *rig) { r.do(r.replica, "anna", "CREATE INBOX.Odd") }, "1", monitor.MailboxExtra, "user.anna.Odd", ""},
		{"a shared folder's flag", func(r *rig) {
			r.do(r.replica, cyrustest.AdminUser, "SETACL team bob lrsw")
			r.do(r.replica, "bob", "SELECT team", `UID STORE 1 +FLAGS (\Flagged)`)
		}, "1", monitor.FlagsDiffer, "team", "1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, anna...)
			if healthy := r.compare(compare.Options{Level: monitor.CompareAccounts}); len(healthy.Differences)+len(healthy.InFlight)+len(healthy.Uncompared) > 0 {
				t.Fatalf("before the damage: %+v", healthy)
			}
			c.damage(r)
			found := r.compare(compare.Options{Level: c.level})
			var named bool
			for _, d := range found.Differences {
				t.Logf("%+v", d)
				named = named || d.Kind == c.kind && string(d.Mailbox) == c.mailbox && string(d.UIDs) == c.uids && d.Certainty == monitor.Confirmed
				if len(d.Repair) == 0 && d.Warning == "" {
					t.Errorf("nothing said about the repair of %+v", d)
				}
			}
			if !named {
				t.Errorf("not named: %+v", found)
			}
			if n := len(found.Differences); n > 2 {
				t.Errorf("%d differences", n)
			}
		})
	}
}
