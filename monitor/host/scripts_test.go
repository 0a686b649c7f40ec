package host_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/host"
)

// A session of ManageSieve that comes right before a removal holds that up until its limit is
// over, and is named then; one that can't be ended is named before.
func TestRemovalIsHeldUp(t *testing.T) {
	fleet := cyrustest.Run(t, cyrustest.StoreOptions{Name: "s1", Instances: []cyrustest.Settings{{Sieve: true}}})
	in, ctx := fleet.Stores[0].Master(), t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var comes func() // right before a removal
	run := func(ctx context.Context, _ inventory.ServerID, input string, words ...string) (string, error) {
		if comes != nil && slices.Contains(words, "/usr/lib/cyrus/bin/sync_reset") {
			comes()
			comes = nil
		}
		return cyrustest.Program(ctx, input, words...)
	}
	h := &host.Host{Run: run, Server: "imap1", Tools: "/usr/lib/cyrus/bin", Conf: in.Conf, Unit: "interlace-test"}
	must(in.Fill(ctx, []cyrustest.Mailbox{{Name: "user.anna", Messages: 1}, {Name: "user.ben", Messages: 1}}))
	defer host.LimitRemovals(2 * time.Second)()

	comes = func() {
		s, err := in.Scripts(ctx, "anna")
		must(err)
		must(s.Put("main", "keep;\r\n"))
	}
	err := h.Remove(ctx, []inventory.UserID{"anna"})
	if err == nil || !host.RanOut(err) || !strings.Contains(err.Error(), "remove anna: sync_reset on imap1: it did not end within 2s") ||
		!strings.Contains(err.Error(), "its files are open in process "+serving(t, in)+" (timsieved -C ") {
		t.Errorf("where a session comes in between: %v", err)
	}
	must(h.Remove(ctx, []inventory.UserID{"anna"}))

	keeps, err := in.Scripts(ctx, "ben")
	must(err)
	must(keeps.Put("main", "keep;\r\n"))
	timsieved := serving(t, in)
	signal(t, "STOP", timsieved)
	err = h.Remove(ctx, []inventory.UserID{"ben"})
	signal(t, "CONT", timsieved)
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("end sessions of ManageSieve on imap1: process %s does not end: timsieved ", timsieved)) {
		t.Errorf("where a session does not end: %v", err)
	}
	must(h.Remove(ctx, []inventory.UserID{"ben"}))
}

// serving is the number of the only timsieved of an instance.
func serving(t *testing.T, in *cyrustest.Instance) string {
	t.Helper()
	numbers, err := cyrustest.Program(t.Context(), "", "pgrep", "-f", "^timsieved -C "+in.Conf)
	if err != nil || strings.Count(numbers, "\n") != 1 {
		t.Fatalf("%q, %v", numbers, err)
	}
	return strings.TrimSpace(numbers)
}

func signal(t *testing.T, name, number string) {
	t.Helper()
	if _, err := cyrustest.Program(t.Context(), "", "kill", "-"+name, number); err != nil {
		t.Fatal(err)
	}
}
