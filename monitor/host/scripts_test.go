package host_test

import (
	"context"
	"fmt"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/host"
)

// A removal that something holds up ends after its limit, and says what; so does one that a
// session of ManageSieve would hold up which can't be ended.
func TestRemovalIsHeldUp(t *testing.T) {
	fleet := cyrustest.Run(t, cyrustest.StoreOptions{Name: "s1", Instances: []cyrustest.Settings{{Sieve: true}}})
	in, ctx := fleet.Stores[0].Master(), t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	run := func(ctx context.Context, _ inventory.ServerID, input string, words ...string) (string, error) {
		return cyrustest.Program(ctx, input, words...)
	}
	h := &host.Host{Run: run, Server: "imap1", Tools: "/usr/lib/cyrus/bin", Conf: in.Conf, Unit: "interlace-test"}
	must(in.Fill(ctx, []cyrustest.Mailbox{{Name: "user.anna", Messages: 1}, {Name: "user.ben", Messages: 1}}))
	defer host.LimitRemovals(2 * time.Second)()

	reads, err := in.DialAs(ctx, "anna")
	must(err)
	_, err = reads.Do("SELECT INBOX")
	must(err)
	imapd := session(t, in, "anna")
	signal(t, "STOP", imapd)
	err = h.Remove(ctx, []inventory.UserID{"anna"})
	signal(t, "CONT", imapd)
	if err == nil || !strings.Contains(err.Error(), "remove anna: sync_reset on imap1: it did not end within 2s") || !strings.Contains(err.Error(), "its files are open in process "+imapd+" (imapd ") {
		t.Errorf("where a session of IMAP holds it up: %v", err)
	}

	keeps, err := in.Scripts(ctx, "ben")
	must(err)
	must(keeps.Put("main", "keep;\r\n"))
	timsieved := serving(t, in, "timsieved")
	signal(t, "STOP", timsieved)
	err = h.Remove(ctx, []inventory.UserID{"ben"})
	signal(t, "CONT", timsieved)
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("end sessions of ManageSieve on imap1: process %s does not end: timsieved ", timsieved)) {
		t.Errorf("where a session of ManageSieve holds it up: %v", err)
	}
	must(h.Remove(ctx, []inventory.UserID{"anna", "ben"}))
}

// session is the number of the only process of an instance in which a user is logged in.
func session(t *testing.T, in *cyrustest.Instance, user string) string {
	t.Helper()
	files, err := cyrustest.Program(t.Context(), "", "grep", "-rl", "\t"+user+"\t", in.Dir+"/conf/proc")
	if err != nil || strings.Count(files, "\n") != 1 {
		t.Fatalf("sessions of %s: %q, %v", user, files, err)
	}
	return path.Base(strings.TrimSpace(files))
}

// serving is the number of the only process of an instance that is this program.
func serving(t *testing.T, in *cyrustest.Instance, program string) string {
	t.Helper()
	numbers, err := cyrustest.Program(t.Context(), "", "pgrep", "-f", "^"+program+" -C "+in.Conf)
	if err != nil || strings.Count(numbers, "\n") != 1 {
		t.Fatalf("%s: %q, %v", program, numbers, err)
	}
	return strings.TrimSpace(numbers)
}

func signal(t *testing.T, name, number string) {
	t.Helper()
	if _, err := cyrustest.Program(t.Context(), "", "kill", "-"+name, number); err != nil {
		t.Fatal(err)
	}
}
