package compare_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/compare"
)

// TestOnlyCopiesAreSaved saves what only the replica has: a message of several
// pieces, one in a folder that the master lacks and whose name would lead out of
// the directory, and one that stands under the UID of another.
func TestOnlyCopiesAreSaved(t *testing.T) {
	r := startRig(t, cyrustest.Settings{Client: cyrustest.ClientNone, UnixHierarchySep: true}, cyrustest.Mailbox{Name: "user/anna", Messages: 2}, cyrustest.Mailbox{Name: "user/bob"}, cyrustest.Mailbox{Name: "team", Messages: 1, ACL: []cyrustest.Right{{Identifier: "bob", Rights: "lrsi"}}})
	long := "Subject: long\r\n\r\n" + strings.Repeat("0123456789abcdef\r\n", 40_000)
	odd, other, shared := "Subject: odd\r\n\r\nodd\r\n", "Subject: other\r\n\r\nother\r\n", "Subject: shared\r\n\r\nshared\r\n"
	r.do(r.replica, "anna", "APPEND INBOX "+cyrustest.Literal(long), "CREATE INBOX/../x", "CREATE INBOX/.hidden", "APPEND INBOX/.hidden "+cyrustest.Literal(odd))
	r.do(r.replica, "bob", "APPEND INBOX "+cyrustest.Literal(other), "APPEND team "+cyrustest.Literal(shared))
	r.do(r.master, "bob", "APPEND INBOX "+cyrustest.Literal("Subject: mine\r\n\r\nmine\r\n"))
	dir := filepath.Join(t.TempDir(), "saved")
	found := r.compare(compare.Options{Level: monitor.CompareMarks, Save: dir})
	for file, want := range map[string]string{
		"s1-imap2-user%2Fanna-3.eml": long, "s1-imap2-user%2Fanna%2F.hidden-1.eml": odd, "s1-imap2-user%2Fbob-1.eml": other, "s1-imap2-team-2.eml": shared,
	} {
		got, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil || string(got) != want {
			t.Errorf("%s has %d bytes of %d, %v", file, len(got), len(want), err)
		}
		named := false
		for _, d := range found.Differences {
			named = named || strings.Contains(string(d.Warning), filepath.Join(dir, file))
		}
		if !named {
			t.Errorf("no warning names %s: %+v", file, found.Differences)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 8 { // and a list of each mailbox
		t.Errorf("%d files, %v", len(entries), err)
	}
	for _, entry := range entries {
		if info, err := entry.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has the mode %v", entry.Name(), info.Mode())
		}
	}
}

// TestSavedStays saves, one after the other, two messages that have the same UID, and flags
// twice: what was saved first is there in the end, and nothing is saved twice.
func TestSavedStays(t *testing.T) {
	t.Parallel()
	r := newRig(t, cyrustest.Mailbox{Name: "user.anna", Messages: 2})
	dir := filepath.Join(t.TempDir(), "saved")
	texts := []string{"Subject: first\r\n\r\nx\r\n", "Subject: second\r\n\r\nx\r\n"}
	for i, text := range texts {
		r.do(r.replica, "anna", "APPEND INBOX "+cyrustest.Literal(text), "SELECT INBOX", []string{`UID STORE 1 +FLAGS (\Flagged)`, `UID STORE 2 +FLAGS (\Flagged)`}[i])
		for range 2 {
			r.compare(compare.Options{Level: monitor.CompareMarks, Save: dir})
		}
		r.tool(r.replica, "sync_reset", "-f", "anna")
		r.sync("-u", "anna")
	}
	for i, name := range []string{"s1-imap2-user.anna-3.eml", "s1-imap2-user.anna-3~2.eml"} {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != texts[i] {
			t.Errorf("%s is %q, %v", name, got, err)
		}
	}
	if all, err := os.ReadDir(dir); err != nil || len(all) != 6 { // and two lists
		t.Errorf("%v, %v", all, err)
	}
}

// TestFilesThatAreCutStay: a file of the replica that is longer than its index says may be of a
// message of its own, and the server shows the beginning only. Nothing removes it.
func TestFilesThatAreCutStay(t *testing.T) {
	t.Parallel()
	r := newRig(t, cyrustest.Mailbox{Name: "user.anna", Messages: 2})
	file := filepath.Join(r.directory(r.replica, "user.anna"), "2.")
	if err := os.WriteFile(file, []byte("Subject: own\r\n\r\n"+strings.Repeat("all of it is to stay\r\n", 200)), 0o600); err != nil {
		t.Fatal(err)
	}
	look := compare.Options{Level: monitor.CompareSpool, Sample: 1, Save: filepath.Join(t.TempDir(), "saved")}
	found := r.compare(look)
	only(t, found, "spool user.anna")
	for _, d := range found.Differences {
		if !strings.Contains(string(d.Warning), "does not show all of the file") || !strings.Contains(string(d.Warning), "move it out of the directory") {
			t.Errorf("it says %s", d.Warning)
		}
		if !strings.Contains(string(d.Warning), "imap1 has the messages of these UIDs whole") || strings.Contains(string(d.Warning), "messages that only the replica has") {
			t.Errorf("it says %s", d.Warning)
		}
		for _, step := range d.Repair {
			if !strings.Contains(string(step.Command), "mbpath ") {
				t.Errorf("it runs %s", step.Command)
			}
		}
	}
	own := filepath.Join(r.replica.Dir, "own.eml")
	if err := os.Rename(file, own); err != nil {
		t.Fatal(err)
	}
	// The master's file is in its place: nothing else has to be done.
	r.copyFiles(r.master, r.replica, "user.anna", "2.")
	only(t, r.compare(look))

	// Without it the message is given up there, and comes back with a new copy.
	if err := os.Rename(own, file); err != nil {
		t.Fatal(err)
	}
	only(t, r.compare(look), "spool user.anna")
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	r.tool(r.replica, "reconstruct", "--", "user.anna")
	said := ""
	r.follow(owner("anna"), t.TempDir(), &said)
	only(t, r.compare(look))
}

// TestNamesOfAllKinds compares a pair with names that need care, in every
// arrangement of names: all of it is compared, and a difference in each is found.
func TestNamesOfAllKinds(t *testing.T) {
	for _, unix := range []bool{false, true} {
		for _, domains := range []string{"", "userid"} {
			t.Run(map[bool]string{false: "dots", true: "slashes"}[unix]+" "+domains, func(t *testing.T) {
				t.Parallel()
				outer := func(name string) string {
					if !unix {
						return name
					}
					return strings.NewReplacer("^", ".", ".", "/").Replace(name)
				}
				mailboxes := []cyrustest.Mailbox{
					{Name: outer("user.jane^doe"), Messages: 1},
					{Name: outer("user.jane^doe.M&APw-ller"), Messages: 1},
					{Name: outer("user.o'brien"), Messages: 1},
					{Name: outer("user.o'brien.sp ace"), Messages: 1},
					{Name: outer("user.a$(id)"), Messages: 1},
					{Name: outer("user.a$(id).x*y"), Messages: 1, ACL: []cyrustest.Right{{Identifier: "jane.doe", Rights: "lrs"}}},
					{Name: outer("team"), Messages: 1},
					{Name: outer("team.plans"), Messages: 1},
				}
				if !unix {
					mailboxes[5].ACL[0].Identifier = "jane^doe"
				}
				if domains != "" {
					mailboxes = append(mailboxes, cyrustest.Mailbox{Name: outer("user.jim") + "@example.org", Messages: 1}, cyrustest.Mailbox{Name: outer("user.jim.Sent") + "@example.org", Messages: 1}, cyrustest.Mailbox{Name: outer("board") + "@example.org", Messages: 1})
				}
				r := startRig(t, cyrustest.Settings{Client: cyrustest.ClientNone, UnixHierarchySep: unix, AltNamespace: unix, VirtDomains: domains}, mailboxes...)
				for _, level := range []monitor.CompareLevel{"1", "2", "3", "4", "user"} {
					found := r.compare(compare.Options{Level: level, Sample: 1})
					if len(found.Differences)+len(found.InFlight)+len(found.Uncompared) > 0 || !allOf(found, monitor.Identical) || found.Mailboxes != len(mailboxes) {
						t.Errorf("level %s: %d of %d mailboxes: %+v", level, found.Mailboxes, len(mailboxes), found)
					}
					if level == "4" && found.Spool[0].Checked < int64(len(mailboxes)) {
						t.Errorf("%d files read of %d", found.Spool[0].Checked, len(mailboxes))
					}
				}
			})
		}
	}
}

// TestUnreadableFile takes the rights of a file away: it is not told as missing, for nobody
// can tell over IMAP, and the first thing to do is to look at its rights, which repairs it.
func TestUnreadableFile(t *testing.T) {
	t.Parallel()
	for _, side := range []string{"imap1", "imap2"} {
		t.Run(side, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, cyrustest.Mailbox{Name: "user.anna", Messages: 3})
			in := map[string]*cyrustest.Instance{"imap1": r.master, "imap2": r.replica}[side]
			file := filepath.Join(r.directory(in, "user.anna"), "2.")
			if err := os.Chmod(file, 0); err != nil {
				t.Fatal(err)
			}
			found := r.compare(compare.Options{Level: monitor.CompareSpool, Sample: 1, Save: filepath.Join(t.TempDir(), "saved")})
			if only(t, found, "spool user.anna"); len(found.Differences) != 1 {
				return
			}
			d := &found.Differences[0]
			if has := d.Master + d.Replica; has != "1 file missing or unreadable" || !strings.Contains(d.Text, "its rights") {
				t.Errorf("it is told as %q: %s", has, d.Text)
			}
			first, _, _ := strings.Cut(string(d.Warning), "\n")
			if want := "look first on " + side + " whether the files of these UIDs are there"; !strings.HasPrefix(first, want) {
				t.Errorf("the repair begins with %q", first)
			}
			if step := d.Repair[0]; !strings.Contains(string(step.Command), "mbpath") && !strings.Contains(string(d.Repair[1].Command), "mbpath") {
				t.Errorf("nothing prints where the file is: %+v", d.Repair)
			}
			if err := os.Chmod(file, 0o600); err != nil {
				t.Fatal(err)
			}
			only(t, r.compare(compare.Options{Level: monitor.CompareSpool, Sample: 1}))
		})
	}
}

