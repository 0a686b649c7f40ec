package main_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/interlacemail/interlace/fixtures/needs"
	"github.com/interlacemail/interlace/monitor"
)

// Where the database can't be written any more a later apply lets in whom one that was killed
// has kept out and, where they may be routed elsewhere, says by which commands to do that; when
// it can be written again all is taken back.
func TestRescue(t *testing.T) {
	dir := needs.Mount(t, "tmpfs", "size=16m", 0)
	m := newMoving(t, "anna", "ben")
	m.killWhenDenied()
	files, err := filepath.Glob(m.path("*interlace.db*"))
	m.must(err)
	hidden, err := filepath.Glob(m.path(".interlace.db*"))
	m.must(err)
	for _, path := range append(files, hidden...) {
		content, err := os.ReadFile(path)
		m.must(err)
		m.must(os.WriteFile(filepath.Join(dir, filepath.Base(path)), content, 0o600))
	}
	db := filepath.Join(dir, "interlace.db")
	rescued := func(how, asked string) {
		t.Helper()
		status, stdout, stderr := m.program("apply", "--db", db, asked, "--yes")
		if want := "Its users were let in again where they were, which is not written down"; status != 2 || !strings.Contains(stderr, want) || strings.Contains(stdout+stderr, "KEPT OUT") || strings.Contains(stdout, "kept out since 2") {
			t.Errorf("%s: status %d, %s%s", how, status, stdout, stderr)
		}
		if at := m.served("anna") + m.served("ben"); at != "s1s1" {
			t.Errorf("%s: they are served by %q", how, at)
		}
	}
	m.must(syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""))
	rescued("read-only", "--resume")
	m.must(syscall.Mount("", dir, "", syscall.MS_REMOUNT, "size=16m"))
	if a, stderr := m.apply(0, "--db", db, "--rollback", "--yes"); len(a.Units) != 1 || a.Units[0].State != "back" {
		t.Errorf("%+v, %s", a, stderr)
	}

	m.killWhenDenied("--db", db)
	full, err := sql.Open("sqlite3", db)
	m.must(err)
	defer full.Close()
	for _, table := range []string{"steps", "silences"} { // what is large does not fit any more
		_, err = full.Exec("CREATE TRIGGER full_" + table + " BEFORE INSERT ON " + table + " BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END")
		m.must(err)
	}
	rescued("full", "--resume")
}

// Nor is anybody left out where not even root may write the files of the database any more.
func TestRescueImmutable(t *testing.T) {
	m := newMoving(t, "anna", "ben")
	m.must(os.Mkdir(m.path("kept"), 0o755))
	for _, name := range []string{"interlace.db", "interlace-history.db"} {
		if content, err := os.ReadFile(m.path(name)); err == nil {
			m.must(os.WriteFile(filepath.Join(m.path("kept"), name), content, 0o600))
		}
	}
	const db = "kept/interlace.db"
	m.killWhenDenied("--db", db)
	thaw := needs.Immutable(t, m.path("kept"))
	for _, args := range [][]string{{"--resume", "--yes"}, {"--rollback", "--yes"}, {"--stop"}} {
		status, stdout, stderr := m.program(append([]string{"apply", "--db", db}, args...)...)
		if at := m.served("anna") + m.served("ben"); status != 2 || at != "s1s1" || strings.Contains(stdout+stderr, "KEPT OUT") || strings.Contains(stderr, "claim the apply") {
			t.Errorf("%v: status %d, they are served by %q: %s%s", args, status, at, stdout, stderr)
		}
	}
	thaw()
	if a, stderr := m.apply(0, "--db", db, "--rollback", "--yes"); len(a.Units) != 1 || a.Units[0].State != "back" {
		t.Errorf("%+v, %s", a, stderr)
	}
}

// Who may be routed elsewhere is not let in by himself: it is said by which commands.
func TestRescueByHand(t *testing.T) {
	r := newResuming(t)
	plan, units := r.plan("users.json", "1")
	r.begin(plan)
	r.did(plan, units["s4"][0], false, moved[:slices.Index(moved, monitor.StepRoute)+1]...)
	db, err := sql.Open("sqlite3", "interlace.db")
	r.must(err)
	defer db.Close()
	_, err = db.Exec("CREATE TRIGGER full BEFORE UPDATE ON applies BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END")
	r.must(err)
	user, _, _ := strings.Cut(units["s4"][0], " ")
	for _, args := range [][]string{{"apply", "--resume", "--yes"}, {"apply", "--rollback", "--yes"}} {
		status, stdout, stderr := program(t, args...)
		for _, want := range []string{
			"database or disk is full", "users of " + units["s4"][0] + " are KEPT OUT", "on imap1, of s1: /usr/lib/cyrus/bin/cyr_deny -C /etc/s1.conf -a -- " + user,
			"on imap4, of s4: /usr/lib/cyrus/bin/cyr_deny -C /etc/s4.conf -a -- " + user,
		} {
			if status != 2 || !strings.Contains(strings.ReplaceAll(stderr, "\n", " "), want) {
				t.Errorf("%v: status %d, %s%s\nlacks %s", args, status, stdout, stderr, want)
			}
		}
	}
}
