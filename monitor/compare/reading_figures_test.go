package compare_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor/compare"
)

// TestFiguresOfReading measures how fast all messages are read whole: many small ones of one
// mailbox, large ones, and those of many users.
func TestFiguresOfReading(t *testing.T) {
	r := startRig(t, cyrustest.Settings{Client: cyrustest.ClientNone})
	many, large, users := sized(10_000, 100), sized(150, 2), sized(100, 3)
	mailboxes := []cyrustest.Mailbox{
		{Name: "user.many", Messages: many, MessageBytes: 4000}, {Name: "user.large", Messages: large, MessageBytes: 2_000_000},
	}
	some := map[cyrus.Owner]bool{}
	for i := range users {
		mailboxes = append(mailboxes, cyrustest.Mailbox{Name: fmt.Sprintf("user.u%03d", i), Messages: 20, MessageBytes: 4000})
		some[cyrus.Owner{Name: fmt.Sprintf("u%03d", i)}] = true
	}
	for i := range mailboxes {
		if err := r.master.Fill(within(t, 8*time.Minute), mailboxes[i:i+1]); err != nil {
			t.Fatal(err)
		}
	}
	for _, what := range []struct {
		name     string
		owners   map[cyrus.Owner]bool
		messages int
	}{{"one mailbox of small messages", map[cyrus.Owner]bool{{Name: "many"}: true}, many}, {"one of large messages", map[cyrus.Owner]bool{{Name: "large"}: true}, large}, {"of many users", some, 20 * users}} {
		for _, connections := range []int{1, 2, 4} {
			begin := time.Now()
			read, err := compare.ReadWhole(within(t, 5*time.Minute), r.side("imap1", r.master), what.owners, compare.WholeOptions{Connections: func() int { return connections }})
			if err != nil {
				t.Fatal(err)
			}
			took := time.Since(begin).Seconds()
			if read.Messages != int64(what.messages) || len(read.Damaged)+len(read.Unread) > 0 {
				t.Errorf("%s: %+v, want %d messages", what.name, read, what.messages)
			}
			t.Logf("%s, %d connections: %d messages in %.2f s, %.0f/s, %.1f MB/s", what.name, connections, read.Messages, took, float64(read.Messages)/took, float64(read.Bytes)/1e6/took)
		}
	}
}
