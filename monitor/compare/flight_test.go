package compare_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/compare"
)

// TestWritesAreNoOtherVersion has the master's mailboxes be written to after their counters
// and before their checksums are told, which looks as another way of computing checksums
// does: what is replicated by the next look is the same, and so is what its checksums say.
func TestWritesAreNoOtherVersion(t *testing.T) {
	t.Parallel()
	const folders = 12
	for level, checksums := range map[monitor.CompareLevel]string{"1": "GETMETADATA", "2": `SYNCGET MAILBOXES ("user`} {
		t.Run("level "+string(level), func(t *testing.T) {
			t.Parallel()
			mailboxes := []cyrustest.Mailbox{{Name: "user.anna", Messages: 101}} // more than an administrator reads
			var write []string
			for i := range folders {
				mailboxes = append(mailboxes, cyrustest.Mailbox{Name: fmt.Sprintf("user.anna.n%d", i), Messages: 1})
				write = append(write, fmt.Sprintf("SELECT INBOX.n%d", i), `STORE 1 +FLAGS (\Flagged)`)
			}
			r := newRig(t, mailboxes...)
			var once sync.Once
			b := &between{answer: func(command string) string {
				if strings.HasPrefix(command, checksums) {
					once.Do(func() { r.do(r.master, "anna", append(write, "SELECT INBOX", `STORE 1 +FLAGS (\Flagged)`)...) })
				}
				return ""
			}}
			pair := r.pair()
			pair.Master.IMAP.Address = b.listen(t, pair.Master.IMAP.Address)
			found, err := compare.Store(within(t, time.Minute), pair, compare.Options{
				Level: level, Pause: 20 * time.Millisecond, Carried: carried,
				Choose: func(all []cyrus.Owner) ([]cyrus.Owner, error) { // when both sides have told
					r.sync("-A")
					return all, nil
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			if only(t, found); len(found.Uncompared) > 0 || !allOf(found, monitor.Identical) || found.Messages > 0 {
				t.Errorf("%s, %d messages one by one, uncompared %+v", outcomes(found), found.Messages, found.Uncompared)
			}
		})
	}
}

// TestUsersWhoComeAndGo has users be made and deleted on the master, which waits in the sync
// log, comes to the replica in the middle of the comparison, or is made while it runs: they
// are in flight, compared or nobody, and what stands still is told not to be compared.
func TestUsersWhoComeAndGo(t *testing.T) {
	t.Parallel()
	for _, level := range []monitor.CompareLevel{"2", "user"} {
		t.Run("level "+string(level), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, anna...)
			r.work()
			admin := func(in *cyrustest.Instance, commands ...string) { r.do(in, cyrustest.AdminUser, commands...) }
			look := compare.Options{Level: level, Pause: 20 * time.Millisecond, Tries: 2, Carried: r.carried, Patience: 200 * time.Millisecond}
			meanwhile := func(do func()) compare.Options { // when both sides have told
				o := look
				o.Choose = func(all []cyrus.Owner) ([]cyrus.Owner, error) {
					do()
					return all, nil
				}
				return o
			}
			check := func(what string, o compare.Options, user string, outcome monitor.Outcome, flying bool) {
				t.Helper()
				found := r.compare(o)
				if only(t, found); len(found.Uncompared) > 0 || verdict(found, user) != outcome || flying != (len(found.InFlight) > 0) {
					t.Errorf("%s: %s, in flight %+v, uncompared %+v", what, outcomes(found), found.InFlight, found.Uncompared)
				}
			}
			create := func(user string) {
				admin(r.master, "CREATE user."+user, "SETACL user."+user+" "+cyrustest.AdminUser+" lrswipkxtecda")
			}
			work := func() {
				time.Sleep(30 * time.Millisecond) // what has just been logged passes for carried
				r.work()
			}
			create("carl")
			check("while it waits", look, "carl", monitor.UnknownOutcome, true)
			found, err := compare.Store(within(t, time.Minute), r.pair(), compare.Options{Level: level, Pause: 20 * time.Millisecond})
			if err != nil {
				t.Fatal(err)
			}
			if only(t, found, "mailbox_missing user.carl"); !lacksINBOX(found, "carl", "imap2") {
				t.Errorf("while nobody knows whether it waits: %+v", found.Uncompared)
			}
			check("comes meanwhile", meanwhile(work), "carl", monitor.Identical, false)
			check("is there", look, "carl", monitor.Identical, false)
			check("is deleted meanwhile", meanwhile(func() { admin(r.master, "DELETE user.carl") }), "carl", monitor.UnknownOutcome, true)
			check("goes meanwhile", meanwhile(work), "carl", monitor.Identical, false)
			check("is gone", look, "carl", "", false)
			create("dora")
			work()
			check("is deleted and goes meanwhile", meanwhile(func() { admin(r.master, "DELETE user.dora"); work() }), "dora", monitor.Identical, false)
			admin(r.replica, "CREATE user.carl")
			look.Patience = 20 * time.Second
			if found := r.compare(look); !lacksINBOX(found, "carl", "imap1") || verdict(found, "carl") != monitor.Different {
				t.Errorf("stands still: %s, uncompared %+v", outcomes(found), found.Uncompared)
			}
		})
	}
}

// TestFolderThatGoesMeanwhile has the master delete a folder when both sides have told of it:
// that it has no annotations any more is no difference.
func TestFolderThatGoesMeanwhile(t *testing.T) {
	t.Parallel()
	r := newRig(t, cyrustest.Mailbox{Name: "user.anna", Messages: 1}, cyrustest.Mailbox{Name: "user.anna.Own", Messages: 1, Quota: 100}, cyrustest.Mailbox{Name: "user.bob"})
	found := r.compare(compare.Options{Level: monitor.CompareAccounts, Choose: func(all []cyrus.Owner) ([]cyrus.Owner, error) {
		r.do(r.master, "anna", "DELETE INBOX.Own")
		return all, nil
	}})
	if only(t, found); outcomes(found) != "anna=unknown bob=identical" || len(found.InFlight) != 1 {
		t.Errorf("%s %+v", outcomes(found), found.InFlight)
	}
}

// TestSubscribedFoldersGoMeanwhile has the master delete a subscribed folder of a user, rename
// another, and delete one of a shared tree, when both sides have told of them: that the rest uses
// less, and that nobody is subscribed to them, is no difference.
func TestSubscribedFoldersGoMeanwhile(t *testing.T) {
	t.Parallel()
	for _, level := range []monitor.CompareLevel{monitor.CompareAccounts, monitor.CompareView} {
		t.Run("level "+string(level), func(t *testing.T) {
			t.Parallel()
			all := []cyrustest.Right{{Identifier: "anyone", Rights: "lrsx"}}
			r := newRig(t, cyrustest.Mailbox{Name: "user.anna", Messages: 1, Quota: 100}, cyrustest.Mailbox{Name: "user.anna.Own", Messages: 2}, cyrustest.Mailbox{Name: "user.anna.Old"}, cyrustest.Mailbox{Name: "user.bob"},
				cyrustest.Mailbox{Name: "lists", ACL: all}, cyrustest.Mailbox{Name: "lists.old", Messages: 2, ACL: all})
			r.do(r.master, "anna", "SUBSCRIBE INBOX.Own", "SUBSCRIBE INBOX.Old")
			r.do(r.master, "bob", "SUBSCRIBE lists.old")
			r.sync("-A")
			found := r.compare(compare.Options{Level: level, Choose: func(all []cyrus.Owner) ([]cyrus.Owner, error) {
				r.do(r.master, "anna", "DELETE INBOX.Own", "RENAME INBOX.Old INBOX.New", "SUBSCRIBE INBOX.New")
				r.do(r.master, "bob", "DELETE lists.old")
				return all, nil
			}})
			flying := map[string]bool{}
			for _, f := range found.InFlight {
				flying[fmt.Sprintf("%s %s: %s", f.User, f.Mailbox, f.Text)] = true
			}
			for _, want := range []string{
				"anna user.anna: what counts as used differs, and the limit does not, and that changes", "anna : only the replica has a subscription, and that changes",
				"anna : a subscription is missing, and that changes", "bob : only the replica has a subscription, and that changes",
			} {
				if !flying[want] {
					t.Errorf("%s: not among what is in flight: %v", want, flying)
				}
			}
			if only(t, found); outcomes(found) != "anna=unknown bob=unknown lists=unknown" {
				t.Error(outcomes(found))
			}
		})
	}
}

// lacksINBOX tells whether the only thing not compared is what one user sees, since a server
// has no INBOX.
func lacksINBOX(c *monitor.Comparison, user, server string) bool {
	return len(c.Uncompared) == 1 && string(c.Uncompared[0].User) == user && strings.Contains(c.Uncompared[0].Why, "no INBOX on "+server)
}
