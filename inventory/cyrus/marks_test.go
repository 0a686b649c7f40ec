package cyrus_test

import (
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory/cyrus"
)

// dial opens a connection that the test closes.
func dial(t *testing.T, o cyrus.Options) *cyrus.Client {
	t.Helper()
	c, err := cyrus.Dial(within(t, 30*time.Second), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// play sends commands to an instance as a user and fails where one is refused.
func play(t *testing.T, fleet *cyrustest.Fleet, in *cyrustest.Instance, user string, commands ...string) {
	t.Helper()
	conn, err := in.DialAs(within(t, 30*time.Second), user)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, command := range commands {
		if answer, err := conn.Do(command); err != nil {
			t.Fatalf("%s: %v %s", command, err, strings.Join(answer, "\n"))
		}
	}
}

func TestMarksAreWhatSyncGetTells(t *testing.T) {
	for _, unix := range []bool{false, true} {
		for _, domains := range []string{"", "userid"} {
			settings := cyrustest.Settings{UnixHierarchySep: unix, AltNamespace: unix, VirtDomains: domains}
			box := func(name string) string {
				if unix {
					return strings.NewReplacer("^", ".", ".", "/").Replace(name)
				}
				return name
			}
			mailboxes := []cyrustest.Mailbox{
				{Name: box("user.anna"), Messages: 3}, {Name: box("user.anna.Sent")}, {Name: box("user.jane^doe"), Messages: 1}, {Name: "team", Messages: 2},
			}
			if domains != "" {
				mailboxes = append(mailboxes, cyrustest.Mailbox{Name: box("user.jane^doe") + "@example.org", Messages: 1})
			}
			fleet, in := one(t, settings, mailboxes...)
			c := dial(t, admin(fleet, in))
			marks, _, err := c.Marks(within(t, 30*time.Second))
			if err != nil {
				t.Fatal(err)
			}
			all, _, err := c.Mailboxes(within(t, 30*time.Second))
			if err != nil {
				t.Fatal(err)
			}
			if len(marks) != len(mailboxes) || len(all) != len(mailboxes) {
				t.Fatalf("slash %v, domains %q: %d marks and %d mailboxes of %d", unix, domains, len(marks), len(all), len(mailboxes))
			}
			var names []cyrus.InternalName
			for i, m := range marks {
				if m != all[i].Mark {
					t.Errorf("the mark is %+v, and SYNCGET tells %+v", m, all[i].Mark)
				}
				if !m.Checksums.Known || (m.Status.Messages > 0) != (m.Checksums.Messages != 0) || m.UniqueID == "" {
					t.Errorf("mark %+v", m)
				}
				names = append(names, m.Internal)
			}
			details, err := c.Details(within(t, 30*time.Second), append(slices.Clone(names), "user.nobody"))
			if err != nil || len(details) != len(names) {
				t.Fatalf("%d details of %d: %v", len(details), len(names), err)
			}
			for i := range details {
				got, want := details[i], all[i]
				want.Status.Messages, want.Status.Size = cyrus.UnknownCount, cyrus.UnknownCount
				if got.Mark != want.Mark || !slices.Equal(got.ACL, want.ACL) || got.FolderModSeq == 0 {
					t.Errorf("details %+v, want %+v", got, want)
				}
			}
		}
	}
}

func TestRecordsAndMessagesAreTheSame(t *testing.T) {
	fleet, in := one(t, cyrustest.Settings{}, cyrustest.Mailbox{Name: "user.anna", Messages: 6, MessageBytes: 700})
	play(t, fleet, in, "anna",
		"SELECT INBOX", `UID STORE 2 +FLAGS (\Seen $Label Zed)`, `UID STORE 3 +FLAGS (\Deleted)`, "UID EXPUNGE 3",
		`UID STORE 4 ANNOTATION ("/comment" ("value.shared" "two \"words\"" "value.priv" "mine"))`)
	c := dial(t, admin(fleet, in))
	mailbox, records, err := c.Records(within(t, 30*time.Second), "user.anna", 0)
	if err != nil {
		t.Fatal(err)
	}
	if len(records) != 5 || mailbox.Status.Messages != 5 || mailbox.Status.Size != 5*700 || mailbox.Status.UIDNext != 7 {
		t.Fatalf("%d records of %+v", len(records), mailbox)
	}
	if got, want := records[1].Flags, `$Label \Seen Zed`; got != want || records[1].UID != 2 {
		t.Errorf("flags of UID %d are %q, want %q", records[1].UID, got, want)
	}
	if got := records[2].Annotations; len(got) < 2 || got[0] != (cyrus.Annotation{Entry: "/comment", Value: `two "words"`}) || got[1] != (cyrus.Annotation{Entry: "/comment", User: "anna", Value: "mine"}) {
		t.Errorf("annotations of UID %d are %+v", records[2].UID, got)
	}

	as := admin(fleet, in)
	as.As = "anna"
	owner := dial(t, as)
	var places []uint32
	var messages []cyrus.Message
	for m, err := range owner.Messages(within(t, 30*time.Second), "INBOX") {
		if err != nil {
			t.Fatal(err)
		}
		messages = append(messages, m)
		places = append(places, uint32(len(messages)))
	}
	if len(messages) != len(records) {
		t.Fatalf("%d messages, and %d records", len(messages), len(records))
	}
	for i := range records {
		want := records[i]
		want.Annotations = nil
		if got := messages[i]; got.UID != want.UID || got.ModSeq != want.ModSeq || got.Flags != want.Flags || got.InternalDate != want.InternalDate || got.Size != want.Size || got.GUID != want.GUID {
			t.Errorf("the message is %+v, and the record %+v", got, want)
		}
	}
	n := 0
	for d, err := range owner.Digests(within(t, 30*time.Second), "INBOX", func(uint32) iter.Seq[uint32] { return slices.Values(append(places, 99)) }) {
		if err != nil {
			t.Fatal(err)
		}
		if d.UID != messages[n].UID || d.Index != messages[n].GUID || d.File != d.Index || d.FileBytes != 700 || d.Missing {
			t.Errorf("digest %+v", d)
		}
		n++
	}
	if n != len(messages) {
		t.Errorf("%d digests of %d", n, len(messages))
	}
	if _, _, err := c.Records(within(t, 30*time.Second), "user.nobody", 0); err == nil || !strings.Contains(err.Error(), "no such mailbox") {
		t.Errorf("records of a mailbox that does not exist: %v", err)
	}
}
