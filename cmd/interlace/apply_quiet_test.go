package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/interlacemail/interlace/inventory"
)

// An original is quiet when its log goes back for a day and tells of nobody who came.
func TestQuiet(t *testing.T) {
	now := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	const old = "2025-12-31T10:00:00Z s1 cyrus/master[1]: ready\n"
	for _, test := range []struct {
		name, before, log string
		quiet, known      bool
		last              string
	}{
		{"no log", "", "", false, false, ""},
		{"a log of today", "", "2026-01-02T10:00:00Z s1 cyrus/master[1]: ready\n", false, false, ""},
		{"nobody came", old, "Jan  2 10:00:00 s1 cyrus/imap[1]: login: h [1.2.3.4] ben PLAIN User logged in\n", true, true, "0001-01-01T00:00:00Z"},
		{"somebody came long ago", old + "Dec 31 11:00:00 s1 cyrus/imap[1]: login: h [1.2.3.4] jane.doe PLAIN User logged in\n", "", true, true, "2025-12-31T11:00:00Z"},
		{"somebody is kept out", old, "2026-01-02T10:00:00Z s1 cyrus/imap[1]: user 'jane.doe' denied access to service 'imap'\n", false, true, "2026-01-02T10:00:00Z"},
		{"mail comes", old, "Jan  2 09:00:00 s1 cyrus/lmtp[1]: verify_user(user.jane^doe) failed: Mailbox is disabled\n", false, true, "2026-01-02T09:00:00Z"},
		{"what is no coming", old, "Jan  2 09:00:00 s1 cyrus/sync_client[1]: USER jane.doe\n", true, true, "0001-01-01T00:00:00Z"},
	} {
		log := filepath.Join(t.TempDir(), "mail.log")
		for path, text := range map[string]string{log + ".1": test.before, log: test.log} {
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		quiet, known, last, err := (&config{}).quiet(t.Context(), now, inventory.Instance{Log: log}, []inventory.UserID{"jane.doe"})
		if quiet != test.quiet || known != test.known || err != nil || known && last.Format(time.RFC3339) != test.last {
			t.Errorf("%s: %v, %v, %v, %v", test.name, quiet, known, last, err)
		}
	}
}

// Where there is no log of its own, the journal tells; here one that is played.
func TestQuietByTheJournal(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	journal := filepath.Join(t.TempDir(), "journalctl")
	t.Setenv("PATH", filepath.Dir(journal)+":"+os.Getenv("PATH"))
	const came = "1799990000.5 s1 cyrus/imap[1]: login: h [1.2.3.4] "
	const script = `#!/bin/sh
case "$*" in
"-q --no-pager -o short-unix --unit=cyrus --until=@1799913600 -n 1") printf '%s' "$OLDEST" ;;
"-q --no-pager -o short-unix --unit=cyrus --since=@1799913600 --case-sensitive=yes --grep="*) printf '%s' "$LINES" | grep -P -- "${8#--grep=}" ;;
*) exit 3 ;;
esac
`
	if err := os.WriteFile(journal, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, oldest, lines string
		quiet, known        bool
	}{
		{"it begins today", "", "", false, false},
		{"nobody came", "1799900000.0 s1 x\n", came + "ben PLAIN\n", true, true},
		{"one with a longer name came", "1799900000.0 s1 x\n", came + "o'brien2 PLAIN\n", true, true},
		{"he came", "1799900000.0 s1 x\n", came + "o'brien PLAIN\n", false, true},
		{"a name that ends a quotation", "1799900000.0 s1 x\n", came + `a\E|b PLAIN` + "\n", false, true},
	} {
		t.Setenv("OLDEST", test.oldest)
		t.Setenv("LINES", test.lines)
		c := &config{}
		c.Monitor.Journal = []string{"--unit=cyrus"}
		quiet, known, _, err := c.quiet(t.Context(), now, inventory.Instance{}, []inventory.UserID{"o'brien", `a\E|b`})
		if quiet != test.quiet || known != test.known || err != nil {
			t.Errorf("%s: quiet %v, known %v, %v", test.name, quiet, known, err)
		}
	}
}
