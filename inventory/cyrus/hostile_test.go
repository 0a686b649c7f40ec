package cyrus_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory/cyrus"
)

// conversation is one in which all goes well: what the server waits for and
// what it answers.
var conversation = []struct{ name, wait, answer string }{
	{"greeting", ``, `
		S: * OK test ready`},
	{"capabilities", `C: CAPABILITY`, `
		S: * CAPABILITY IMAP4rev1 LITERAL+ ID AUTH=PLAIN SASL-IR
		S: $tag OK done`},
	{"login", `C: AUTHENTICATE PLAIN`, `
		S: $tag OK [CAPABILITY IMAP4rev1 LITERAL+ ID ACL LIST-STATUS QUOTA STATUS=SIZE X-REPLICATION] welcome`},
	{"id", `C: ID NIL`, `
		S: * ID ("name" "Cyrus IMAPD" "version" "3.6.1")
		S: $tag OK done`},
	{"separator", `C: LIST "" ""`, `
		S: * LIST (\\Noselect) "." ""
		S: $tag OK done`},
	{"namespace", `C: NAMESPACE`, `
		S: * NAMESPACE NIL (("user." ".")) (("" "."))
		S: $tag OK done`},
	{"admin", `C: SYNCGET MAILBOXES (user)`, `
		S: $tag OK done`},
	{"list", `C: LIST "" "*" RETURN (STATUS (MESSAGES UIDNEXT UIDVALIDITY HIGHESTMODSEQ SIZE))`, `
		S: * LIST (\\HasNoChildren) "." user.anna
		S: * STATUS user.anna (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 3 HIGHESTMODSEQ 4 SIZE 5)
		S: $tag OK done`},
	{"details", `C: SYNCGET MAILBOXES ("user.anna")`, `
		S: * MAILBOX %(UNIQUEID abc MBOXNAME user.anna PARTITION default QUOTAROOT user.anna ACL "anna\tlrs\t" OPTIONS P)
		S: $tag OK done`},
	{"domain", `C: SYNCGET MAILBOXES ("internal!user.anna")`, `
		S: * MAILBOX %(UNIQUEID abc MBOXNAME user.anna PARTITION default)
		S: $tag OK done`},
	{"rights", `C: GETACL "user.anna@internal"`, `
		S: $tag NO Mailbox does not exist`},
	{"quota", `C: GETQUOTA "user.anna"`, `
		S: * QUOTA "user.anna" (STORAGE 1 2)
		S: $tag OK done`},
	{"logout", `C: LOGOUT`, `
		S: * BYE so long
		S: $tag OK done`},
}

// with returns the script of the conversation with one answer replaced.
func with(name, answer string) string {
	var b strings.Builder
	for _, part := range conversation {
		if part.name == name {
			part.answer = answer
		}
		b.WriteString(part.wait + "\n" + part.answer + "\n")
	}
	return b.String()
}

const patience = 300 * time.Millisecond

// ask asks the server that plays a script.
func ask(t *testing.T, address string, change func(*cyrus.Options)) (*cyrus.Snapshot, error) {
	t.Helper()
	o := cyrus.Options{
		Address: address, User: "admin", Password: "secret", TLS: cyrus.None, Patience: patience,
	}
	if change != nil {
		change(&o)
	}
	return cyrus.Read(within(t, 30*time.Second), o)
}

