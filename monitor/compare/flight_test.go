package compare_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/compare"
)

// TestWritesAreNoOtherVersion has the master's mailboxes be written to after their counters
// and before their checksums are told, which looks as another way of computing checksums
// does: what is replicated by the next look is the same, and so is what its checksums say.
func TestWritesAreNoOtherVersion(t *testing.T) {
	t.Parallel()
	const folders = 12
	for level, checksums := range map[monitor.CompareLevel]string{"1": "GETMETADATA", "2": `SYNCGET MAILBOXES ("user`} {
		t.Run("level "+string(level), func(t *testing.T) {
			t.Parallel()
			mailboxes := []cyrustest.Mailbox{{Name: "user.anna", Messages: 101}} // more than an administrator reads
			var write []string
			for i := range folders {
				mailboxes = append(mailboxes, cyrustest.Mailbox{Name: fmt.Sprintf("user.anna.n%d", i), Messages: 1})
				write = append(write, fmt.Sprintf("SELECT INBOX.n%d", i), `STORE 1 +FLAGS (\Flagged)`)
			}
			r := newRig(t, mailboxes...)
			var once sync.Once
			b := &between{answer: func(command string) string {
				if strings.HasPrefix(command, checksums) {
					once.Do(func() { r.do(r.master, "anna", append(write, "SELECT INBOX", `STORE 1 +FLAGS (\Flagged)`)...) })
				}
				return ""
			}}
			pair := r.pair()
			pair.Master.IMAP.Address = b.listen(t, pair.Master.IMAP.Address)
			found, err := compare.Store(within(t, time.Minute), pair, compare.Options{
				Level: level, Pause: 20 * time.Millisecond, Carried: carried,
				Choose: func(all []cyrus.Owner) ([]cyrus.Owner, error) { // when both sides have told
					r.sync("-A")
					return all, nil
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			if only(t, found); len(found.Uncompared) > 0 || !allOf(found, monitor.Identical) || found.Messages > 0 {
				t.Errorf("%s, %d messages one by one, uncompared %+v", outcomes(found), found.Messages, found.Uncompared)
			}
		})
	}
}
