package compare_test

import (
	"strings"
	"testing"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/fixtures/needs"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/compare"
)

// TestWhatIsSavedComesBack pastes the whole repair of a user of whom the replica alone has
// messages, one of them in a folder of its own: they come to the master with their flags
// and their dates, and behind that the two are the same.
func TestWhatIsSavedComesBack(t *testing.T) {
	t.Parallel()
	needs.Program(t, "python3")

	r := newRig(t, cyrustest.Mailbox{Name: "user.anna", Messages: 3})
	date := `"12-Jan-2020 03:04:05 +0000" `
	r.do(r.replica, "anna", `APPEND INBOX (\Flagged $Label) `+date+cyrustest.Literal("Subject: extra\r\n\r\na bare\rCR\r\n"),
		`CREATE "INBOX.a b'c"`, `APPEND "INBOX.a b'c" (\Seen) `+date+cyrustest.Literal("Subject: odd\r\n\r\ny\r\n"),
		"SELECT INBOX", `UID STORE 1 +FLAGS (\Deleted)`, "UID EXPUNGE 1")
	found := r.compare(compare.Options{Level: monitor.CompareSpool, Sample: 1, Save: t.TempDir()})
	brought := 0
	for _, step := range found.Differences[0].Repair {
		if out, err := r.shell(t.TempDir(), step.Command); err != nil {
			t.Fatalf("%s: %v %s", step.Command, err, out)
		}
		if strings.HasPrefix(string(step.Command), "python3 ") {
			brought++
		}
	}
	if brought != 2 || !strings.Contains(string(found.Differences[0].Warning), "asks for the password of "+cyrustest.AdminUser) {
		t.Errorf("%d are brought back: %+v", brought, found.Differences[0])
	}
	conn, err := r.master.DialAs(t.Context(), "anna")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for mailbox, want := range map[string]string{"INBOX": `\Flagged $Label`, `"INBOX.a b'c"`: `\Seen`} {
		lines, err := conn.Do("EXAMINE "+mailbox, "FETCH * (FLAGS INTERNALDATE)")
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Join(lines, "\n")
		for _, word := range append(strings.Fields(want), `"12-Jan-2020 03:04:05 +0000"`) {
			if !strings.Contains(got[strings.LastIndex(got, "FETCH ("):], word) {
				t.Errorf("%s: there is no %s in %s", mailbox, word, got)
			}
		}
	}
	if files := contents(t, r.directory(r.master, "user.anna")); !strings.Contains(files, "a bare\rCR\r\n") {
		t.Error("a bare CR did not come back as it was")
	}
	r.sync("-u", "anna")
	only(t, r.compare(compare.Options{Level: monitor.CompareMessages}))
}
