package cyrus

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

func TestGuard(t *testing.T) {
	for _, c := range []struct {
		name   string
		pieces []string
		want   string // in the error; empty if the lines may pass
	}{
		{"reading commands", []string{"T1 CAPABILITY\r\nT2 list \"\" \"*\"\r\n", "R1 SYNCGET MAILBOXES (user.a)\r\n"}, ""},
		{"a command in pieces", []string{"T1 LI", "ST \"\" ", "\"*\"\r", "\n"}, ""},
		{"login with its answer", []string{"T1 AUTHENTICATE PLAIN\r\n", "AGFkbWluAHB3\r\n", "T2 NAMESPACE\r\n"}, ""},
		{"a second answer", []string{"T1 AUTHENTICATE PLAIN\r\nAGFk\r\nT2 DELETE user.anna\r\n"}, "DELETE"},
		{"a line behind a login in one", []string{"T1 AUTHENTICATE PLAIN AGFk\r\nT2 DELETE user.anna\r\n"}, "DELETE"},
		{"a change", []string{"T1 SETACL user.anna bob lrs\r\n"}, "SETACL"},
		{"a change in small letters", []string{"t1 delete user.anna\r\n"}, "DELETE"},
		{"a change after a good command", []string{"T1 LIST \"\" \"*\"\r\nT2 CREATE x\r\n"}, "CREATE"},
		{"a change in pieces", []string{"T1 DEL", "ETE x\r\n"}, "DELETE"},
		{"the other half of the replication protocol", []string{"T1 SYNCAPPLY UNUSER anna\r\n"}, "SYNCAPPLY"},
		{"reading that marks as seen", []string{"T1 SELECT INBOX\r\n"}, "SELECT"},
		{"a literal", []string{"T1 LIST \"\" {12+}\r\nT2 DELETE x\r\n"}, "literal"},
		{"reading messages", []string{"T1 EXAMINE INBOX\r\nT2 FETCH 1:100 (UID FLAGS DIGEST.SHA1)\r\n"}, ""},
		{"a body, which marks as seen", []string{"T1 FETCH 1 (UID BODY[])\r\n"}, "only to read"},
		{"a body among what only reads", []string{"T1 FETCH 1 (UID RFC822)\r\n"}, "only to read"},
		{"a body without parentheses", []string{"T1 FETCH 1 RFC822\r\n"}, "only to read"},
		{"a piece of a message, unseen", []string{"T1 UID FETCH 7 (BODY.PEEK[]<0.262144>)\r\n"}, ""},
		{"a piece behind flags and date", []string{"T1 UID FETCH 7 (FLAGS INTERNALDATE BODY.PEEK[]<0.262144>)\r\n"}, ""},
		{"a piece that marks as seen", []string{"T1 UID FETCH 7 (BODY[]<0.262144>)\r\n"}, "only to read"},
		{"a piece, and flags", []string{"T1 UID FETCH 7 (BODY.PEEK[]<0.1> FLAGS)\r\n"}, "only to read"},
		{"a peek among others", []string{"T1 FETCH 7 (BODY.PEEK[]<0.1>)\r\n"}, "only to read"},
		{"reading messages by UID", []string{"T1 UID FETCH 5:9,12 (UID RFC822.SIZE RFC822.SHA1)\r\n"}, ""},
		{"a body by UID", []string{"T1 UID FETCH 5 (UID BODY[])\r\n"}, "only to read"},
		{"flags by UID", []string{"T1 UID STORE 7 +FLAGS (\\Deleted)\r\n"}, "only to read"},
		{"an expunge by UID", []string{"T1 UID EXPUNGE 7\r\n"}, "only to read"},
		{"copies by UID", []string{"T1 uid copy 7 INBOX\r\n"}, "only to read"},
		{"what was seen", []string{"T1 UID SEARCH RETURN (ALL) SEEN\r\nT2 UID SEARCH SEEN\r\n"}, ""},
		{"a search that keeps what it finds", []string{"T1 UID SEARCH RETURN (SAVE) SEEN\r\n"}, "only to read"},
		{"a mailbox is left", []string{"T1 UNSELECT\r\n"}, ""},
		{"a mailbox is left and expunged", []string{"T1 CLOSE\r\n"}, "CLOSE"},
		{"what users see", []string{"T1 LSUB \"\" \"*\"\r\nT2 STATUS INBOX (UNSEEN)\r\nT3 NOOP\r\n"}, ""},
		{"whole records", []string{"T1 SYNCGET FULLMAILBOX user.anna\r\n"}, ""},
		{"what makes a database for calendars", []string{"T1 SYNCGET USER anna\r\n"}, "only to read"},
		{"nothing", []string{"\r\n"}, "list of commands"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var g guard
			var err error
			for _, piece := range c.pieces {
				if err == nil {
					err = g.check([]byte(piece))
				}
			}
			if c.want == "" && err != nil {
				t.Error(err)
			}
			if c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
		})
	}
}

