package compare_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/compare"
)

// between stands between us and a server: it may answer a command itself, and
// change what the server says.
type between struct {
	// answer returns what is said to a command without its tag; "" passes the
	// command on. Where it holds "$tag" that is replaced.
	answer func(command string) string
	change func(line string) string
	// opened and closed are called at the begin and end of each connection.
	opened, closed func()
}

// listen returns the address of the server as seen through b.
func (b *between) listen(t *testing.T, server string) string {
	t.Helper()
	return listen(t, func(conn net.Conn) { b.serve(conn, server) })
}

// listen returns the address of a server that serves each connection by the
// function. It ends with the test.
func listen(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var open sync.WaitGroup
	open.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			open.Go(func() { defer conn.Close(); serve(conn) })
		}
	})
	t.Cleanup(func() { listener.Close(); open.Wait() })
	return listener.Addr().String()
}

func (b *between) serve(client net.Conn, address string) {
	if b.opened != nil {
		b.opened()
		defer b.closed()
	}
	server, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer server.Close()
	var mu sync.Mutex
	say := func(text string) error {
		mu.Lock()
		defer mu.Unlock()
		_, err := io.WriteString(client, text)
		return err
	}
	var back sync.WaitGroup
	back.Go(func() {
		defer client.Close()
		lines := bufio.NewReader(server)
		for {
			line, err := lines.ReadString('\n')
			if b.change != nil {
				line = b.change(line)
			}
			if say(line) != nil || err != nil {
				return
			}
		}
	})
	lines := bufio.NewReader(client)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			break
		}
		tag, command, _ := strings.Cut(line, " ")
		if b.answer != nil {
			switch text := b.answer(command); text {
			case "":
			case "die":
				server.Close()
				back.Wait()
				return
			default:
				if say(strings.ReplaceAll(text, "$tag", tag)) != nil {
					return
				}
				continue
			}
		}
		if _, err := io.WriteString(server, line); err != nil {
			break
		}
	}
	server.Close()
	back.Wait()
}

// through compares the pair with its replica, or both sides, seen through b.
func (r *rig) through(b *between, both bool, o compare.Options) (*monitor.Comparison, error) {
	r.t.Helper()
	pair := r.pair()
	pair.Replica.IMAP.Address = b.listen(r.t, pair.Replica.IMAP.Address)
	if both {
		pair.Master.IMAP.Address = b.listen(r.t, pair.Master.IMAP.Address)
	}
	o.Pause, o.Carried = 50*time.Millisecond, carried
	return compare.Store(within(r.t, time.Minute), pair, o)
}

// only fails unless these are the differences, each as kind and mailbox.
func only(t *testing.T, c *monitor.Comparison, want ...string) {
	t.Helper()
	var got []string
	for _, d := range c.Differences {
		got = append(got, strings.TrimSpace(string(d.Kind)+" "+string(d.Mailbox)))
	}
	if strings.Join(got, ", ") != strings.Join(want, ", ") {
		t.Errorf("differences %q, want %q: %+v", got, want, c)
	}
}

// outcomes returns those of all owners, such as "anna=identical".
func outcomes(c *monitor.Comparison) string {
	var b strings.Builder
	for _, o := range c.Owners {
		fmt.Fprintf(&b, "%s=%s ", o.Owner, o.Outcome)
	}
	return strings.TrimSpace(b.String())
}

