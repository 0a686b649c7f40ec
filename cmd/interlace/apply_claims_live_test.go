package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Another database, or an older copy of the one, does nothing on stores of which a unit is
// not done, and says whose it is. What a killed apply left is told of, and removed.
func TestApplyWithAnotherDatabase(t *testing.T) {
	m := newMoving(t, "anna", "ben")
	if status, _, stderr := m.program("--db", "other.db", "import", "fleet.yaml"); status != 0 {
		t.Fatal(stderr)
	}
	m.apply(2, "--stop") // the journal begins
	text, err := os.ReadFile(m.path("interlace.db"))
	m.must(err)
	m.put("older.db", string(text))
	if done, _ := m.apply(0, "users.json", "--yes"); len(done.Units) != 1 || done.Units[0].State != "moved" {
		t.Fatalf("%+v", done)
	}
	m.allServed("s2")
	for db, want := range map[string]string{
		"other.db": "on imap1, imap2 unit anna to s2 of plan ",
		"older.db": "it is older than what was done, as if it were restored from a copy",
	} {
		if _, stderr := m.apply(2, "--db", db, "users.json", "--yes"); !strings.Contains(stderr, want) || !strings.Contains(stderr, m.path("interlace.db")+") since ") {
			t.Errorf("with %s: %s\nlacks %s", db, stderr, want)
		}
		if status, stdout, _ := m.program("apply", "--db", db, "users.json"); status != 1 || !strings.Contains(strings.Join(strings.Fields(stdout), " "), "and remove the claims: on ") {
			t.Errorf("a rehearsal with %s: %d, %s", db, status, stdout)
		}
		for _, args := range [][]string{{"--rollback", "--yes"}, {"--rollback"}, {"--resume", "--yes"}} {
			if _, stderr := m.apply(2, append([]string{"--db", db}, args...)...); !strings.Contains(stderr, "mail servers have: ") || !strings.Contains(stderr, want) || strings.Contains(stderr, "nothing is begun") || !strings.Contains(stderr, m.path("interlace.db")+") since ") {
				t.Errorf("%v with %s: %s", args, db, stderr)
			}
		}
	}
	left := filepath.Join(m.fleet.Stores[0].Master().Dir, "conf", "interlace-0123456789ab.conf")
	m.must(os.WriteFile(left, nil, 0o600))
	for want, args := range map[int][]string{0: {"--resume"}, 2: {"--stop"}} {
		if _, stderr := m.apply(want, args...); !strings.Contains(stderr, left+" on imap1 holds the password of sync") || !strings.Contains(stderr, "on imap1: rm -- "+left) {
			t.Errorf("apply %v says nothing of what is left: %s", args, stderr)
		}
	}
	if _, stderr := m.apply(0, "--resume", "--yes"); !strings.Contains(stderr, left+" on imap1, which holds the password of sync") {
		t.Errorf("nothing is said of what was left: %s", stderr)
	}
	m.allServed("s2")

	// A claim that could not be removed at the end of its unit, since its server was down, is
	// removed when nothing else is left to do.
	claims, _ := filepath.Glob(filepath.Join(m.fleet.Stores[0].Master().Dir, "conf", "interlace-*.claim"))
	text, err = os.ReadFile(claims[0])
	m.must(err)
	m.configure("keep_source: 0s\n")
	m.apply(0, "--resume", "--yes")
	m.must(os.WriteFile(claims[0], text, 0o644))
	if _, stderr := m.apply(0, "--resume", "--yes"); !strings.Contains(stderr, "nothing is begun and not done") {
		t.Errorf("nothing is begun: %s", stderr)
	}
	if _, err := os.Stat(claims[0]); err == nil {
		t.Error("the claim of what is done is left")
	}
}