// TestSavedIsToldWhereItBelongs has one mailbox in which the replica has a message and flags
// of its own, and another one with a damaged file: each is told what became of itself, what
// is damaged is said to be, and the command that looks again saves to the same directory.
func TestSavedIsToldWhereItBelongs(t *testing.T) {
	t.Parallel()
	r := newRig(t, cyrustest.Mailbox{Name: "user.anna", Messages: 3}, cyrustest.Mailbox{Name: "user.anna.Work", Messages: 2})
	r.do(r.replica, "anna", "APPEND INBOX "+cyrustest.Literal("Subject: own\r\n\r\nx\r\n"), "SELECT INBOX", `UID STORE 1 +FLAGS (\Flagged)`)
	garble(r, r.replica, "user.anna.Work", 2)
	dir := filepath.Join(t.TempDir(), "my own")
	found := r.compare(compare.Options{Level: monitor.CompareSpool, Sample: 1, Save: dir})
	saved := map[monitor.DifferenceKind]string{}
	for _, d := range found.Differences {
		saved[d.Kind] = string(d.Saved)
	}
	at := func(name string) string { return filepath.Join(dir, "s1-imap2-user.anna"+name) }
	for kind, want := range map[monitor.DifferenceKind]string{
		monitor.MessageExtra: "saved as " + at("-4.eml") + "; the flags and dates of these messages are saved as " + at("-messages.csv"), monitor.FlagsDiffer: "the flags are saved as " + at("-flags.csv"),
		monitor.SpoolDamaged: "what lies in the place of the message on the replica, damaged, is saved as " + at(".Work-2.eml"),
	} {
		if saved[kind] != want {
			t.Errorf("of %s is told %q, want %q", kind, saved[kind], want)
		}
	}
	found = r.compare(compare.Options{Level: monitor.CompareMessages, Save: dir})
	if want := "--save '" + dir + "'"; len(found.Differences) == 0 || !strings.Contains(string(found.Differences[0].Repair[0].Command), want) {
		t.Errorf("it is not looked again with %s: %+v", want, found.Differences)
	}
}
