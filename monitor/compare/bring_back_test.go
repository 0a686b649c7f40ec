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

// TestFlagsComeBack pastes the whole repair of a user whose messages are flagged otherwise on the
// replica: what only that had is added on the master, and nothing is taken away there.
func TestFlagsComeBack(t *testing.T) {
	t.Parallel()
	needs.Program(t, "python3")

	r := newRig(t, cyrustest.Mailbox{Name: "user.anna", Messages: 3}, cyrustest.Mailbox{Name: "user.anna.a b'c", Messages: 2})
	r.do(r.master, "anna", "SELECT INBOX", `UID STORE 1 +FLAGS (\Answered $mine)`)
	r.do(r.replica, "anna", "SELECT INBOX", `UID STORE 1 +FLAGS (\Flagged $Label)`, `UID STORE 3 +FLAGS (\Deleted)`, `SELECT "INBOX.a b'c"`, `UID STORE 2 +FLAGS (\Flagged)`)
	dir := t.TempDir()
	found := r.compare(compare.Options{Level: monitor.CompareSpool, Sample: 1, Save: dir})
	brought := 0
	for _, step := range found.Differences[0].Repair {
		out, err := r.shell(t.TempDir(), step.Command)
		if err != nil {
			t.Fatalf("%s: %v %s", step.Command, err, out)
		}
		if strings.HasPrefix(string(step.Command), "python3 ") {
			brought++
		}
	}
	if brought != 2 || !strings.Contains(string(found.Differences[0].Warning), "take out of the file whatever is not to come back") {
		t.Errorf("%d are brought back: %+v", brought, found.Differences[0])
	}
	conn, err := r.master.DialAs(t.Context(), "anna")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for mailbox, want := range map[string][]string{"INBOX": {`\Answered \Flagged $mine $Label`, "", ""}, `"INBOX.a b'c"`: {"", `\Flagged`}} {
		lines, err := conn.Do("EXAMINE "+mailbox, "FETCH 1:* (UID FLAGS)")
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Join(lines, "\n")
		for i, flags := range want {
			_, rest, _ := strings.Cut(got, fmt.Sprintf("* %d FETCH (", i+1))
			line, _, _ := strings.Cut(rest, "\n")
			for _, flag := range []string{`\Answered`, `\Flagged`, "$mine", "$Label", `\Deleted`} {
				if strings.Contains(line, flag) != slices.Contains(strings.Fields(flags), flag) {
					t.Errorf("%s: message %d is %s, want %s", mailbox, i+1, line, flags)
				}
			}
		}
	}
	r.sync("-u", "anna")
	only(t, r.compare(compare.Options{Level: monitor.CompareMessages}))
}

// TestManyFlagsAreSaved saves flags that are more than are kept, of a mailbox that is read at once
// and of one that is read as a stream: nothing stands in the way of the repair, and all come back.
func TestManyFlagsAreSaved(t *testing.T) {
	needs.Program(t, "python3")
	compare.SetMostMarks(t, 2)
	r := newRig(t, cyrustest.Mailbox{Name: "user.anna", Messages: 120}, cyrustest.Mailbox{Name: "user.anna.few", Messages: 5})
	r.do(r.replica, "anna", "SELECT INBOX", `UID STORE 1:* +FLAGS (\Flagged)`, "SELECT INBOX.few", `UID STORE 2:* +FLAGS ($Label)`)
	dir := t.TempDir()
	found := r.compare(compare.Options{Level: monitor.CompareSpool, Sample: 1, Save: dir})
	for file, want := range map[string][2]int{"s1-imap2-user.anna-flags.csv": {1, 120}, "s1-imap2-user.anna.few-flags.csv": {2, 5}} {
		content, err := os.ReadFile(filepath.Join(dir, file))
		lines := strings.Split(strings.TrimSpace(string(content)), "\n")
		if err != nil || len(lines) != want[1]-want[0]+2 || !strings.HasPrefix(lines[1], fmt.Sprint(want[0], ",,")) || !strings.HasPrefix(lines[len(lines)-1], fmt.Sprint(want[1], ",,")) {
			t.Errorf("%s has %d lines, %v: %q", file, len(lines), err, lines)
		}
	}
	flagged := ""
	for _, step := range found.Differences[0].Repair {
		out, err := r.shell(t.TempDir(), step.Command)
		if err != nil {
			t.Fatalf("%s: %v %s", step.Command, err, out)
		}
		flagged += string(out)
	}
	if !strings.Contains(flagged, "120 flagged") || !strings.Contains(flagged, "4 flagged") {
		t.Errorf("brought back are %s of %+v", flagged, found.Differences)
	}
}
