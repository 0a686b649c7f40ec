package logs

import (
	"strings"
	"testing"
	"time"
)

var (
	zone = time.FixedZone("", 3600)
	now  = time.Date(2026, 11, 26, 12, 0, 0, 0, zone)
)

func TestParse(t *testing.T) {
	at := time.Date(2026, 11, 22, 9, 35, 59, 0, zone)
	tagged := Entry{At: at, Host: "imap1", Prefix: "s1m", Process: "sync_client", PID: 27931, Message: "MAILBOX user.u1", Times: 1}
	bare := tagged
	bare.Host = ""
	for _, test := range []struct {
		line string
		want Entry
	}{
		{"Nov 22 09:35:59 imap1 s1m/sync_client[27931]: MAILBOX user.u1", tagged},
		{"Nov 22 09:35:59 imap1 s1m/sync_client[27931]: MAILBOX user.u1\r", tagged},
		{"<22>Nov 22 09:35:59 s1m/sync_client[27931]: MAILBOX user.u1", bare},
		{"Nov 22 2026 09:35:59 imap1 s1m/sync_client[27931]: MAILBOX user.u1", tagged},
		{"2026 Nov 22 09:35:59 imap1 s1m/sync_client[27931]: MAILBOX user.u1", tagged},
		{"Nov 22 09:35:59 2026 imap1 s1m/sync_client[27931]: MAILBOX user.u1", tagged},
		{"2026-11-22T09:35:59+01:00 imap1 s1m/sync_client[27931]: MAILBOX user.u1", tagged},
		{"2026-11-22T08:35:59.000000Z imap1 s1m/sync_client[27931]: MAILBOX user.u1", tagged},
		{"<22>1 2026-11-22T08:35:59Z imap1 s1m/sync_client 27931 - - MAILBOX user.u1", tagged},
		{`<22>1 2026-11-22T08:35:59Z imap1 s1m/sync_client 27931 ID [a b="\"]"][c d="e"] ` + "\ufeffMAILBOX user.u1", tagged},
		{"Nov  2 09:35:59 imap1 master[1]: ready for work", Entry{At: at.AddDate(0, 0, -20), Host: "imap1", Process: "master", PID: 1, Message: "ready for work", Times: 1}},
		{"Nov 22 09:35:59 imap1 s1m/imap[1]: message repeated 5 times: [ badlogin: x]", Entry{At: at, Host: "imap1", Prefix: "s1m", Process: "imap", PID: 1, Message: "badlogin: x", Times: 5}},
		{"Nov 22 09:35:59 imap1 s1m/lmtp[1]: Subject sync_client[1]: Error in do_sync(): bailing out!", Entry{At: at, Host: "imap1", Prefix: "s1m", Process: "lmtp", PID: 1, Message: "Subject sync_client[1]: Error in do_sync(): bailing out!", Times: 1}},
		{"Nov 22 09:35:59 imap1 no tag here: x", Entry{At: at, Host: "imap1", Message: "no tag here: x", Times: 1}},
		{"sync_client[1]: Error in do_sync(): bailing out!", Entry{Message: "sync_client[1]: Error in do_sync(): bailing out!", Times: 1}},
		{"Foo 22 09:35:59 x", Entry{Message: "Foo 22 09:35:59 x", Times: 1}},
		{"", Entry{Times: 1}},
		{"<", Entry{Message: "<", Times: 1}},
		{"<22>1 ", Entry{Times: 1}},
		{"Nov 22 09:35:59", Entry{At: at, Times: 1}},
	} {
		got := parse(Line{Text: []byte(test.line)}, now, zone)
		if !got.At.Equal(test.want.At) {
			t.Errorf("%q: got %v, want %v", test.line, got.At, test.want.At)
		}
		if got.At = test.want.At; got != test.want {
			t.Errorf("%q:\ngot  %+v\nwant %+v", test.line, got, test.want)
		}
	}
}