// TestOddButHarmless plays what servers may say and a reader must bear.
func TestOddButHarmless(t *testing.T) {
	for _, c := range []struct{ name, part, answer string }{
		{"nothing odd", "", ""},
		{"credentials asked for in a line of their own", "capabilities", `
			S: * CAPABILITY IMAP4rev1 AUTH=PLAIN
			S: $tag OK done`},
		{"capabilities told only when asked", "login", `
			S: $tag OK welcome
			C: CAPABILITY
			S: * CAPABILITY ID ACL LIST-STATUS QUOTA STATUS=SIZE X-REPLICATION
			S: $tag OK done`},
		{"more than a greeting", "greeting", `raw * OK [ALERT] ready\r\n* OK really\r\n* OK I me
			drip 1ms an it\r\n`},
		{"unknown untagged lines with literals", "list", `
			S: * FOO bar
			raw * BAZ {5}\r\n(((((\r\n
			S: * OK [ALERT] disk {5}
			S: * 17 EXISTS
			S: * LIST (\\HasNoChildren) "." user.anna
			S: * STATUS user.anna (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 3 HIGHESTMODSEQ 4 SIZE 5)
			S: $tag OK done {7}`},
		{"a name as a literal and in quotes, values in any order", "list", `
			raw * LIST () "." {9}\r\nuser.anna\r\n
			S: * STATUS "user.anna" (SIZE 5 HIGHESTMODSEQ 4 UNSEEN 1 FOO (a (b c) "d") UIDVALIDITY 3 UIDNEXT 2 MESSAGES 1)
			S: $tag OK done`},
		{"the status of a mailbox that is made while it is listed", "list", `
			S: * LIST (\\NonExistent) "." user.bob
			S: * STATUS user.bob (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 1 HIGHESTMODSEQ 1 SIZE 0)
			S: * LIST (\\HasNoChildren) "." user.anna
			S: * STATUS user.anna (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 3 HIGHESTMODSEQ 4 SIZE 5)
			S: $tag OK done`},
		{"binary rubbish in a value nobody asked for", "list", `
			S: * LIST () "." user.anna
			S: * STATUS user.anna (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 3 HIGHESTMODSEQ 4 SIZE 5 MAILBOXID ("\xff\xfe\x01"))
			S: $tag OK done`},
		{"a mailbox that only seems to be there", "list", `
			S: * LIST (\\Noselect \\HasChildren) "." user.phantom
			S: * LIST (\\HasNoChildren) "." user.anna ("CHILDINFO" ("SUBSCRIBED"))
			S: * STATUS user.anna (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 3 HIGHESTMODSEQ 4 SIZE 5)
			S: $tag OK done`},
		{"a line that comes with the answer before it", "list", `
			S: * LIST () "." user.anna
			S: * STATUS user.anna (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 3 HIGHESTMODSEQ 4 SIZE 5)
			raw $tag OK done\r\n* OK by the way\r\n* OK and in ha
			raw lf a line\r\n`},
		{"values as literals", "details", `
			raw * MAILBOX %(UNIQUEID {3+}\r\nabc MBOXNAME {9}\r\nuser.anna PARTITION "default" QUOTAROOT user.anna ACL "" FOO %(A (b c)))\r\n
			S: $tag OK done`},
		{"version kept secret", "id", `
			S: * ID NIL
			S: $tag OK done`},
		{"no word at the end", "logout", `
			close`},
	} {
		t.Run(c.name, func(t *testing.T) {
			snapshot, err := ask(t, cyrustest.Play(t, with(c.part, c.answer), nil).Addr, nil)
			if err != nil {
				t.Fatal(err)
			}
			if len(snapshot.Mailboxes) != 1 || !snapshot.Mailboxes[0].Readable || snapshot.Mailboxes[0].Status.Size != 5 ||
				snapshot.VirtDomains != cyrus.No || len(snapshot.Quotas) != 1 || snapshot.Quotas[0].Limit != 2048 {
				t.Errorf("got %+v", snapshot)
			}
		})
	}
}

