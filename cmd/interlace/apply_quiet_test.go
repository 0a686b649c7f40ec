package main

import (
	"os"
	"path/filepath"
	"strings"
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
		quiet, known, last, err := (&config{}).quiet(t.Context(), now, &inventory.Inventory{}, inventory.Instance{Log: log}, []inventory.UserID{"jane.doe"})
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
		quiet, known, _, err := c.quiet(t.Context(), now, &inventory.Inventory{}, inventory.Instance{}, []inventory.UserID{"o'brien", `a\E|b`})
		if quiet != test.quiet || known != test.known || err != nil {
			t.Errorf("%s: quiet %v, known %v, %v", test.name, quiet, known, err)
		}
	}
}

// Of a log that several instances write, only the lines of the one count; where the log
// does not tell who wrote one, it is not known whether it is quiet.
func TestQuietInASharedLog(t *testing.T) {
	now := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	dir := t.TempDir()
	log := filepath.Join(dir, "mail.log")
	const info = "#!/bin/sh\n[ \"$1 $3\" = '-C conf-all' ] && cat \"$2\"\n"
	if err := os.WriteFile(filepath.Join(dir, "cyr_info"), []byte(info), 0o700); err != nil {
		t.Fatal(err)
	}
	var stores []inventory.Store
	conf := func(name string) string { return filepath.Join(dir, name+".conf") }
	for _, name := range []string{"s1", "s2"} {
		stores = append(stores, inventory.Store{Name: inventory.StoreID(name), Instances: []inventory.Instance{{Server: "imap1", Log: log, IMAPDConf: conf(name)}}})
	}
	stores = append(stores, inventory.Store{Name: "s3", Instances: []inventory.Instance{{Server: "imap2", Log: log, IMAPDConf: conf("none")}, {Server: "imap1", Log: "another", IMAPDConf: conf("none")}}})
	c := &config{}
	c.Apply.Tools = dir
	const came = "[812]: login: h [1.2.3.4] anna PLAIN User logged in\n"
	for _, test := range []struct {
		name, first, second, log string
		quiet, known             bool
		why                      string
	}{
		{"to the other", "s1", "s2", "2026-01-02T10:00:00Z h s2/imap" + came, true, true, ""},
		{"to the other, in the old form", "s1", "s2", "Jan  2 10:00:00 h s2/imap" + came, true, true, ""},
		{"to this one", "s1", "s2", "2026-01-02T10:00:00Z h s1/imap" + came, false, true, ""},
		{"to this one, in the old form and without a host", "s1", "s2", "Jan  2 10:00:00 s1/imap" + came, false, true, ""},
		{"to this one, with mail for the other later", "s1", "s2", "2026-01-02T10:00:00Z h s1/imap" + came + "2026-01-02T11:00:00Z h s2/imap" + came, false, true, ""},
		{"to either", "cyrus", "cyrus", "2026-01-02T10:00:00Z h cyrus/imap" + came, false, false, "to which of " + conf("s1") + ", " + conf("s2")},
		{"to nobody known", "s1", "s2", "2026-01-02T10:00:00Z h s9/imap" + came, false, false, "came to imap1 at 2026-01-02T10:00:00Z"},
		{"without a prefix", "", "s2", "2026-01-02T10:00:00Z h imap" + came, false, false, "give each a syslog_prefix"},
		{"to either, long ago", "cyrus", "cyrus", "2026-01-01T10:00:00Z h cyrus/imap" + came, true, true, ""},
		{"to either, but nothing that counts", "cyrus", "cyrus", "2026-01-02T10:00:00Z h cyrus/sync_client[1]: USER anna\n", true, true, ""},
	} {
		for path, text := range map[string]string{
			conf("s1"): "syslog_facility: x\nsyslog_prefix: " + test.first + "\n", conf("s2"): "syslog_prefix: " + test.second + "\n",
			log: "2025-12-31T10:00:00Z h cyrus/master[1]: ready\n" + test.log,
		} {
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		quiet, known, _, err := c.quiet(t.Context(), now, &inventory.Inventory{Stores: stores}, stores[0].Instances[0], []inventory.UserID{"anna"})
		if quiet != test.quiet || known != test.known || (err != nil) != (test.why != "") || err != nil && !strings.Contains(err.Error(), test.why) {
			t.Errorf("%s: quiet %v, known %v, %v", test.name, quiet, known, err)
		}
	}
}