// TestGarbledIndexOfTheReplica damages the index of one mailbox in several ways.
// Cyrus then leaves the mailbox out, refuses whole commands, or ends the process
// that reads it; all other mailboxes are compared.
func TestGarbledIndexOfTheReplica(t *testing.T) {
	for _, c := range []struct {
		name   string
		hidden string // why the first two levels cannot see it
		damage func(index []byte) []byte
	}{
		{"garbage", "", func([]byte) []byte { return []byte(strings.Repeat("\x00garbage", 40)) }},
		{"garbage behind the header", "the header tells nothing of it", func(index []byte) []byte {
			return append(index[:160:160], strings.Repeat("\xff\xfegarbage", 40)...)
		}},
		{"cut in the records", "", func(index []byte) []byte { return index[:len(index)-100] }},
		{"cut in the header", "", func(index []byte) []byte { return index[:60] }},
		{"empty", "", func([]byte) []byte { return nil }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, anna...)
			r.settle()
			path := r.directory(r.replica, "user.anna.Work") + "/cyrus.index"
			index, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, c.damage(index), 0o600); err != nil {
				t.Fatal(err)
			}
			for _, level := range []monitor.CompareLevel{"1", "2", "3", "4", "user"} {
				if c.hidden != "" && level != "3" && level != "4" {
					continue
				}
				found := r.compare(compare.Options{Level: level, Sample: 1})
				if only(t, found, "unreadable user.anna.Work"); len(found.Differences) == 0 {
					continue
				}
				if d := found.Differences[0]; d.Server != "imap2" || d.Certainty != monitor.Confirmed {
					t.Errorf("level %s: %+v", level, d)
				}
				// Bob may read it, too, and what he sees there is not known.
				reader := "unknown"
				if level == "1" {
					reader = "identical"
				}
				if got := outcomes(found); !strings.Contains(got, "anna=different") || !strings.Contains(got, "bob="+reader) || !strings.Contains(got, "team=identical") {
					t.Errorf("level %s: %s", level, got)
				}
				if level == "3" && found.Messages < 9 {
					t.Errorf("%d messages compared", found.Messages)
				}
			}
		})
	}
}

// TestDeathInBulk has the replica die whenever an answer touches one mailbox, over
// whatever command.
func TestDeathInBulk(t *testing.T) {
	r := newRig(t, anna...)
	r.settle()
	b := &between{answer: func(command string) string {
		switch {
		case strings.HasPrefix(command, `LIST "" "*" RETURN`), strings.HasPrefix(command, `GETMETADATA (DEPTH infinity) "*"`), strings.HasPrefix(command, `GETMETADATA "*"`),
			strings.HasPrefix(command, `LIST "" "INBOX*" RETURN`), strings.HasPrefix(command, "SYNCGET") && strings.Contains(command, `"user.bob"`):
			return "die"
		}
		return ""
	}}
	for _, level := range []monitor.CompareLevel{"1", "2", "3", "user"} {
		found, err := r.through(b, false, compare.Options{Level: level})
		if err != nil {
			t.Fatal(err)
		}
		only(t, found, "unreadable user.bob")
		// No user can be shown a list without that the replica dies. At the levels of
		// numbers none is needed of mailboxes that are known to be the same.
		want := "anna=identical"
		if level == monitor.CompareView {
			want = "anna=unknown"
		}
		if got := outcomes(found); !strings.Contains(got, want) || !strings.Contains(got, "bob=different") || !strings.Contains(got, "team=identical") {
			t.Errorf("level %s: %s %+v", level, got, found)
		}
	}
}

// TestDeathAtMessages has a server die whenever the messages of one mailbox are
// asked for, and never else.
func TestDeathAtMessages(t *testing.T) {
	r := newRig(t, anna...)
	r.settle()
	b := &between{answer: func(command string) string {
		if strings.HasPrefix(command, `SYNCGET FULLMAILBOX "user.anna"`) {
			return "die"
		}
		return ""
	}}
	found, err := r.through(b, false, compare.Options{Level: monitor.CompareMessages})
	if err != nil {
		t.Fatal(err)
	}
	only(t, found, "unreadable user.anna")
	if found.Messages != 3+2+2+1 {
		t.Errorf("%d messages compared: %+v", found.Messages, found)
	}
}