// hostile are answers after which the server must be given up, with a reason.
var hostile = []struct{ name, part, answer, want string }{
	{"accepts and is silent", "greeting", `hang`, "not answer in time"},
	{"drips the greeting", "greeting", `drip 50ms * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] a very slow server`, "not answer in time"},
	{"floods instead of a greeting", "greeting", `flood * OK [ALERT] look out\r\n`, "more than any answer needs"},
	{"greets without a line's end", "greeting", `flood * OK x`, "greeting"},
	{"greets with goodbye", "greeting", `S: * BYE too busy`, "too busy"},
	{"greets with nonsense", "greeting", `S: 220 smtp.example.org ESMTP`, "greets with"},
	{"greets with a nest of lists", "greeting", `times 5000000 (`, "greeting"},
	{"greets with half a line", "greeting", "raw * OK [CAPABILITY\nclose", "greeting"},
	{"greets as if logged in", "greeting", `S: * PREAUTH welcome`, "PREAUTH"},
	{"hangs at the capabilities", "capabilities", `hang`, "not answer in time"},
	{"has no capabilities", "capabilities", `S: $tag NO none`, "log in"},
	{"hangs at the login", "login", `hang`, "not answer in time"},
	{"refuses the login", "login", `S: $tag NO authentication failure`, "authentication failure"},
	{"asks for credentials for ever", "login", "S: +\nC: \nS: +\nC: \nS: +", "log in"},
	{"refers to another server", "login", `S: $tag NO [REFERRAL imap://evil.example.org/] there`, "there"},
	{"tells a huge literal to the library", "id", "raw * ID (\"name\" {4294967295}\\r\\n\nflood xxxxxxxxxxxxxxxxx", "more than any answer needs"},
	{"nests lists for the library", "id", `times 5000000 (`, "version"},
	{"says an unknown word to the library", "id", "S: * FOO\nS: $tag OK done", "FOO"},
	{"tells a strange separator", "separator", "S: * LIST () \"x\" \"\"\nS: $tag OK done", "no separator"},
	{"tells no separator", "separator", `S: $tag OK done`, "no separator"},
	{"does not know SYNCGET", "admin", `S: $tag BAD Unrecognized command`, "no administrator"},
	{"hangs in the list", "list", `
		S: * LIST () "." user.anna
		hang`, "not answer in time"},
	{"drips the list", "list", `drip 20ms * LIST () "." user.anna and so on for a very long time`, "not answer in time"},
	{"floods with good lines", "list", `flood * FOO bar baz\r\n`, "more than any answer needs"},
	{"floods with new mailboxes", "list", `flood * LIST () "." a$n\r\n`, "more than 131072 mailboxes"},
	{"floods with mailboxes of long names", "list", `flood * LIST () "." ` + strings.Repeat("a", 900) + `$n\r\n`, "more than any answer needs"},
	{"floods without a line's end", "list", `flood xxxxxxxxxxxxxx`, "does not end"},
	{"nests lists", "list", `times 5000000 (`, "does not end"},
	{"nests lists in a line", "list", "raw * LIST () \".\" user.anna \ntimes 500 (\nraw \\r\\n\nhang", "less nesting"},
	{"tells a huge literal", "list", "raw * LIST () \".\" {4294967295}\\r\\n\nhang", "literal of 4294967295"},
	{"tells a literal beyond all numbers", "list", "raw * LIST () \".\" {99999999999999999999}\\r\\n\nhang", "literal of"},
	{"says a word of a megabyte", "list", "raw * LIST () \".\" \ntimes 2000000 a\nhang", "does not end"},
	{"closes in the middle of a literal", "list", "raw * LIST () \".\" {900}\\r\\nuser.a\nclose", "lost"},
	{"closes before the list", "list", "close", "mupdate server of a Cyrus murder"},
	{"lists what lies elsewhere", "details", "S: $tag OK done\nC: LOGOUT\nclose", "a front end of a Cyrus murder"},
	{"closes in the middle of the list", "list", "S: * LIST () \".\" user.anna\nclose", `last of 1 mailboxes told was "user.anna"`},
	{"resets the connection", "list", "S: * LIST () \".\" user.anna\nreset", "reset"},
	{"says goodbye", "list", `S: * BYE going down`, "going down"},
	{"answers under another tag", "list", `S: T99 OK done`, "another command"},
	{"answers with an unknown word", "list", `S: $tag MAYBE done`, "neither OK, NO nor BAD"},
	{"refuses the list", "list", "S: $tag NO go away\nC: LOGOUT\nclose", "go away"},
	{"ends lines by LF", "list", `raw * LIST () "." user.anna\n`, "CRLF"},
	{"says NUL", "list", `S: * LIST () "." user\x00anna`, "NUL"},
	{"lists a mailbox twice", "list", "S: * LIST () \".\" user.anna\nS: * LIST () \".\" user.anna", "each mailbox once"},
	{"changes the separator", "list", `S: * LIST () "/" user/anna`, "separator"},
	{"tells the status of another mailbox", "list", `
		S: * LIST () "." user.anna
		S: * STATUS user.bob (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 3 HIGHESTMODSEQ 4 SIZE 5)`, "that was listed"},
	{"tells a status twice", "list", `
		S: * LIST () "." user.anna
		S: * STATUS user.anna (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 3 HIGHESTMODSEQ 4 SIZE 5)
		S: * STATUS user.anna (MESSAGES 2 UIDNEXT 2 UIDVALIDITY 3 HIGHESTMODSEQ 4 SIZE 5)`, "once"},
	{"tells half a status", "list", `
		S: * LIST () "." user.anna
		S: * STATUS user.anna (MESSAGES 1 UIDNEXT 2)`, "5 values"},
	{"tells a negative number", "list", `
		S: * LIST () "." user.anna
		S: * STATUS user.anna (MESSAGES -1`, "a number from 0"},
	{"counts beyond 32 bits", "list", `
		S: * LIST () "." user.anna
		S: * STATUS user.anna (UIDNEXT 4294967296`, "a number from 0"},
	{"counts modseq to 2^63", "list", `
		S: * LIST () "." user.anna
		S: * STATUS user.anna (HIGHESTMODSEQ 9223372036854775808`, "a number from 0"},
	{"counts modseq to 2^64", "list", `
		S: * LIST () "." user.anna
		S: * STATUS user.anna (HIGHESTMODSEQ 18446744073709551616`, "a number from 0"},
	{"has more bytes than there are", "list", `
		S: * LIST () "." user.anna
		S: * STATUS user.anna (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 3 HIGHESTMODSEQ 4 SIZE 1152921504606846976)
		S: * LIST () "." user.bob
		S: * STATUS user.bob (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 3 HIGHESTMODSEQ 4 SIZE 1)`, "no more mail than there can be"},
	{"hangs in the details", "details", `hang`, "not answer in time"},
	{"tells of a mailbox not asked for", "details", `S: * MAILBOX %(UNIQUEID abc MBOXNAME user.bob PARTITION default)`, "asked for"},
	{"floods with rights", "details", `flood * MAILBOX %(UNIQUEID abc MBOXNAME user.anna PARTITION default ACL "` + strings.Repeat(`a\tl\t`, 20000) + `")\r\n`, "more than any answer needs"},
	{"floods with details", "details", `flood * MAILBOX %(UNIQUEID abc MBOXNAME user.anna PARTITION default ACL "anna\tlrs\t")\r\n`, "more than any answer needs"},
	{"tells half a mailbox", "details", `S: * MAILBOX %(UNIQUEID abc MBOXNAME user.anna`, "protocol error"},
	{"has a partition of two words", "details", `S: * MAILBOX %(UNIQUEID abc MBOXNAME user.anna PARTITION "a b")`, "a partition's name"},
	{"tells an uneven access list", "details", `S: * MAILBOX %(ACL "anna\tlrs\tbob\t"`, "identifiers and rights"},
	{"refuses the details", "details", "S: $tag NO Permission denied\nC: LOGOUT\nclose", "Permission denied"},
	{"tells another quota", "quota", "S: * QUOTA \"user.bob\" (STORAGE 1 2)\nS: $tag OK done", "no answer about the quota"},
	{"tells a negative quota", "quota", "S: * QUOTA \"user.anna\" (STORAGE -1 2)\nS: $tag OK done", "quota"},
	{"tells an endless quota", "quota", "S: * QUOTA \"user.anna\" (STORAGE 1 9223372036854775807)\nS: $tag OK done", "KiB"},
	{"hangs in the quotas", "quota", `hang`, "not answer in time"},
}

