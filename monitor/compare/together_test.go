package compare_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/compare"
)

// TestWaitsTogether: what is looked at again waits for the same pauses: marks with quotas and
// annotations, and what they leave with what users are shown, however many users differ.
func TestWaitsTogether(t *testing.T) {
	t.Parallel()
	const users = 7
	var mailboxes []cyrustest.Mailbox
	for i := range users {
		mailboxes = append(mailboxes, cyrustest.Mailbox{Name: fmt.Sprintf("user.u%d", i), Messages: 2, Quota: 1000})
	}
	r := newRig(t, mailboxes...)
	var want []string
	for i := range users {
		name := fmt.Sprintf("u%d", i)
		r.do(r.master, name, "APPEND INBOX "+cyrustest.Literal("Subject: new\r\n\r\nx\r\n"), "SUBSCRIBE INBOX", `SETMETADATA INBOX (/shared/comment "new")`)
		r.do(r.master, cyrustest.AdminUser, "SETQUOTA user."+name+" (STORAGE 500)")
		want = append(want, "subscription", "annotation user."+name, "message_missing user."+name, "quota user."+name)
	}
	const pause, tries = 500 * time.Millisecond, 3
	looked := func(pause time.Duration) time.Duration {
		began := time.Now()
		only(t, r.compare(compare.Options{Level: monitor.CompareAccounts, Pause: pause, Tries: tries}), want...)
		return time.Since(began)
	}
	looked(time.Millisecond) // what is looked at for the first time takes longer
	// The work takes longer now and then, on a busy machine; pauses that need not be are always there.
	var work, took time.Duration
	for range 5 {
		work, took = looked(time.Millisecond), looked(pause)
		t.Logf("the work takes %v, with pauses %v", work, took)
		if took < 2*tries*pause || took <= work+(2*tries+2)*pause {
			break
		}
	}
	if took < 2*tries*pause || took > work+(2*tries+2)*pause {
		t.Errorf("it takes %v, of which the work takes %v, and not %d pauses of %v", took, work, 2*tries, pause)
	}
}