// TestServersWithLess compares servers that offer less than Cyrus 3.6, at a level
// that needs all of it, with a difference that must be found all the same.
func TestServersWithLess(t *testing.T) {
	refuse := func(what string) func(string) string {
		return func(command string) string {
			if strings.HasPrefix(command, what) {
				return "$tag BAD unknown command\r\n"
			}
			return ""
		}
	}
	for _, c := range []struct {
		name       string
		hidden     string
		between    between
		uncompared string // in what could not be compared; empty: all could be
		outcome    string // of bob, who does not differ
	}{
		{name: "without LIST-STATUS", hidden: "LIST-STATUS STATUS=SIZE", outcome: "bob=identical"},
		{name: "without METADATA", hidden: "METADATA", uncompared: "annotations", outcome: "bob=unknown"},
		{name: "without QUOTA", hidden: "QUOTA", uncompared: "quotas", outcome: "bob=unknown"},
		{name: "without FULLMAILBOX", between: between{answer: refuse("SYNCGET FULLMAILBOX")}, outcome: "bob=identical"},
		{
			name: "without FULLMAILBOX and logins as users", uncompared: "messages", outcome: "bob=unknown",
			between: between{answer: func(command string) string {
				if rest, found := strings.CutPrefix(command, "AUTHENTICATE PLAIN "); found && !strings.HasPrefix(rest, "AGFkbWlu") {
					return "$tag NO authentication failure\r\n"
				}
				return refuse("SYNCGET FULLMAILBOX")(command)
			}},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			settings := cyrustest.Settings{Client: cyrustest.ClientNone}
			if c.hidden != "" {
				settings.Extra = map[string]string{"suppress_capabilities": c.hidden}
			}
			r := startRig(t, settings, anna...)
			// Without scripts: those can be read by FULLMAILBOX only.
			r.do(r.master, "anna", "SUBSCRIBE INBOX")
			r.sync("-A")
			r.do(r.replica, "anna", "SELECT INBOX", `UID STORE 3 +FLAGS (\Flagged)`)
			found, err := r.through(&c.between, true, compare.Options{Level: monitor.CompareMessages})
			if err != nil {
				t.Fatal(err)
			}
			if c.uncompared != "messages" {
				only(t, found, "flags user.anna")
			}
			if got := outcomes(found); !strings.Contains(got, c.outcome) {
				t.Errorf("outcomes %s, want %s: %+v", got, c.outcome, found)
			}
			if (len(found.Uncompared) == 0) != (c.uncompared == "") || c.uncompared != "" && !strings.Contains(fmt.Sprint(found.Uncompared), c.uncompared) {
				t.Errorf("uncompared %+v, want %q", found.Uncompared, c.uncompared)
			}
		})
	}
}

// checksums are those of messages in the answers to SYNCGET and GETMETADATA.
var checksums = regexp.MustCompile(`(SYNC_CRC |synccrcs" ")[1-9][0-9]*`)

// TestChecksumsOfAnotherVersion has the replica tell other checksums of every
// mailbox, as another way of computing them would.
func TestChecksumsOfAnotherVersion(t *testing.T) {
	mailboxes := anna
	for i := range 12 {
		mailboxes = append(mailboxes, cyrustest.Mailbox{Name: fmt.Sprintf("user.anna.n%d", i), Messages: 1})
	}
	r := newRig(t, mailboxes...)
	other := &between{change: func(line string) string {
		return checksums.ReplaceAllString(line, "${1}1")
	}}
	for _, level := range []monitor.CompareLevel{"1", "2", "3"} {
		found, err := r.through(other, false, compare.Options{Level: level})
		if err != nil {
			t.Fatal(err)
		}
		only(t, found)
		if want := int64(5 + 3 + 2 + 2 + 12); found.Messages != want {
			t.Errorf("level %s: %d messages compared, want all %d, since nothing else tells", level, found.Messages, want)
		}
	}
	r.do(r.replica, "anna", "SELECT INBOX.n3", `UID STORE 1 +FLAGS (\Flagged)`)
	found, err := r.through(other, false, compare.Options{Level: monitor.CompareMarks})
	if err != nil {
		t.Fatal(err)
	}
	only(t, found, "flags user.anna.n3")
}

func TestUserWhoIsDenied(t *testing.T) {
	r := newRig(t, anna...)
	r.tool(r.master, "cyr_deny", "-m", "moving", "bob")
	found := r.compare(compare.Options{Level: monitor.CompareAccounts})
	only(t, found)
	if got := outcomes(found); got != "anna=identical bob=unknown team=identical" {
		t.Errorf("outcomes %s: %+v", got, found)
	}
	if len(found.Uncompared) != 1 || found.Uncompared[0].User != "bob" || !strings.Contains(found.Uncompared[0].Why, "imap1") {
		t.Errorf("uncompared %+v", found.Uncompared)
	}
}