func TestHostileServers(t *testing.T) {
	for _, c := range hostile {
		t.Run(c.name, func(t *testing.T) {
			address := cyrustest.Play(t, with(c.part, c.answer+"\n"), nil).Addr
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			begin := time.Now()
			snapshot, err := ask(t, address, nil)
			took := time.Since(begin)
			runtime.ReadMemStats(&after)
			if snapshot != nil || err == nil {
				t.Fatalf("got %+v and no error", snapshot)
			}
			if !strings.Contains(err.Error(), address) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %q, want an error with %q and %s", err, c.want, address)
			}
			if len(err.Error()) > 1000 || strings.ContainsFunc(err.Error(), func(r rune) bool { return r < ' ' || r > '~' && r != '…' }) {
				t.Errorf("the error is not fit to print: %.300q", err)
			}
			// Three tries of a connection that breaks, and what a crowded machine
			// needs, are well within this.
			if limit := 15 * time.Second; took > limit {
				t.Errorf("took %v, longer than %v", took, limit)
			}
			// All that was ever allocated, by the hostile server too: a few times
			// what it may send.
			if used := after.TotalAlloc - before.TotalAlloc; used > 512<<20 {
				t.Errorf("allocated %d MiB of memory", used>>20)
			}
		})
	}
}

// TestGoodbyeThatStays has servers say goodbye and keep the connection: what they said is
// told, long before the patience with a server that says nothing ends.
func TestGoodbyeThatStays(t *testing.T) {
	for _, part := range []string{"login", "id", "list", "details", "quota"} {
		t.Run(part, func(t *testing.T) {
			t.Parallel()
			address := cyrustest.Play(t, with(part, "S: * BYE going down\nhang\n"), nil).Addr
			ctx := within(t, 20*time.Second)
			_, err := cyrus.Read(ctx, cyrus.Options{Address: address, User: "admin", Password: "secret", TLS: cyrus.None, Patience: time.Minute})
			if err == nil || !strings.Contains(err.Error(), "going down") {
				t.Errorf("got %v, want what the server said", err)
			}
		})
	}
}

