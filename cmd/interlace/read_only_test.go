package main_test

import (
	"database/sql"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/interlacemail/interlace/fixtures/needs"
)

// TestReadOnlyDatabase has what only reads say the same where the database may not be written,
// and a command that writes say why it can't.
func TestReadOnlyDatabase(t *testing.T) {
	dir := needs.Mount(t, "tmpfs", "size=16m", 0)
	t.Chdir(dir)
	for name, text := range map[string]string{"interlace.yaml": "imap: {user: admin, password_file: password, tls: none}\n", "password": "secret\n"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{{"demo", "fleet"}, {"import", "fleet/fleet.yaml"}, {"alerts", "silence", "--for", "2h", "--comment", "why", "server=imap01"}} {
		if status, _, stderr := program(t, args...); status != 0 {
			t.Fatalf("%v: status %d, %s", args, status, stderr)
		}
	}
	all := [][]string{{"compare", "--known"}, {"db"}, {"check"}, {"alerts"}, {"alerts", "silence"}, {"show", "stores"}}
	type answer struct {
		status       int
		said, errors string
	}
	before := map[string]answer{}
	ask := func(args []string) answer {
		status, stdout, stderr := program(t, args...)
		return answer{status, stdout, stderr}
	}
	for _, args := range all {
		before[strings.Join(args, " ")] = ask(args)
	}
	if err := syscall.Mount("test", dir, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	for _, args := range all {
		if was, is := before[strings.Join(args, " ")], ask(args); is != was || was.said == "" {
			t.Errorf("%v: %+v, before %+v", args, is, was)
		}
	}
	for _, args := range [][]string{{"import", "fleet/fleet.yaml"}, {"discover"}, {"apply", "--resume", "--yes"}} {
		is := ask(args)
		if is.status != 2 || !strings.Contains(is.errors, "interlace.db: its file system is mounted read-only\n") || !strings.Contains(is.errors, "name a file elsewhere with --db, such as a copy of this one") {
			t.Errorf("%v: %+v", args, is)
		}
		if strings.Contains(is.errors, "import FILE") {
			t.Errorf("%v advises what is no help: %s", args, is.errors)
		}
	}
	// Who compares is told that nothing is kept, and compares: here with servers that there are not.
	if is := ask([]string{"compare", "--level", "1", "--store", "s001"}); !strings.Contains(is.errors, "nothing of this is kept: open the database: interlace.db: its file system is mounted read-only") || !strings.Contains(is.said, "compare s001 on imap10 with imap11") {
		t.Errorf("compare: %+v", is)
	}
}

// TestCompareBesideAWatch has who may not write the database compare while another process has it
// open: that nothing is kept is said, and it compares, here with servers that there are not.
func TestCompareBesideAWatch(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{"interlace.yaml": "imap: {user: admin, password_file: password, tls: none}\n", "password": "secret\n"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{{"demo", "fleet"}, {"import", "fleet/fleet.yaml"}} {
		if status, _, stderr := program(t, args...); status != 0 {
			t.Fatalf("%v: status %d, %s", args, status, stderr)
		}
	}
	compare := []string{"compare", "--level", "1", "--store", "s001"}
	if _, _, stderr := program(t, compare...); strings.Contains(stderr, "nothing of this is kept") {
		t.Fatal(stderr)
	}
	watch, err := sql.Open("sqlite3", "interlace.db")
	if err == nil {
		_, err = watch.Exec("UPDATE inventories SET note = note")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer watch.Close()
	if _, err := os.Stat("interlace.db-wal"); err != nil {
		t.Fatal(err)
	}
	needs.Immutable(t, "interlace.db")
	status, stdout, stderr := program(t, compare...)
	if want := "nothing of this is kept: open the database: interlace.db: the database cannot be written"; status != 2 || !strings.Contains(stderr, want) || !strings.Contains(stdout, "compare s001 on imap10 with imap11") {
		t.Errorf("compare: status %d, %s%s", status, stdout, stderr)
	}
	status, _, stderr = program(t, "compare", "--resume")
	if want := "what was compared before is not known: open the database: interlace.db: the database cannot be written"; status != 2 || !strings.Contains(stderr, want) {
		t.Errorf("compare --resume: status %d, %s", status, stderr)
	}
	if status, _, stderr := program(t, "compare", "--known"); status == 2 {
		t.Errorf("compare --known: status %d, %s", status, stderr)
	}
}
