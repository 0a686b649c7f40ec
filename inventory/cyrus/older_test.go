package cyrus_test

import (
	"strings"
	"testing"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory/cyrus"
)

// older are conversations with Cyrus of other versions, as their capabilities
// and answers are: the parts that differ from the conversation above.
var older = []struct {
	name    string
	parts   map[string]string // answers; "list" and "details" with what they wait for
	version string
	status  cyrus.Status
	want    string // in the error; empty if the server can be read
}{
	{
		name: "2.3 of Red Hat", parts: map[string]string{
			"greeting": `S: * OK [CAPABILITY IMAP4 IMAP4rev1 LITERAL+ ID STARTTLS] old Cyrus IMAP4 v2.3.7-Invoca-RPM-2.3.7-12.el5 server ready`,
			"login": `
				S: $tag OK User logged in
				C: CAPABILITY
				S: * CAPABILITY IMAP4 IMAP4rev1 LITERAL+ ID LOGINDISABLED ACL RIGHTS=kxte QUOTA MAILBOX-REFERRALS NAMESPACE UIDPLUS NO_ATOMIC_RENAME UNSELECT CHILDREN MULTIAPPEND BINARY SORT THREAD=ORDEREDSUBJECT THREAD=REFERENCES ANNOTATEMORE CATENATE CONDSTORE IDLE LISTEXT LIST-SUBSCRIBED X-NETSCAPE
				S: $tag OK Completed`,
			"id":    id("v2.3.7-Invoca-RPM-2.3.7-12.el5"),
			"admin": `S: $tag BAD Unrecognized command`,
		},
		want: `no Cyrus of 2.4 or later (its version is "v2.3.7-Invoca-RPM-2.3.7-12.el5")`,
	},
	{
		name: "2.4 of Debian", parts: map[string]string{
			"login": login("ACL RIGHTS=kxte QUOTA MAILBOX-REFERRALS NAMESPACE UIDPLUS CONDSTORE ESEARCH ANNOTATEMORE LIST-EXTENDED WITHIN QRESYNC SCAN XLIST X-REPLICATION"),
			"id":    id("v2.4.17-caldav-beta9-Debian-2.4.17+caldav~beta9-3"),
			"list": `C: LIST "" "*"
				S: * LIST (\\HasNoChildren) "." "user.anna"
				S: $tag OK Completed (0.000 secs 2 calls)`,
			"details": oldDetails,
		},
		version: "v2.4.17-caldav-beta9-Debian-2.4.17+caldav~beta9-3",
		status:  cyrus.Status{Messages: cyrus.UnknownCount, UIDNext: 7, UIDValidity: 1305190000, HighestModSeq: 42, Size: cyrus.UnknownCount},
	},
	{
		name: "2.5 from a working copy", parts: map[string]string{
			"login": login("ACL RIGHTS=kxten QUOTA NAMESPACE CONDSTORE ANNOTATEMORE METADATA LIST-EXTENDED LIST-STATUS LIST-MYRIGHTS QRESYNC"),
			"id":    id("2.5.10-49-g2e214b4"),
			"list": `C: LIST "" "*" RETURN (STATUS (MESSAGES UIDNEXT UIDVALIDITY HIGHESTMODSEQ))
				S: * LIST (\\HasNoChildren) "." user.anna
				S: * STATUS user.anna (MESSAGES 3 UIDNEXT 7 UIDVALIDITY 1305190000 HIGHESTMODSEQ 42)
				S: $tag OK Completed
				C: GETMETADATA "*" (/shared/vendor/cmu/cyrus-imapd/size)
				S: * METADATA user.anna ("/shared/vendor/cmu/cyrus-imapd/size" {4}
				raw 4711)\r\n* METADATA user.new ("/shared/vendor/cmu/cyrus-imapd/size" "1")\r\n
				S: $tag OK Completed`,
		},
		version: "2.5.10-49-g2e214b4",
		status:  cyrus.Status{Messages: 3, UIDNext: 7, UIDValidity: 1305190000, HighestModSeq: 42, Size: 4711},
	},
	{
		name: "3.0 of Debian whose sizes are no secret but for one", parts: map[string]string{
			"login": login("ACL RIGHTS=kxten QUOTA NAMESPACE CONDSTORE METADATA LIST-EXTENDED LIST-STATUS QRESYNC X-REPLICATION"),
			"id":    id("3.0.8-Debian-3.0.8-6+deb10u6"),
			"list": `C: LIST "" "*" RETURN (STATUS (MESSAGES UIDNEXT UIDVALIDITY HIGHESTMODSEQ))
				S: * LIST (\\HasNoChildren) "." user.anna
				S: * STATUS user.anna (MESSAGES 3 UIDNEXT 7 UIDVALIDITY 1305190000 HIGHESTMODSEQ 42)
				S: $tag OK Completed
				C: GETMETADATA
				S: * METADATA "user.anna" ("/shared/vendor/cmu/cyrus-imapd/size" NIL)
				S: $tag OK Completed`,
		},
		version: "3.0.8-Debian-3.0.8-6+deb10u6",
		status:  cyrus.Status{Messages: 3, UIDNext: 7, UIDValidity: 1305190000, HighestModSeq: 42, Size: cyrus.UnknownCount},
	},
	{
		name: "3.8 before its release", parts: map[string]string{
			"login": login("ACL QUOTA NAMESPACE CONDSTORE METADATA LIST-EXTENDED LIST-STATUS STATUS=SIZE QRESYNC OBJECTID SAVEDATE REPLACE UIDONLY X-REPLICATION"),
			"id":    id("3.8.0-beta1"),
		},
		version: "3.8.0-beta1",
		status:  cyrus.Status{Messages: 1, UIDNext: 2, UIDValidity: 3, HighestModSeq: 4, Size: 5},
	},
	{
		name: "another server than Cyrus", parts: map[string]string{
			"login": login("ACL QUOTA NAMESPACE CONDSTORE METADATA LIST-EXTENDED LIST-STATUS STATUS=SIZE"),
			"id":    "S: * ID (\"name\" \"Dovecot\")\nS: $tag OK done",
			"admin": `S: $tag BAD Error in IMAP command SYNCGET: Unknown command`,
		},
		want: "no Cyrus of 2.4 or later (its version is not told)",
	},
}

