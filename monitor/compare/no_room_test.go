package compare_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/compare"
)

// TestNowhereToSave has nowhere to write what only the replica has: nothing is removed, nothing is
// given up, and it says that it needs somewhere to write.
func TestNowhereToSave(t *testing.T) {
	t.Parallel()
	r := newRig(t, cyrustest.Mailbox{Name: "user.own", Messages: 3}, cyrustest.Mailbox{Name: "user.flags", Messages: 3}, cyrustest.Mailbox{Name: "user.garbled", Messages: 3})
	on("r", "APPEND INBOX "+cyrustest.Literal("Subject: own\r\n\r\nx\r\n"), "SELECT INBOX", `UID STORE 1 +FLAGS (\Deleted)`, "UID EXPUNGE 1")(r, "own")
	on("r", "SELECT INBOX", `UID STORE 1 +FLAGS (\Flagged)`)(r, "flags")
	garble(r, r.replica, "user.garbled", 2)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	found := r.compare(compare.Options{Level: monitor.CompareSpool, Sample: 1, Save: filepath.Join(file, "saved")})
	only(t, found, "flags user.flags", "spool user.garbled", "message_extra user.own", "message_missing user.own")
	for _, d := range found.Differences {
		said := string(d.Warning)
		if !strings.Contains(said, "make room") || !strings.Contains(said, "not a directory") || strings.Contains(said, "reconstruct") || strings.Contains(said, "move it out") {
			t.Errorf("of %s is said: %s", d.Mailbox, said)
		}
		if len(d.Repair) != 1 || d.Repair[0].Server != "" {
			t.Errorf("of %s is printed: %+v", d.Mailbox, d.Repair)
		}
	}
}
