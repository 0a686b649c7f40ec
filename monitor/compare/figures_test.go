package compare_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/compare"
)

// sized returns how much of something there is: what the figures are about with
// INTERLACE_SOAK, which takes minutes, else little, and only what is found counts.
func sized(whole, little int) int {
	if os.Getenv("INTERLACE_SOAK") != "" {
		return whole
	}
	return little
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
	var mailboxes []cyrustest.Mailbox
	users := sized(2000, 20)
	for i := range users {
		user := fmt.Sprintf("user.u%04d", i)
		mailboxes = append(mailboxes, cyrustest.Mailbox{Name: user, Messages: 1, MessageBytes: 300, Quota: 100000}, cyrustest.Mailbox{Name: user + ".Sent"}, cyrustest.Mailbox{Name: user + ".Work"})
	}
	r := newBig(t, mailboxes)
	for _, connections := range []int{1, 2} {
		for _, level := range []monitor.CompareLevel{"1", "1", "2", "3", "user"} {
			begin := time.Now()
			found := r.compareFor(5*time.Minute, compare.Options{Level: level, Connections: connections})
			took := time.Since(begin)
			t.Logf("level %s, %d connections: %d mailboxes in %.2f s, %.0f/s, %.0f users/s, %d differences, %d uncompared",
				level, connections, found.Mailboxes, took.Seconds(), float64(found.Mailboxes)/took.Seconds(), float64(users)/took.Seconds(), len(found.Differences), len(found.Uncompared))
			if found.Mailboxes != 3*users || !allOf(found, monitor.Identical) {
				t.Errorf("level %s: %d mailboxes, %+v", level, found.Mailboxes, found.Uncompared)
			}
		}
		t.Logf("without comparing, %d connections: %.0f logins/s on both sides, %.0f users/s with what is asked of each",
			connections, r.logins(connections, users/5, func(*cyrus.Client) error { return nil }), r.logins(connections, users/5, look))
	}
}

// logins returns how many users a second can be logged in on both sides, and do
// what is told there, by clients that compare nothing.
func (r *rig) logins(connections, users int, do func(*cyrus.Client) error) float64 {
	var work errgroup.Group
	next := make(chan int)
	begin := time.Now()
	for range connections {
		work.Go(func() error {
			for i := range next {
				var both errgroup.Group
				for _, side := range []compare.Side{r.pair().Master, r.pair().Replica} {
					o := side.IMAP
					o.As, o.Known = fmt.Sprintf("u%04d", i), &cyrus.Server{Separator: '.', Others: "user."}
					both.Go(func() error {
						c, err := cyrus.Dial(context.Background(), o)
						if err != nil {
							return err
						}
						defer c.Close()
						return do(c)
					})
				}
				if err := both.Wait(); err != nil {
					return err
				}
			}
			return nil
		})
	}
	for i := range users {
		next <- i
	}
	close(next)
	if err := work.Wait(); err != nil {
		r.t.Error(err)
	}
	return float64(users) / time.Since(begin).Seconds()
}

// look asks for what the second level asks for.
func look(c *cyrus.Client) error {
	_, err := c.ViewOf(context.Background(), nil)
	if err == nil {
		_, err = c.Annotations(context.Background(), cyrus.PrivateScope, "INBOX", "INBOX.Sent", "INBOX.Work")
	}
	return err
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
	o.Carried = carried
	found, err := compare.Store(within(r.t, limit), r.pair(), o)
	if err != nil {
		r.t.Fatal(err)
	}
	return found
}

// TestFiguresOfMessages measures mailboxes of many messages: one that an
// administrator is told of at once, and one that is read as its owner.
func TestFiguresOfMessages(t *testing.T) {
	r := newBig(t, []cyrustest.Mailbox{
		{Name: "user.few", Messages: sized(9000, 90), MessageBytes: 300}, {Name: "user.many", Messages: sized(30_000, 300), MessageBytes: 300},
	})
	for _, user := range []string{"few", "many"} {
		only := func(o cyrus.Owner) bool { return o.Name == user }
		begin := time.Now()
		var found *monitor.Comparison
		memory := peak(func() {
			found = r.compareFor(5*time.Minute, compare.Options{Level: monitor.CompareMessages, Choose: those(only)})
		})
		took := time.Since(begin)
		if !allOf(found, monitor.Identical) {
			t.Errorf("%s: %+v", user, found)
		}
		t.Logf("%s: %d messages in %.2f s, %.0f/s, %d MiB, %d differences", user, found.Messages, took.Seconds(), float64(found.Messages)/took.Seconds(), memory>>20, len(found.Differences))
	}
}

// TestTenThousandMailboxesOfAUser compares a user with 10,000 mailboxes.
func TestTenThousandMailboxesOfAUser(t *testing.T) {
	mailboxes := []cyrustest.Mailbox{{Name: "user.anna"}}
	for i := range sized(10_000, 300) {
		mailboxes = append(mailboxes, cyrustest.Mailbox{Name: fmt.Sprintf("user.anna.f%05d", i)})
	}
	r := newBig(t, mailboxes)
	for _, level := range []monitor.CompareLevel{"1", "2", "3", "user"} {
		begin := time.Now()
		var found *monitor.Comparison
		memory := peak(func() { found = r.compareFor(5*time.Minute, compare.Options{Level: level}) })
		t.Logf("level %s: %d mailboxes in %.2f s, %d MiB, %d differences", level, found.Mailboxes, time.Since(begin).Seconds(), memory>>20, len(found.Differences))
		if memory > 256<<20 || !allOf(found, monitor.Identical) {
			t.Errorf("level %s takes %d MiB, %+v", level, memory>>20, found.Owners)
		}
	}
}