func TestHostileBeforeTLS(t *testing.T) {
	for _, c := range []struct {
		name   string
		tls    cyrus.TLS
		script string
		want   string
	}{
		{"silent before the greeting", cyrus.StartTLS, `hang`, "not answer in time"},
		{"greets with PREAUTH", cyrus.StartTLS, `S: * PREAUTH welcome`, "PREAUTH"},
		{"greets with a line that does not end", cyrus.StartTLS, `flood x`, "greeting"},
		{"has no STARTTLS", cyrus.StartTLS, "S: * OK ready\nC: STARTTLS\nS: $tag BAD what", "BAD what"},
		{"talks instead of answering", cyrus.StartTLS, "S: * OK ready\nC: STARTTLS\nflood * OK wait\\r\\n", "talks"},
		{"lets someone put commands in between", cyrus.StartTLS, "S: * OK ready\nC: STARTTLS\nraw $tag OK go\\r\\n* OK [CAPABILITY X]\\r\\n\ntls\nhang", "something was put between"},
		{"stalls in the handshake", cyrus.StartTLS, "S: * OK ready\nC: STARTTLS\nS: $tag OK go\nhang", "not answer in time"},
		{"stalls in the handshake from the start", cyrus.ImplicitTLS, "hang", "not answer in time"},
		{"speaks no TLS", cyrus.ImplicitTLS, "S: * OK ready\nhang", "TLS handshake"},
	} {
		t.Run(c.name, func(t *testing.T) {
			address := cyrustest.Play(t, c.script, &tls.Config{MinVersion: tls.VersionTLS12}).Addr
			_, err := ask(t, address, func(o *cyrus.Options) { o.TLS = c.tls })
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), address) {
				t.Errorf("got %v, want an error with %q and %s", err, c.want, address)
			}
		})
	}
}

func TestEndOfContext(t *testing.T) {
	for _, part := range []string{"greeting", "login", "id", "list", "details", "quota"} {
		t.Run(part, func(t *testing.T) {
			address := cyrustest.Play(t, with(part, "hang\n"), nil).Addr
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			time.AfterFunc(100*time.Millisecond, cancel)
			o := cyrus.Options{Address: address, User: "admin", Password: "secret", TLS: cyrus.None, Patience: time.Hour}
			_, err := cyrus.Read(ctx, o)
			if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), address) {
				t.Errorf("got %v, want the end of the context and the address", err)
			}
		})
	}
}

func TestNothingListens(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = ask(t, address, nil)
	if err == nil || !strings.Contains(err.Error(), address) || !strings.Contains(err.Error(), "refused") {
		t.Errorf("got %v, want an error with the address that says refused", err)
	}
}

// TestBlackHole connects to where packets vanish: the wait ends with patience.
func TestBlackHole(t *testing.T) {
	address := cyrustest.BlackHole(t)
	begin := time.Now()
	_, err := ask(t, address, nil)
	if err == nil || !strings.Contains(err.Error(), address) || !strings.Contains(err.Error(), "connect: the server does not answer in time") {
		t.Errorf("got %v, want an error with the address that says that nobody answers", err)
	}
	if took := time.Since(begin); took > 15*time.Second {
		t.Errorf("took %v with %v of patience", took, patience)
	}
}

// TestAsManyAsExpected lists more mailboxes than a server may have of which
// nothing is known: that it has many is known here.
func TestAsManyAsExpected(t *testing.T) {
	address := cyrustest.Play(t, with("list", "times 140000 * LIST () \".\" a$n\\r\\n\nS: $tag OK done\nC: SYNCGET\nhang\n"), nil).Addr
	for _, c := range []struct {
		mailboxes int
		want      string
	}{
		{0, "list the mailboxes: the server sends more than any answer needs: more than 131072 mailboxes"},
		{40000, "read the access lists: the server does not answer in time"},
	} {
		if _, err := ask(t, address, func(o *cyrus.Options) { o.Mailboxes = c.mailboxes }); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("with %d expected got %v, want %q", c.mailboxes, err, c.want)
		}
	}
}
