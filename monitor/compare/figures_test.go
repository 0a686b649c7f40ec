package compare_test

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/compare"
)

// needSoak skips what takes minutes and says figures rather than asserts them.
func needSoak(t *testing.T) {
	t.Helper()
	if os.Getenv("INTERLACE_SOAK") == "" {
		t.Skip("takes minutes: INTERLACE_SOAK is not set")
	}
}

// peak returns the largest heap while something is done.
func peak(do func()) uint64 {
	runtime.GC()
	var most atomic.Uint64
	done := make(chan struct{})
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most.Store(max(most.Load(), m.HeapInuse+m.StackInuse))
			select {
			case <-done:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	do()
	close(done)
	<-watched
	return most.Load()
}

// TestFiguresOfAPair measures a pair of 2,000 users with 6,000 mailboxes, and the
// logins that its servers can do when nothing else is asked.
func TestFiguresOfAPair(t *testing.T) {
	needSoak(t)
	var mailboxes []cyrustest.Mailbox
	for i := range 2000 {
		user := fmt.Sprintf("user.u%04d", i)
		mailboxes = append(mailboxes, cyrustest.Mailbox{Name: user, Messages: 1, MessageBytes: 300, Quota: 100000}, cyrustest.Mailbox{Name: user + ".Sent"}, cyrustest.Mailbox{Name: user + ".Work"})
	}
	r := newBig(t, mailboxes)
	for _, connections := range []int{1, 2, 4} {
		for _, level := range []monitor.CompareLevel{"1", "2", "3", "user"} {
			if connections > 1 && level == "1" {
				continue
			}
			begin := time.Now()
			found := r.compareFor(5*time.Minute, compare.Options{Level: level, Connections: connections})
			took := time.Since(begin)
			t.Logf("level %s, %d connections: %d mailboxes in %.2f s, %.0f/s, %.0f users/s, %d differences, %d uncompared",
				level, connections, found.Mailboxes, took.Seconds(), 6000/took.Seconds(), 2000/took.Seconds(), len(found.Differences), len(found.Uncompared))
		}
		t.Logf("bare logins over %d connections to each: %.0f users/s", connections, r.logins(connections, 400))
	}
}

// logins returns how many users a second can be logged in on both sides, without
// asking for anything.
func (r *rig) logins(connections, users int) float64 {
	begin := time.Now()
	next := make(chan int)
	done := make(chan error)
	for range connections {
		for _, side := range []compare.Side{r.pair().Master, r.pair().Replica} {
			go func() {
				for i := range next {
					o := side.IMAP
					o.As, o.Known = fmt.Sprintf("u%04d", i), &cyrus.Server{}
					c, err := cyrus.Dial(context.Background(), o)
					if err == nil {
						c.Close()
					}
					if err != nil {
						r.t.Error(err)
					}
				}
				done <- nil
			}()
		}
	}
	for i := range 2 * users {
		next <- i / 2
	}
	close(next)
	for range 2 * connections {
		<-done
	}
	return float64(users) / time.Since(begin).Seconds()
}

// newBig starts a pair of many mailboxes.
func newBig(t *testing.T, mailboxes []cyrustest.Mailbox) *rig {
	t.Helper()
	r := startRig(t, cyrustest.Settings{Client: cyrustest.ClientNone})
	if err := r.master.Fill(within(t, 8*time.Minute), mailboxes); err != nil {
		t.Fatal(err)
	}
	if out, err := r.master.Tool(within(t, 8*time.Minute), "sync_client", "-A"); err != nil {
		t.Fatal(out, err)
	}
	return r
}

func (r *rig) compareFor(limit time.Duration, o compare.Options) *monitor.Comparison {
	r.t.Helper()
	o.Backlog = compare.NothingWaits
	found, err := compare.Store(within(r.t, limit), r.pair(), o)
	if err != nil {
		r.t.Fatal(err)
	}
	return found
}

// TestFiguresOfMessages measures mailboxes of many messages: one that an
// administrator is told of at once, and one that is read as its owner.
func TestFiguresOfMessages(t *testing.T) {
	needSoak(t)
	r := newBig(t, []cyrustest.Mailbox{
		{Name: "user.few", Messages: 9000, MessageBytes: 300}, {Name: "user.many", Messages: 30000, MessageBytes: 300},
	})
	for _, user := range []string{"few", "many"} {
		only := func(o cyrus.Owner) bool { return o.Name == user }
		begin := time.Now()
		var found *monitor.Comparison
		memory := peak(func() { found = r.compareFor(5*time.Minute, compare.Options{Level: monitor.CompareMessages, Only: only}) })
		took := time.Since(begin)
		t.Logf("%s: %d messages in %.2f s, %.0f/s, %d MiB, %d differences", user, found.Messages, took.Seconds(), float64(found.Messages)/took.Seconds(), memory>>20, len(found.Differences))
	}
}

// TestTenThousandMailboxesOfAUser compares a user with 10,000 mailboxes.
func TestTenThousandMailboxesOfAUser(t *testing.T) {
	needSoak(t)
	mailboxes := []cyrustest.Mailbox{{Name: "user.anna"}}
	for i := range 10_000 {
		mailboxes = append(mailboxes, cyrustest.Mailbox{Name: fmt.Sprintf("user.anna.f%05d", i)})
	}
	r := newBig(t, mailboxes)
	for _, level := range []monitor.CompareLevel{"1", "2", "3", "user"} {
		begin := time.Now()
		var found *monitor.Comparison
		memory := peak(func() { found = r.compareFor(5*time.Minute, compare.Options{Level: level}) })
		t.Logf("level %s: %d mailboxes in %.2f s, %d MiB, %d differences", level, found.Mailboxes, time.Since(begin).Seconds(), memory>>20, len(found.Differences))
		if memory > 256<<20 {
			t.Errorf("level %s takes %d MiB", level, memory>>20)
		}
	}
}

// manyMessages plays a server with one mailbox of so many messages; the last one is
// flagged.
func manyMessages(n int, flags string) string {
	const status = `UIDVALIDITY 3 HIGHESTMODSEQ 9`
	details := fmt.Sprintf(`%%(UNIQUEID abc MBOXNAME user.anna SYNC_CRC %d SYNC_CRC_ANNOT 7 LAST_UID %d HIGHESTMODSEQ 9 FOLDERMODSEQ 1 UIDVALIDITY 3 PARTITION default ACL "anna\tlrs\t")`, len(flags), n)
	login := func(known bool) string {
		script := `
			C: CAPABILITY
			S: * CAPABILITY IMAP4rev1 LITERAL+ ID AUTH=PLAIN SASL-IR
			S: $tag OK done
			C: AUTHENTICATE PLAIN
			S: $tag OK [CAPABILITY IMAP4rev1 LITERAL+ LIST-STATUS METADATA STATUS=SIZE X-REPLICATION] welcome
			C: LIST "" ""
			S: * LIST (\\Noselect) "." ""
			S: $tag OK done
			C: NAMESPACE
			S: * NAMESPACE (("INBOX." ".")) (("user." ".")) (("" "."))
			S: $tag OK done`
		if !known {
			script += `
			C: SYNCGET MAILBOXES (user)
			S: $tag OK done`
		}
		return script
	}
	var b strings.Builder
	b.WriteString("S: * OK ready" + login(false) + `
		C: LIST "" "*" RETURN
		S: * LIST () "." user.anna
		S: * STATUS user.anna (MESSAGES ` + strconv.Itoa(n) + " UIDNEXT " + strconv.Itoa(n+1) + " SIZE 5 " + status + `)
		S: $tag OK done
		C: GETMETADATA
		S: * METADATA user.anna ("/shared/vendor/cmu/cyrus-imapd/uniqueid" "abc" "/shared/vendor/cmu/cyrus-imapd/synccrcs" "` + strconv.Itoa(len(flags)) + ` 7")
		S: $tag OK done
		C: LIST "" "*"
		S: * LIST () "." user.anna
		S: $tag OK done
		C: SYNCGET MAILBOXES
		S: * MAILBOX ` + details + `
		S: $tag OK done
		C: LOGOUT
		S: $tag OK done
	`)
	return b.String()
}