// huge plays a server with one mailbox of so many messages, of which one may be
// flagged.
type huge struct{ messages, flagged int }

func (h huge) serve(conn net.Conn) {
	out := bufio.NewWriterSize(conn, 1<<16)
	fmt.Fprint(out, "* OK ready\r\n")
	lines := bufio.NewReader(conn)
	for out.Flush() == nil {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		tag, command, _ := strings.Cut(strings.TrimSpace(line), " ")
		h.answer(out, command)
		fmt.Fprintf(out, "%s OK done\r\n", tag)
	}
}

func (h huge) answer(out io.Writer, command string) {
	checksum := 100 + h.flagged
	say := func(format string, values ...any) { fmt.Fprintf(out, "* "+format+"\r\n", values...) }
	var from, to int
	switch {
	case command == "CAPABILITY":
		say("CAPABILITY IMAP4rev1 LITERAL+ AUTH=PLAIN SASL-IR LIST-STATUS METADATA STATUS=SIZE QUOTA X-REPLICATION")
	case command == `LIST "" ""`:
		say(`LIST (\Noselect) "." ""`)
	case command == "NAMESPACE":
		say(`NAMESPACE (("INBOX." ".")) (("user." ".")) (("" "."))`)
	case strings.HasPrefix(command, `LIST "" "*"`):
		say(`LIST () "." user.anna`)
		if strings.Contains(command, "STATUS") {
			say("STATUS user.anna (MESSAGES %d UIDNEXT %d UIDVALIDITY 3 HIGHESTMODSEQ 9 SIZE 5)", h.messages, h.messages+1)
		}
	case strings.HasPrefix(command, "GETMETADATA"):
		say(`METADATA user.anna ("/shared/vendor/cmu/cyrus-imapd/uniqueid" "abc" "/shared/vendor/cmu/cyrus-imapd/synccrcs" "%d 7")`, checksum)
	case strings.HasPrefix(command, `SYNCGET MAILBOXES ("user.anna")`):
		say(`MAILBOX %%(UNIQUEID abc MBOXNAME user.anna SYNC_CRC %d SYNC_CRC_ANNOT 7 LAST_UID %d HIGHESTMODSEQ 9 FOLDERMODSEQ 1 UIDVALIDITY 3 PARTITION default ACL "anna	lrs	")`, checksum, h.messages)
	case strings.HasPrefix(command, "STATUS"):
		say("STATUS INBOX (MESSAGES %d UIDNEXT %d UIDVALIDITY 3 UNSEEN 1 HIGHESTMODSEQ 9)", h.messages, h.messages+1)
	case strings.HasPrefix(command, "EXAMINE"):
		say("%d EXISTS", h.messages)
	case strings.HasPrefix(command, "FETCH"):
		if _, err := fmt.Sscanf(command, "FETCH %d:%d", &from, &to); err != nil {
			return
		}
		for i := from; i <= to; i++ {
			flags := `\Seen $Label`
			if i == h.flagged {
				flags = `\Flagged`
			}
			say(`%d FETCH (FLAGS (%s) UID %d MODSEQ (%d) INTERNALDATE "26-Nov-2026 12:30:05 +0000" RFC822.SIZE 4711 DIGEST.SHA1 ab1d2ec6dcc484d3421feb97d87da3d0e012e08c)`, i, flags, i, i%9+1)
		}
	}
}

// TestHugeMailbox compares a mailbox of which one message differs, in memory that
// does not grow with it: of a million messages with INTERLACE_SOAK.
func TestHugeMailbox(t *testing.T) {
	messages, most := sized(1_000_000, 100_000), uint64(sized(256<<20, 64<<20))
	side := func(h huge) cyrus.Options {
		return cyrus.Options{Address: listen(t, h.serve), User: "admin", Password: "secret", TLS: cyrus.None}
	}
	pair := compare.Pair{
		Store:   "s1",
		Master:  compare.Side{Server: "imap1", IMAP: side(huge{messages: messages})},
		Replica: compare.Side{Server: "imap2", IMAP: side(huge{messages: messages, flagged: messages - 1})},
	}
	var found *monitor.Comparison
	var err error
	begin := time.Now()
	memory := peak(func() {
		found, err = compare.Store(within(t, 5*time.Minute), pair, compare.Options{Level: monitor.CompareMarks, Pause: time.Millisecond})
	})
	if err != nil {
		t.Fatal(err)
	}
	only(t, found, "flags user.anna")
	if got, want := string(found.Differences[0].UIDs), strconv.Itoa(messages-1); got != want || found.Messages != int64(messages) {
		t.Errorf("UIDs %s, want %s, of %d messages", got, want, found.Messages)
	}
	if memory > most {
		t.Errorf("it takes %d MiB", memory>>20)
	}
	t.Logf("%d messages in %.1f s, %.0f/s, %d MiB with the two servers", messages, time.Since(begin).Seconds(), float64(messages)/time.Since(begin).Seconds(), memory>>20)
}