// oldDetails is what SYNCGET of 2.4 tells.
const oldDetails = `C: SYNCGET MAILBOXES ("user.anna")
	S: * MAILBOX %(UNIQUEID 3d6f1a124dca MBOXNAME user.anna LAST_UID 6 HIGHESTMODSEQ 42 RECENTUID 6 RECENTTIME 1305190001 LAST_APPENDDATE 1305190001 POP3_LAST_LOGIN 0 UIDVALIDITY 1305190000 PARTITION default ACL "anna\tlrswipkxtecda\t" OPTIONS P SYNC_CRC 99 QUOTAROOT user.anna)
	S: $tag OK success`

func login(capabilities string) string {
	return "S: $tag OK [CAPABILITY IMAP4rev1 LITERAL+ ID ENABLE " + capabilities + "] User logged in"
}

func id(version string) string {
	return `S: * ID ("name" "Cyrus IMAPD" "version" "` + version + `" "vendor" "Project Cyrus" "os" "Linux")
		S: $tag OK Completed`
}

func TestOtherVersions(t *testing.T) {
	for _, c := range older {
		t.Run(c.name, func(t *testing.T) {
			var script strings.Builder
			for _, part := range conversation {
				if answer, differs := c.parts[part.name]; differs {
					part.answer = answer
					if strings.HasPrefix(answer, "C: ") {
						part.wait = ""
					}
				}
				script.WriteString(part.wait + "\n" + part.answer + "\n")
			}
			snapshot, err := ask(t, cyrustest.Play(t, script.String(), nil).Addr, nil)
			if c.want != "" {
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Fatalf("got %v, want an error with %q", err, c.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			m := snapshot.Mailboxes[0]
			if snapshot.Server.Version != c.version || len(snapshot.Mailboxes) != 1 || m.Status != c.status || !m.Readable || m.Partition != "default" {
				t.Errorf("got %+v", snapshot)
			}
		})
	}
}

// TestReadWithLess hides capabilities of a real Cyrus, so that it is asked as an
// older one is.
func TestReadWithLess(t *testing.T) {
	for _, c := range []struct {
		hidden         string
		messages, size int64
	}{
		{"STATUS=SIZE", 3, 6000},
		{"STATUS=SIZE METADATA", 3, cyrus.UnknownCount},
		{"STATUS=SIZE LIST-STATUS", cyrus.UnknownCount, 6000},
		{"STATUS=SIZE LIST-STATUS METADATA LIST-EXTENDED ENABLE X-REPLICATION", cyrus.UnknownCount, cyrus.UnknownCount},
	} {
		t.Run(c.hidden, func(t *testing.T) {
			fleet, in := one(t, cyrustest.Settings{Extra: map[string]string{"suppress_capabilities": c.hidden}},
				cyrustest.Mailbox{Name: "user.anna", Messages: 3, MessageBytes: 2000, Quota: 100}, cyrustest.Mailbox{Name: "user.anna.Empty"})
			s := read(t, admin(fleet, in))
			if len(s.Mailboxes) != 2 {
				t.Fatalf("mailboxes %+v", s.Mailboxes)
			}
			m := s.Mailboxes[0]
			if m.Status.Messages != c.messages || m.Status.Size != c.size || m.Status.UIDNext != 4 || m.Status.HighestModSeq < 4 || m.Status.UIDValidity == 0 || !m.Readable {
				t.Errorf("the status is %+v", m.Status)
			}
			if got := s.Mailboxes[1].Status.UIDNext; got != 1 {
				t.Errorf("an empty mailbox has next UID %d, want 1", got)
			}
			if len(s.Quotas) != 1 || s.Quotas[0].Used>>10 != 5 {
				t.Errorf("quotas %+v", s.Quotas)
			}
		})
	}
}
