package compare_test

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/compare"
)

// Cyrus itself touches these whoever connects, and none of them is mail or
// replicated: locks, what each process does, the sockets of its services, and what
// STATUS told last.
var touched = []string{"conf/lock/", "conf/proc/", "conf/socket/", "conf/statuscache.db", "conf/db/", "output"}

// Cyrus makes these databases, empty, when it looks for something in them and there
// is none yet: of what a user has seen, when unseen messages are counted in a folder
// of somebody else, as each mail client does; and of annotations of messages, when a
// mailbox without any is told as a whole. Neither is replicated, or in a sync log.
var madeEmpty = []string{"seen.db", "cyrus.annotations"}

// emptyDatabase is the size of one of Cyrus's format twoskip.
const emptyDatabase = "336 "

// files returns size and time of each file of an instance, but for what is touched
// by anybody's connection.
func files(t *testing.T, in *cyrustest.Instance) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(in.Dir, func(path string, entry fs.DirEntry, err error) error {
		name := strings.TrimPrefix(path, in.Dir+"/")
		if err != nil || entry.IsDir() || slices.ContainsFunc(touched, func(prefix string) bool { return strings.HasPrefix(name, prefix) }) {
			return err
		}
		info, err := os.Lstat(path)
		if err != nil {
			return err
		}
		found[name] = fmt.Sprint(info.Size(), " ", info.ModTime().UnixNano())
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestNothingIsWritten compares at every level, with differences of every kind to
// look into, and checks that no file of either side has changed: no mailbox, no
// line of a sync log, no database, also none of users who were logged in as.
func TestNothingIsWritten(t *testing.T) {
	r := startRig(t, cyrustest.Settings{Client: cyrustest.ClientNone, Autocreate: true, Conversations: true}, append(anna, cyrustest.Mailbox{Name: "user.carl"})...)
	r.settle()
	r.do(r.replica, "anna", "APPEND INBOX "+cyrustest.Literal("Subject: extra\r\n\r\nx\r\n"), `SELECT INBOX`, `UID STORE 3 +FLAGS (\Flagged)`, "UNSUBSCRIBE INBOX.Work", "CREATE INBOX.Odd")
	r.do(r.replica, "bob", "SELECT team", `UID STORE 2 +FLAGS (\Seen)`)
	r.do(r.replica, cyrustest.AdminUser, "SETACL user.carl admin lrswipkxtecda", "DELETE user.carl")
	r.do(r.master, "bob", "APPEND INBOX "+cyrustest.Literal("Subject: waits\r\n\r\nx\r\n"))
	time.Sleep(200 * time.Millisecond) // for processes that write when their client has left

	sides := map[string]*cyrustest.Instance{"master": r.master, "replica": r.replica}
	for _, level := range []monitor.CompareLevel{"1", "2", "3", "4", "user"} {
		before := map[string]map[string]string{}
		for name, in := range sides {
			before[name] = files(t, in)
			if before[name]["conf/mailboxes.db"] == "" || name == "master" && before[name]["conf/sync/log"] == "" {
				t.Fatal("the databases are not where they are looked for")
			}
		}
		found := r.compare(compare.Options{Level: level, Sample: 1, Save: t.TempDir(), Connections: 2})
		if len(found.Differences) < 4 {
			t.Errorf("level %s finds %+v", level, found.Differences)
		}
		time.Sleep(200 * time.Millisecond)
		for name, in := range sides {
			after := files(t, in)
			for _, path := range slices.Sorted(maps.Keys(after)) {
				made := before[name][path] == "" && strings.HasPrefix(after[path], emptyDatabase) && slices.Contains(madeEmpty, filepath.Base(path))
				if after[path] != before[name][path] && !made {
					t.Errorf("level %s: %s of the %s was %q and is %q", level, path, name, before[name][path], after[path])
				}
			}
			for path := range before[name] {
				if _, there := after[path]; !there {
					t.Errorf("level %s: %s of the %s is gone", level, path, name)
				}
			}
		}
	}
}
