package compare_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/fixtures/needs"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/compare"
)

// held returns the messages that a user has in a mailbox, by what is in them, and with their
// flags and dates.
func (r *rig) held(in *cyrustest.Instance, user, mailbox string) map[string]int {
	r.t.Helper()
	o := r.side("", in).IMAP
	o.As = user
	client, err := cyrus.Dial(r.t.Context(), o)
	if err != nil {
		r.t.Fatal(err)
	}
	defer client.Close()
	found := map[string]int{}
	for m, err := range client.Messages(r.t.Context(), mailbox) {
		if err != nil {
			r.t.Fatal(err)
		}
		found[fmt.Sprintf("%x %s %d", m.GUID, m.Flags, m.InternalDate)]++
	}
	return found
}

// scattered appends messages, each with flags and a date of its own, and expunges every second one.
func scattered(mailbox string, first, count int) []string {
	var commands []string
	gone := make([]string, 0, count/2)
	for i := range count {
		commands = append(commands, fmt.Sprintf(`APPEND %s (\Flagged $n%d) "%02d-Jan-2020 03:04:05 +0100" %s`, mailbox, i, i+1, cyrustest.Literal(fmt.Sprintf("Subject: %s %d\r\n\r\nx\r\n", mailbox, i))))
		if i%2 > 0 {
			gone = append(gone, fmt.Sprint(first+i))
		}
	}
	return append(commands, "SELECT "+mailbox, "UID STORE "+strings.Join(gone, ",")+` +FLAGS.SILENT (\Deleted)`, "EXPUNGE")
}

// TestAllThatIsSavedComesBack has more messages of the replica alone than are kept in memory at
// once: in mailboxes that are read as a stream and at once, in one that only the replica has, and
// in the places of others. All are saved, and what is printed brings them back, with their flags
// and dates, once, also where it breaks off.
func TestAllThatIsSavedComesBack(t *testing.T) {
	needs.Program(t, "python3")
	compare.SetMostRanges(t, 2)
	r := newRig(t, cyrustest.Mailbox{Name: "user.anna", Messages: 120}, cyrustest.Mailbox{Name: "user.anna.few", Messages: 3})
	r.do(r.master, "anna", "APPEND INBOX.few "+cyrustest.Literal("Subject: other\r\n\r\nx\r\n"))
	r.do(r.replica, "anna", slices.Concat(scattered("INBOX", 121, 12), scattered("INBOX.few", 4, 6),
		[]string{"CREATE INBOX.own", "SELECT INBOX", "COPY 1:100 INBOX.own"}, scattered("INBOX.own", 101, 6), []string{"SELECT INBOX", `UID STORE 1 +FLAGS (\Deleted)`, "UID EXPUNGE 1"})...)
	mailboxes := []string{"INBOX", "INBOX.few", "INBOX.own"}
	own := map[string]map[string]int{}
	for _, mailbox := range mailboxes {
		own[mailbox] = r.held(r.replica, "anna", mailbox)
	}
	for _, mailbox := range mailboxes[:2] {
		for message := range r.held(r.master, "anna", mailbox) {
			delete(own[mailbox], message)
		}
	}
	dir := t.TempDir()
	found := r.compare(compare.Options{Level: monitor.CompareSpool, Sample: 1, Save: dir})
	lists := 0
	for _, step := range found.Differences[0].Repair {
		cut := strings.HasSuffix(string(step.Command), "user.anna-messages.csv")
		if lost := filepath.Join(dir, "s1-imap2-user.anna-125.eml"); cut {
			rename(t, lost, lost+".away")
			if out, err := r.shell(dir, step.Command); err == nil || !strings.Contains(string(out), "5 brought back, 0 before that, 1 refused") || !strings.Contains(string(out), "user.anna-125.eml NO") {
				t.Errorf("with a file missing: %v, %s", err, out)
			}
			rename(t, lost+".away", lost)
		}
		out, err := r.shell(dir, step.Command)
		if err != nil {
			t.Fatalf("%s: %v %s", step.Command, err, out)
		}
		if strings.HasSuffix(string(step.Command), "-messages.csv") {
			lists++
		}
		if cut && !strings.Contains(string(out), "1 brought back, 5 before that, 0 refused") {
			t.Errorf("the second time: %s", out)
		}
	}
	if lists != 3 || !strings.Contains(string(found.Differences[0].Warning), "take out of the list whatever is not to come back") {
		t.Errorf("%d lists are brought back: %+v", lists, found.Differences[0])
	}
	for i, mailbox := range mailboxes {
		got := r.held(r.master, "anna", mailbox)
		for message, count := range own[mailbox] {
			if got[message] != count {
				t.Errorf("%s: of %s are %d there, want %d", mailbox, message, got[message], count)
			}
		}
		if want := []int{6, 3, 103}[i]; len(own[mailbox]) != want {
			t.Errorf("%s: the replica had %d of its own, want %d", mailbox, len(own[mailbox]), want)
		}
	}
	r.sync("-u", "anna")
	only(t, r.compare(compare.Options{Level: monitor.CompareMessages}))
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

// TestNothingIsRemovedWithoutItsList: where flags and dates of messages cannot be saved nothing is
// removed, though the messages are saved.
func TestNothingIsRemovedWithoutItsList(t *testing.T) {
	t.Parallel()
	r := newRig(t, cyrustest.Mailbox{Name: "user.anna", Messages: 2})
	r.do(r.replica, "anna", "APPEND INBOX "+cyrustest.Literal("Subject: own\r\n\r\nx\r\n"), "SELECT INBOX", `UID STORE 1 +FLAGS (\Deleted)`, "UID EXPUNGE 1")
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "s1-imap2-user.anna-messages.csv"), 0o700); err != nil {
		t.Fatal(err)
	}
	found := r.compare(compare.Options{Level: monitor.CompareSpool, Sample: 1, Save: dir})
	d := &found.Differences[0]
	if !strings.Contains(string(d.Warning), "flags and dates of the messages are not saved") {
		t.Errorf("it says %s", d.Warning)
	}
	for _, step := range d.Repair {
		if strings.Contains(string(step.Command), "sync_reset") {
			t.Errorf("it runs %s", step.Command)
		}
	}
}

// TestAllThatIsDamagedIsSaved saves what lies in the places of more damaged messages than are kept
// as a set.
func TestAllThatIsDamagedIsSaved(t *testing.T) {
	compare.SetMostRanges(t, 1)
	r := newRig(t, cyrustest.Mailbox{Name: "user.anna", Messages: 5})
	for _, uid := range []int{1, 3, 5} {
		garble(r, r.replica, "user.anna", uid)
	}
	found := r.compare(compare.Options{Level: monitor.CompareSpool, Sample: 1, Save: t.TempDir()})
	only(t, found, "spool user.anna")
	if d := &found.Differences[0]; d.Unsaved > 0 || !strings.Contains(string(d.Saved), "saved as 3 files") {
		t.Errorf("%d are not saved: %s", d.Unsaved, d.Saved)
	}
}