// TestYear guesses the year of lines that have none, around its change.
func TestYear(t *testing.T) {
	for _, test := range []struct{ now, line, want string }{
		{"2027-01-01T00:00:05Z", "Dec 31 23:59:58", "2026-12-31T23:59:58Z"},
		{"2026-12-31T23:59:58Z", "Jan  1 00:00:01", "2027-01-01T00:00:01Z"},
		{"2026-06-01T00:00:00Z", "Jun  1 12:00:00", "2026-06-01T12:00:00Z"},
		{"2026-06-01T00:00:00Z", "Jun  3 12:00:00", "2025-06-03T12:00:00Z"},
		{"2026-06-01T00:00:00Z", "Jan  3 12:00:00", "2026-01-03T12:00:00Z"},
	} {
		now, _ := time.Parse(time.RFC3339, test.now)
		at, _, ok := stamp(test.line+" ", now, time.UTC)
		if got := at.Format(time.RFC3339); !ok || got != test.want {
			t.Errorf("%s at %s: got %s, want %s", test.line, test.now, got, test.want)
		}
	}
}

func TestParseJournal(t *testing.T) {
	for _, test := range []struct {
		json string
		want Entry
	}{
		{
			`{"__CURSOR":"c","__REALTIME_TIMESTAMP":"1795338607000001","_HOSTNAME":"h","_SYSTEMD_UNIT":"cyrus.service","SYSLOG_IDENTIFIER":"cyrus/imap","_PID":"7","SYSLOG_PID":"8","MESSAGE":"x"}`,
			Entry{At: time.UnixMicro(1795338607000001), Host: "h", Unit: "cyrus.service", Prefix: "cyrus", Process: "imap", PID: 7, Message: "x", Times: 1},
		},
		{`{"__CURSOR":"c","_COMM":"imapd","MESSAGE":[72,27,255]}`, Entry{Process: "imapd", Message: "H\x1b\xff", Times: 1}},
		{`{"__CURSOR":"c","MESSAGE":null}`, Entry{Times: 1}},
		{`{"__CURSOR":"c","MESSAGE":["a","b"]}`, Entry{Message: "a", Times: 1}},
	} {
		got, cursor, ok := parseJournal(Line{Text: []byte(test.json)})
		if !ok || cursor != "c" || got != test.want {
			t.Errorf("%s:\ngot  %+v, %v\nwant %+v", test.json, got, ok, test.want)
		}
	}
	for _, wrong := range []string{"", "-- cursor: x", `{"MESSAGE":"x"}`, `{"__CURSOR":5}`, `{"__CURSOR":"c","MESSAGE":{}`} {
		if e, _, ok := parseJournal(Line{Text: []byte(wrong)}); ok {
			t.Errorf("%s: got %+v", wrong, e)
		}
	}
}

func TestShape(t *testing.T) {
	for _, test := range []struct{ line, want string }{
		{"opened user.u1.Work for u1 in 0.3 seconds", "opened … for … in … seconds"},
		{`key=<17> name="a b" rest 'x y' (z)`, `key=<…> name="…" rest '…' (…)`},
		{"wrong /var/lib/cyrus/x: No such file", "wrong …: No such file"},
		{"a\x1b[J\x00 b\xff", `a\x1b[J\x00 b\xff`},
		{"id 0f1e2d3c, u@example.org.", "id …, …."},
		{"", ""},
		{"= ' \" <", "= ' \" <"},
	} {
		if got := shape(test.line); got != test.want {
			t.Errorf("%q: got %q, want %q", test.line, got, test.want)
		}
	}
	if got := shape(strings.Repeat("word ", 1e5)); len(got) > mostShape+10 {
		t.Errorf("a shape of %d bytes", len(got))
	}
}

// FuzzParse takes anything apart without ending.
func FuzzParse(f *testing.F) {
	f.Add("Nov 22 09:35:59 imap1 s1m/sync_client[27931]: MAILBOX user.u1")
	f.Add("<22>1 2026-11-22T08:35:59Z imap1 s1m/sync_client 27931 ID [a b=\"\\\"]\"] x")
	f.Add(`{"__CURSOR":"c","MESSAGE":[1,2]}`)
	c, err := newCatalogue(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, line string) {
		opts := Options{}
		tally := newTally("imap1", newInstances(&opts), c)
		tally.add(parse(Line{Text: []byte(line)}, now, zone), now)
		parseJournal(Line{Text: []byte(line)})
		for _, p := range append(c.first['S'], c.open...) {
			if p.matches(line) {
				for _, hole := range p.holes {
					p.hole(hole, line)
				}
			}
		}
		for _, found := range tally.findings() {
			if shown(found.Text, 1000) != found.Text {
				t.Errorf("%q does not print", found.Text)
			}
		}
		shape(line)
	})
}