// TestNoLoginsAsUsers counts the logins that are tried where none is let in: each
// one that is refused takes Cyrus three seconds.
func TestNoLoginsAsUsers(t *testing.T) {
	var mailboxes []cyrustest.Mailbox
	for i := range 8 {
		mailboxes = append(mailboxes, cyrustest.Mailbox{Name: fmt.Sprintf("user.u%d", i)})
	}
	r := newRig(t, mailboxes...)
	var mu sync.Mutex
	tried := 0
	b := &between{answer: func(command string) string {
		if rest, found := strings.CutPrefix(command, "AUTHENTICATE PLAIN "); found && !strings.HasPrefix(rest, "AGFkbWlu") {
			mu.Lock()
			defer mu.Unlock()
			tried++
			return "$tag NO authentication failure\r\n"
		}
		return ""
	}}
	found, err := r.through(b, false, compare.Options{Level: monitor.CompareAccounts})
	if err != nil {
		t.Fatal(err)
	}
	only(t, found)
	if len(found.Uncompared) != 8 || tried > 4 || strings.Contains(outcomes(found), "identical") {
		t.Errorf("%d logins, outcomes %s, uncompared %+v", tried, outcomes(found), found.Uncompared)
	}
}

// TestAutocreate checks that nobody is logged in who has no INBOX on a side.
func TestAutocreate(t *testing.T) {
	r := startRig(t, cyrustest.Settings{Client: cyrustest.ClientNone, Autocreate: true}, anna...)
	r.do(r.replica, cyrustest.AdminUser, "SETACL user.bob admin lrswipkxtecda", "DELETE user.bob")
	for _, level := range []monitor.CompareLevel{"2", "user"} {
		found := r.compare(compare.Options{Level: level})
		only(t, found, "mailbox_missing user.bob")
	}
	conn, err := r.replica.Dial(within(t, 10*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if lines, err := conn.Do(`LIST "" "user.bob*"`); err != nil || len(lines) > 0 {
		t.Errorf("the replica has %q, %v", lines, err)
	}
}

// TestEndOfContext ends the context at various moments: the comparison ends with
// it, with its reason.
func TestEndOfContext(t *testing.T) {
	r := newRig(t, anna...)
	r.do(r.replica, "anna", "SELECT INBOX", `UID STORE 3 +FLAGS (\Flagged)`)
	stop := errors.New("enough")
	for _, what := range []string{"LIST", "SYNCGET MAILBOXES (\"user", "GETQUOTA", "SYNCGET FULLMAILBOX", "LSUB"} {
		ctx, cancel := context.WithCancelCause(context.Background())
		b := &between{answer: func(command string) string {
			if strings.HasPrefix(command, what) && !strings.HasPrefix(command, `LIST "" ""`) {
				cancel(stop)
				return "* OK still here\r\n" // and never the end of the answer
			}
			return ""
		}}
		pair := r.pair()
		pair.Replica.IMAP.Address = b.listen(t, pair.Replica.IMAP.Address)
		done := make(chan error, 1)
		go func() {
			_, err := compare.Store(ctx, pair, compare.Options{Level: monitor.CompareMessages, Pause: 20 * time.Millisecond})
			done <- err
		}()
		select {
		case err := <-done:
			if !errors.Is(err, stop) {
				t.Errorf("%s: %v", what, err)
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("%s: it goes on", what)
		}
		cancel(nil)
	}
}

// TestForeignMessageIsBelievedAtOnce has a message on the replica whose UID the
// master has not given out: nothing is waited for.
func TestForeignMessageIsBelievedAtOnce(t *testing.T) {
	r := newRig(t, anna...)
	r.do(r.replica, "anna", "APPEND INBOX "+cyrustest.Literal("Subject: extra\r\n\r\nx\r\n"))
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	found, err := compare.Store(ctx, r.pair(), compare.Options{Level: monitor.CompareMarks, Pause: time.Hour, Carried: behind})
	if err != nil {
		t.Fatal(err)
	}
	only(t, found, "message_extra user.anna")
	if found.Differences[0].Certainty != monitor.Confirmed {
		t.Errorf("%+v", found.Differences[0])
	}
}