// What is let through is let through once, and nothing else is.
func TestGuardLetsOneCommandThrough(t *testing.T) {
	const let = `SYNCAPPLY UNMAILBOX "team"`
	g := guard{let: let}
	if err := g.check([]byte("R1 " + let + "\r\n")); err != nil {
		t.Error(err)
	}
	if err := g.check([]byte("R2 " + let + "\r\n")); err == nil {
		t.Error("the same command passes twice")
	}
	g = guard{let: let}
	if err := g.check([]byte(`R1 SYNCAPPLY UNMAILBOX "team.a"` + "\r\n")); err == nil {
		t.Error("another command passes")
	}
}

// TestLibraryCannotChangeAnything has go-imap send every kind of change over a
// wire, and checks that no byte of it arrives.
func TestLibraryCannotChangeAnything(t *testing.T) {
	for name, change := range map[string]func(*imapclient.Client){
		"append":  func(c *imapclient.Client) { w := c.Append("INBOX", 1, nil); fmt.Fprint(w, "x"); w.Close() },
		"copy":    func(c *imapclient.Client) { c.Copy(imap.UIDSetNum(1), "x") },
		"create":  func(c *imapclient.Client) { c.Create("x", nil) },
		"delete":  func(c *imapclient.Client) { c.Delete("x") },
		"expunge": func(c *imapclient.Client) { c.Expunge() },
		"login":   func(c *imapclient.Client) { c.Login("a", "b") },
		"move":    func(c *imapclient.Client) { c.Move(imap.UIDSetNum(1), "x") },
		"rename":  func(c *imapclient.Client) { c.Rename("x", "y", nil) },
		"select":  func(c *imapclient.Client) { c.Select("x", nil) },
		"setacl":  func(c *imapclient.Client) { c.SetACL("x", "anna", imap.RightModificationReplace, imap.RightSetAll) },
		"setmetadata": func(c *imapclient.Client) {
			v := []byte("x")
			c.SetMetadata("x", map[string]*[]byte{"/shared/comment": &v})
		},
		"setquota": func(c *imapclient.Client) {
			c.SetQuota("x", map[imap.QuotaResourceType]int64{imap.QuotaResourceStorage: 1})
		},
		"store": func(c *imapclient.Client) {
			c.Store(imap.UIDSetNum(1), &imap.StoreFlags{Flags: []imap.Flag{imap.FlagSeen}}, nil)
		},
		"subscribe":   func(c *imapclient.Client) { c.Subscribe("x") },
		"unsubscribe": func(c *imapclient.Client) { c.Unsubscribe("x") },
	} {
		t.Run(name, func(t *testing.T) {
			ours, theirs := net.Pipe()
			arrived := make(chan string)
			go func() {
				text, _ := io.ReadAll(theirs)
				arrived <- string(text)
			}()
			w := newWire(ours, ours, "* OK [CAPABILITY IMAP4rev1 LITERAL+] ready\r\n")
			client := imapclient.New(w, nil)
			if err := client.WaitGreeting(); err != nil {
				t.Fatal(err)
			}
			change(client)
			w.fail(errClosed)
			client.Close()
			if got := <-arrived; got != "" {
				t.Errorf("the server was sent %q", got)
			}
		})
	}
}

func TestWireKeepsToTheClock(t *testing.T) {
	ours, theirs := net.Pipe()
	defer theirs.Close()
	w := newWire(ours, ours, "")
	end := w.begin(t.Context(), 1<<20, 50*time.Millisecond)
	defer end()
	buffer := make([]byte, 1<<20)
	if err := w.hold(); err != nil {
		t.Fatal(err)
	}
	// 32 KiB earn two seconds more, which go on well beyond the patience.
	go theirs.Write(make([]byte, 32<<10))
	for read := 0; read < 32<<10; {
		n, err := w.take(buffer, true)
		if err != nil {
			t.Fatal(err)
		}
		read += n
	}
	begin := time.Now()
	if _, err := w.take(buffer, true); err == nil || !strings.Contains(err.Error(), "not answer in time") {
		t.Errorf("got %v, want the end of patience", err)
	}
	if took := time.Since(begin); took < time.Second {
		t.Errorf("32 KiB earned %v, want about two seconds", took)
	}
}

func TestSecretsAreNotShown(t *testing.T) {
	o := Options{User: "admin", Password: "tomato"}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "options", o, "password", o.Password)
	encoded, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	shown := fmt.Sprintf("%v %+v %#v %s %q %x %d", o, o, o, o.Password, o.Password, o.Password, o.Password)
	for _, text := range []string{shown, log.String(), string(encoded)} {
		if strings.Contains(text, "tomato") || strings.Contains(text, "746f6d61746f") {
			t.Errorf("the password is shown: %s", text)
		}
	}
}

// elsewhere is a connection to another machine.
type elsewhere struct{ net.Conn }

func (elsewhere) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 143} }

func TestClearTextOnlyToThisMachine(t *testing.T) {
	ours, theirs := net.Pipe()
	defer theirs.Close()
	_, _, err := greet(t.Context(), elsewhere{ours}, nil, None)
	if want := "192.0.2.1:143 is not on this machine's loopback interface"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want an error with %q", err, want)
	}
}
