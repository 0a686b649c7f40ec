package compare_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor/compare"
)

// Every message of some owners is read, as whoever may; what is damaged is named, and what
// nobody may read is said not to have been.
func TestReadWhole(t *testing.T) {
	t.Parallel()
	for _, settings := range []cyrustest.Settings{
		{Client: cyrustest.ClientNone},
		{Client: cyrustest.ClientNone, VirtDomains: "userid", UnixHierarchySep: true, AltNamespace: true},
	} {
		t.Run(fmt.Sprintf("domains %q", settings.VirtDomains), func(t *testing.T) { readWhole(t, settings) })
	}
}

func readWhole(t *testing.T, settings cyrustest.Settings) {
	at, sep := "", "."
	if settings.UnixHierarchySep {
		at, sep = "@example.org", "/"
	}
	name := func(parts ...string) string { return strings.Join(parts, sep) + at }
	rights := func(who, what string) []cyrustest.Right { return []cyrustest.Right{{Identifier: who, Rights: what}} }
	r := startRig(
		t, settings,
		cyrustest.Mailbox{Name: name("user", "anna"), Messages: 3}, cyrustest.Mailbox{Name: name("user", "anna", "&AMQ-"), Messages: 2},
		cyrustest.Mailbox{Name: name("user", "ben"), Messages: 4},
		cyrustest.Mailbox{Name: name("user", "carl"), Messages: 5},
		cyrustest.Mailbox{Name: name("user", "dora"), Messages: 1, ACL: rights("ben"+at, "lr")},
		cyrustest.Mailbox{Name: name("team"), Messages: 2, ACL: rights("anna"+at, "lrs")},
		cyrustest.Mailbox{Name: name("press"), Messages: 2, ACL: rights("anyone", "lr")},
		cyrustest.Mailbox{Name: name("board"), Messages: 2, ACL: rights(cyrustest.AdminUser, "lr")},
		cyrustest.Mailbox{Name: name("attic"), Messages: 2, ACL: rights("anna"+at, "l")},
	)
	conn, err := r.master.Dial(within(t, time.Minute))
	if err == nil {
		_, err = conn.Do("DELETEACL "+name("attic")+" anyone", "DELETEACL "+name("board")+" anyone")
		conn.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	r.tool(r.master, "cyr_deny", "--", "dora"+at)
	r.tool(r.master, "cyr_deny", "--", "carl"+at)
	remove(r, r.master, name("user", "anna"), 2)
	truncate(r, r.master, name("team"), 1)
	owners := map[cyrus.Owner]bool{}
	for _, user := range []string{"anna", "carl", "dora"} {
		owners[cyrus.Owner{Name: user + at}] = true
	}
	for _, tree := range []string{"team", "press", "board", "attic"} {
		owners[cyrus.Owner{Name: tree + at, Shared: true}] = true
	}
	side := r.side("imap1", r.master)
	got, err := compare.ReadWhole(within(t, time.Minute), side, owners, nil)
	if err != nil {
		t.Fatal(err)
	}
	var damaged, unread []string
	for _, d := range got.Damaged {
		damaged = append(damaged, fmt.Sprintf("%s %s UID %s %d missing %d other", d.Owner.Name, d.Mailbox, d.UIDs, d.Missing, d.Other))
	}
	for _, u := range got.Unread {
		unread = append(unread, string(u.Mailbox))
	}
	if want := fmt.Sprintf("[team%s %s UID 1 0 missing 1 other anna%[1]s %[3]s UID 2 1 missing 0 other]", at, name("team"), name("user", "anna")); fmt.Sprint(damaged) != want {
		t.Errorf("damaged %v, want %s", damaged, want)
	}
	if want := fmt.Sprintf("[%s %s]", name("attic"), name("user", "carl")); fmt.Sprint(unread) != want {
		t.Errorf("unread %+v, want %s", got.Unread, want)
	}
	if got.Messages != 3+2+1+2+2+2 || got.Bytes < 8000 || got.Bytes > 12000 {
		t.Errorf("%d messages of %d bytes", got.Messages, got.Bytes)
	}
}
