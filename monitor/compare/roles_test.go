package compare_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/compare"
)

// TestRolesThatAreExchanged has the inventory take the master for the replica: no command
// is printed that would destroy what came last, not even for one user alone, unless somebody
// says that the roles are right.
func TestRolesThatAreExchanged(t *testing.T) {
	t.Parallel()
	var mailboxes []cyrustest.Mailbox
	for i := range 6 {
		mailboxes = append(mailboxes, cyrustest.Mailbox{Name: fmt.Sprintf("user.u%d", i), Messages: 1}, cyrustest.Mailbox{Name: fmt.Sprintf("user.u%d.Work", i), Messages: 1})
	}
	r := newRig(t, mailboxes...)
	for i := range 6 {
		message := cyrustest.Literal("Subject: new\r\n\r\nx\r\n")
		r.do(r.master, fmt.Sprintf("u%d", i), "APPEND INBOX "+message, "APPEND INBOX.Work "+message)
	}
	exchanged := r.pair()
	exchanged.Master, exchanged.Replica = exchanged.Replica, exchanged.Master
	for _, roles := range []bool{false, true} {
		found, err := compare.Store(within(t, time.Minute), exchanged, compare.Options{
			Level: monitor.CompareSpool, Sample: 1, Save: t.TempDir(), Pause: 20 * time.Millisecond, Carried: carried, Roles: roles,
			Choose: func([]cyrus.Owner) ([]cyrus.Owner, error) { return []cyrus.Owner{{Name: "u0"}}, nil },
		})
		if err != nil || len(found.Differences) != 2 {
			t.Fatal(found, err)
		}
		for _, d := range found.Differences {
			if asks := strings.Contains(string(d.Warning), "the roles look exchanged. imap1 has seen more changes than imap2 in 12 mailboxes of 6 users"); asks == roles || (len(d.Repair) > 0) != roles {
				t.Errorf("roles are right: %v: %+v", roles, d)
			}
		}
	}
	// As they are, the replica is only behind.
	for _, d := range r.compare(compare.Options{Level: monitor.CompareMarks}).Differences {
		if len(d.Repair) == 0 || strings.Contains(string(d.Warning), "exchanged") {
			t.Errorf("%+v", d)
		}
	}
}
