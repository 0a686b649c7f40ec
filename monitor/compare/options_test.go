package compare_test

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/compare"
)

// those chooses the owners of which something is true.
func those(of func(cyrus.Owner) bool) func([]cyrus.Owner) ([]cyrus.Owner, error) {
	return func(all []cyrus.Owner) ([]cyrus.Owner, error) {
		return slices.DeleteFunc(all, func(o cyrus.Owner) bool { return !of(o) }), nil
	}
}

// TestChoose compares one user of many, and one shared tree as a user who is not
// compared.
func TestChoose(t *testing.T) {
	r := newRig(t, anna...)
	r.settle()
	r.do(r.replica, "bob", "SELECT INBOX", `UID STORE 1 +FLAGS (\Flagged)`, "SELECT user.anna", `UID STORE 1:2 +FLAGS (\Seen)`)
	remove(r, r.replica, "team", 1)
	for _, level := range []monitor.CompareLevel{"1", "2", "3", "user"} {
		found := r.compare(compare.Options{Level: level, Choose: those(func(o cyrus.Owner) bool { return o.Name == "anna" })})
		if got := outcomes(found); got != "anna=identical" && !(got == "anna=different" && found.Differences[0].Kind == monitor.Identity) {
			t.Errorf("level %s: %s %+v", level, got, found)
		}
	}
	found := r.compare(compare.Options{Level: monitor.CompareSpool, Sample: 1, Choose: those(func(o cyrus.Owner) bool { return o.Shared })})
	only(t, found, "spool team")
	if found.Spool[0].Checked != 2 || found.Spool[0].Most != 0 || found.Spool[1].Damaged != 1 || found.Spool[1].Most < 0.5 {
		t.Errorf("%+v", found.Spool)
	}
	// Bob sees other messages of anna's as unseen, which is told of bob.
	found = r.compare(compare.Options{Level: monitor.CompareAccounts, Choose: those(func(o cyrus.Owner) bool { return o.Name == "bob" })})
	if got := outcomes(found); got != "bob=different" || !strings.Contains(string(found.Differences[0].Mailbox+found.Differences[1].Mailbox), "user.anna") {
		t.Errorf("%s %+v", got, found)
	}
}

// TestRateAndConnections counts what a server is asked: over one connection at a
// time, and as many mailboxes a second as the rate says.
func TestRateAndConnections(t *testing.T) {
	r := newRig(t, anna...)
	var open, most, asked atomic.Int32
	b := &between{
		opened: func() { most.Store(max(most.Load(), open.Add(1))) },
		closed: func() { open.Add(-1) },
		answer: func(command string) string {
			if strings.HasPrefix(command, "SYNCGET FULLMAILBOX") {
				asked.Add(1)
			}
			return ""
		},
	}
	last, all := 0, 0
	begin := time.Now()
	found, err := r.through(b, false, compare.Options{
		Level: monitor.CompareMessages, Connections: 1, Rate: 4,
		Progress: func(done, of int) {
			if done != last+1 {
				t.Errorf("%d are done behind %d", done, last)
			}
			last, all = done, of
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	only(t, found)
	// Of one that was closed b may hear when the next one is there already.
	if most.Load() > 2 {
		t.Errorf("%d connections at once", most.Load())
	}
	// Five mailboxes and two users at four a second.
	if took := time.Since(begin); took < 1400*time.Millisecond || asked.Load() != 5 || last != 7 || all != 7 {
		t.Errorf("%d mailboxes in %v, progress %d of %d", asked.Load(), took, last, all)
	}
}

// TestFolderThatNobodyMayOpen has a folder that its owner sees and may not open:
// on both sides alike, which is no difference, and that nobody can read the files
// in it is said.
func TestFolderThatNobodyMayOpen(t *testing.T) {
	r := newRig(t, append(slices.Clone(anna), cyrustest.Mailbox{Name: "user.anna.Closed", Messages: 1, ACL: []cyrustest.Right{{Identifier: "anna", Rights: "la"}}})...)
	for level, want := range map[monitor.CompareLevel]string{"2": "identical", "3": "identical", "user": "identical", "4": "unknown"} {
		found := r.compare(compare.Options{Level: level, Sample: 1})
		only(t, found)
		if got := outcomes(found); got != "anna="+want+" bob=identical team=identical" {
			t.Errorf("level %s: %s %+v", level, got, found)
		}
	}
	r.do(r.replica, cyrustest.AdminUser, "SETACL user.anna.Closed anna lra")
	found := r.compare(compare.Options{Level: monitor.CompareView})
	only(t, found, "acl user.anna.Closed")
}

// TestLittleIsAskedOfWhatIsProven counts what is asked as users: of their own
// mailboxes nothing, unless something differs there, and of others' each that they
// may see.
func TestLittleIsAskedOfWhatIsProven(t *testing.T) {
	r := newRig(t, anna...)
	r.settle()
	var mu sync.Mutex
	var asked []string
	b := &between{answer: func(command string) string {
		mu.Lock()
		defer mu.Unlock()
		if strings.HasPrefix(command, "STATUS") || strings.HasPrefix(command, `LIST "" "INBOX`) {
			asked = append(asked, command[:strings.Index(command, " (")])
		}
		return ""
	}}
	look := func(want ...string) {
		t.Helper()
		asked = nil
		found, err := r.through(b, false, compare.Options{Level: monitor.CompareAccounts})
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(asked)
		if asked = slices.Compact(asked); !slices.Equal(asked, want) {
			t.Errorf("asked was %q, want %q: %+v", asked, want, found.Differences)
		}
	}
	look(`STATUS "team"`, `STATUS "user.anna"`, `STATUS "user.anna.Trash"`, `STATUS "user.anna.Work"`)
	r.do(r.replica, "bob", "SELECT INBOX", `UID STORE 1 +FLAGS (\Flagged)`)
	look(`LIST "" "INBOX*" RETURN`, `STATUS "team"`, `STATUS "user.anna"`, `STATUS "user.anna.Trash"`, `STATUS "user.anna.Work"`)
}
