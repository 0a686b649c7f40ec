package compare_test

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
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
	got, err := compare.ReadWhole(within(t, time.Minute), side, owners, compare.WholeOptions{})
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

// What is found is the same over any number of connections, and told once of a mailbox in however
// many parts it is read; what was read before is not read again.
func TestReadWholeInParts(t *testing.T) {
	t.Parallel()
	const large = 2300
	mailboxes := []cyrustest.Mailbox{{Name: "user.anna", Messages: large, MessageBytes: 300}}
	for _, user := range []string{"ben", "carl", "dora"} {
		mailboxes = append(mailboxes, cyrustest.Mailbox{Name: "user." + user, Messages: 3}, cyrustest.Mailbox{Name: "user." + user + ".Work", Messages: 2})
	}
	r := startRig(t, cyrustest.Settings{Client: cyrustest.ClientNone}, mailboxes...)
	r.do(r.master, "anna", "SELECT INBOX", `UID STORE 500:600 +FLAGS (\Deleted)`, "EXPUNGE")
	for _, uid := range []int{999, 1000, 1001, large} {
		garble(r, r.master, "user.anna", uid)
	}
	remove(r, r.master, "user.anna", 1050)
	remove(r, r.master, "user.carl.Work", 1)
	r.tool(r.master, "cyr_deny", "--", "dora")
	owners := map[cyrus.Owner]bool{{Name: "nobody"}: true}
	for _, user := range []string{"anna", "ben", "carl", "dora"} {
		owners[cyrus.Owner{Name: user}] = true
	}
	read := func(connections int, before ...compare.Span) (*compare.Whole, []compare.Proven) {
		t.Helper()
		var proven []compare.Proven
		found, err := compare.ReadWhole(within(t, time.Minute), r.side("imap1", r.master), owners, compare.WholeOptions{
			Connections: func() int { return connections }, Read: before,
			Proven: func(p *compare.Proven) error { proven = append(proven, *p); return nil },
		})
		if err != nil {
			t.Fatal(err)
		}
		return found, proven
	}
	const damaged = "anna user.anna UID 999:1001,1050,2300 1 missing 4 other; carl user.carl.Work UID 1 1 missing 0 other; "
	var spans []compare.Span
	for _, connections := range []int{1, 2, 4} {
		found, proven := read(connections)
		text := ""
		for _, d := range found.Damaged {
			text += fmt.Sprintf("%s %s UID %s %d missing %d other; ", d.Owner.Name, d.Mailbox, d.UIDs, d.Missing, d.Other)
		}
		if text != damaged || len(found.Unread) != 2 || found.Unread[0].Mailbox != "user.dora" || found.Unread[1].Mailbox != "user.dora.Work" || found.Messages != large-101+10 {
			t.Errorf("%d connections: %s %+v, %d messages", connections, text, found.Unread, found.Messages)
		}
		spans = nil
		var whole []string
		for _, p := range proven {
			if spans = append(spans, p.Span); p.All {
				whole = append(whole, p.Owner.Name)
			}
		}
		slices.Sort(whole)
		if fmt.Sprint(whole) != "[ben nobody]" || len(proven) != 1+2+1+1 {
			t.Errorf("%d connections: all of %v, %+v", connections, whole, proven)
		}
	}
	found, proven := read(2, spans...)
	if found.Messages != 1000+199+2 || len(found.Damaged) != 2 || len(proven) != 4 {
		t.Errorf("%+v, %+v", found, proven)
	}
}

// A connection that is lost is made again, and all is read.
func TestReadWholeAfterALostConnection(t *testing.T) {
	t.Parallel()
	r := startRig(t, cyrustest.Settings{Client: cyrustest.ClientNone}, append(anna, cyrustest.Mailbox{Name: "user.ben", Messages: 30})...)
	want := int64(0)
	for _, c := range []struct {
		command string
		nth     int
	}{{"none", 1}, {"EXAMINE", 2}, {"UID FETCH", 1}, {"UID FETCH", 3}, {"NOOP", 1}, {"UNSELECT", 1}} {
		var seen atomic.Int32
		b := &between{answer: func(command string) string {
			if strings.HasPrefix(command, c.command) && seen.Add(1) == int32(c.nth) {
				return "die"
			}
			return ""
		}}
		side := r.side("imap1", r.master)
		side.IMAP.Address = b.listen(t, side.IMAP.Address)
		proven := int64(0)
		found, err := compare.ReadWhole(within(t, time.Minute), side, map[cyrus.Owner]bool{{Name: "anna"}: true, {Name: "ben"}: true}, compare.WholeOptions{
			Connections: func() int { return 2 }, Proven: func(p *compare.Proven) error { proven += p.Messages; return nil },
		})
		if err != nil || len(found.Unread)+len(found.Damaged) > 0 || found.Messages != proven || want > 0 && proven != want || proven < 30 {
			t.Errorf("%s %d: %+v, %d messages proven, want %d, %v", c.command, c.nth, found, proven, want, err)
			continue
		}
		want = proven
	}
}

// A message that is expunged when its file was not found is not damaged.
func TestReadWholeOfWhatIsExpunged(t *testing.T) {
	t.Parallel()
	r := startRig(t, cyrustest.Settings{Client: cyrustest.ClientNone}, cyrustest.Mailbox{Name: "user.anna", Messages: 3})
	remove(r, r.master, "user.anna", 2)
	var opened atomic.Int32
	b := &between{answer: func(command string) string {
		if strings.HasPrefix(command, "EXAMINE") && opened.Add(1) == 2 {
			r.do(r.master, "anna", "SELECT INBOX", `STORE 2 +FLAGS (\Deleted)`, "EXPUNGE")
		}
		return ""
	}}
	side := r.side("imap1", r.master)
	side.IMAP.Address = b.listen(t, side.IMAP.Address)
	found, err := compare.ReadWhole(within(t, time.Minute), side, map[cyrus.Owner]bool{{Name: "anna"}: true}, compare.WholeOptions{})
	if err != nil || len(found.Damaged)+len(found.Unread) > 0 || found.Messages != 3 {
		t.Errorf("%+v, %v", found, err)
	}
}
