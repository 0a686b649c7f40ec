package main_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// TestCompareOriginals: originals that apply keeps denied are named as that in a line, and
// leave the comparison complete; somebody else who is denied is told, and ends it with the
// status 3.
func TestCompareOriginals(t *testing.T) {
	m := newMoving(t, "anna", "ben", "carl")
	m.answered(0, "compare", "--level", "3") // when all could be compared, and more closely than later
	m.apply(0, "users.json", "--yes")
	// Where they live now nobody has compared them yet, whatever the inventory says.
	for range 2 {
		known := m.answered(0, "compare", "--known", "--user", "anna", "--user", "ben")
		if i := len(known.Copies) - 1; i < 0 || known.Copies[i].Store != "s2" || known.Copies[i].Users != 2 || known.Copies[i].Never != 2 || len(known.Late) != 0 {
			t.Errorf("known after they were moved is %+v", known)
		}
		m.describe("s2")
	}

	var a struct {
		Users     struct{ Checked, Identical, Unknown int }
		Originals []struct {
			Store, User string
			MovedTo     string `json:"moved_to"`
			Denied      *bool
		}
		Uncompared []struct{ User string }
		Kept       struct {
			All struct{ Users, Identical, Unknown, Complete int }
		}
	}
	compared := func(want int, further ...string) (screen string) {
		t.Helper()
		args := append([]string{"compare"}, further...)
		status, stdout, stderr := m.program(append(args, "-o", "json")...)
		a.Users.Unknown, a.Originals, a.Uncompared, a.Kept.All.Unknown = 0, nil, nil, 0
		if err := json.Unmarshal([]byte(stdout), &a); err != nil || status != want {
			t.Fatalf("status %d, want %d, %v: %s%s", status, want, err, stdout, stderr)
		}
		status, screen, _ = m.program(args...)
		if status != want {
			t.Fatalf("status %d, want %d: %s", status, want, screen)
		}
		return strings.Join(strings.Fields(screen), " ")
	}
	screen := compared(0)
	if len(a.Originals) != 3 || a.Originals[0].Store != "s1" || a.Originals[0].User != "anna" || a.Originals[0].MovedTo != "s2" || len(a.Uncompared) != 0 {
		t.Errorf("the originals are %+v, not compared %+v", a.Originals, a.Uncompared)
	}
	if a.Users.Checked != a.Users.Identical || a.Users.Checked != a.Kept.All.Users || a.Kept.All.Complete != a.Users.Checked {
		t.Errorf("counted are %+v and %+v", a.Users, a.Kept.All)
	}
	until := time.Now().Add(14 * 24 * time.Hour).UTC().Format(time.DateOnly)
	if want := "3 users' originals on s1, kept until " + until + " after they moved to s2: denied, not compared by a login "; !strings.Contains(screen, want) || strings.Contains(screen, "could not be compared") || strings.Contains(screen, "not known") {
		t.Errorf("no %q in\n%s", want, screen)
	}
	if !strings.Contains(screen, " of 3 users on 2 pairs of a master and a replica, originals not counted") {
		t.Errorf("what is counted is not said:\n%s", screen)
	}
	// What counts is the same where nobody has to log in, and what was found more closely before
	// they moved is nobody's any more.
	if compared(0, "--level", "1"); len(a.Originals) != 3 || a.Users.Checked != a.Users.Identical || a.Users.Checked != 3 || a.Kept.All.Users != 3 {
		t.Errorf("at level 1 are counted %+v and %+v, beside %+v", a.Users, a.Kept.All, a.Originals)
	}
	// Nor does it matter what of an original is open that only a closer look would find again.
	m.onDatabase(`INSERT INTO differences (store, replica, owner, shared, subject, difference, first, last)
		SELECT store, replica, owner, shared, 'x', '{"kind": "spool", "level": "4"}', at, at FROM compared WHERE store = 's1' AND owner = 'anna' AND level = '3'`)
	if compared(0); a.Users.Checked != 3 || a.Kept.All.Users != 3 {
		t.Errorf("with a difference of an original that is open are counted %+v and %+v", a.Users, a.Kept.All)
	}
	m.onDatabase("DELETE FROM differences")
	if status, known, _ := m.program("compare", "--known"); status != 0 || !strings.Contains(strings.Join(strings.Fields(known), " "), "after they moved to s2: whether they are denied is not known") {
		t.Errorf("known is, with the status %d,\n%s", status, known)
	}

	if out, err := m.fleet.Stores[1].Master().Tool(t.Context(), "cyr_deny", "-m", "closed", "carl"); err != nil {
		t.Fatal(out, err)
	}
	screen = compared(3)
	if len(a.Originals) != 3 || len(a.Uncompared) != 1 || a.Uncompared[0].User != "carl" || a.Users.Unknown != 1 || a.Kept.All.Unknown != 1 || a.Kept.All.Complete != a.Users.Checked-1 {
		t.Errorf("with one who is denied by somebody else: %+v", a)
	}
	if !strings.Contains(screen, "of 1 it is not known") || !strings.Contains(screen, "of them completely, the others last at") {
		t.Errorf("with one who is denied by somebody else:\n%s", screen)
	}
}

// TestCompareLifted: an original whose denial somebody has lifted on the master is told as not
// denied, though the replica denies it, with the command that denies it again; and where nobody
// can be asked no more is said than is known.
func TestCompareLifted(t *testing.T) {
	m := newMoving(t, "anna", "ben")
	m.apply(0, "users.json", "--yes")
	m.describe("s2")
	if out, err := m.fleet.Stores[0].Master().Tool(t.Context(), "cyr_deny", "-a", "ben"); err != nil {
		t.Fatal(out, err)
	}
	said := func(want int, words ...string) (screen string) {
		t.Helper()
		status, screen, stderr := m.program("compare")
		for _, w := range words {
			if !strings.Contains(strings.Join(strings.Fields(screen), " "), w) {
				t.Errorf("no %q in\n%s", w, screen)
			}
		}
		if status != want {
			t.Fatalf("status %d, want %d: %s%s", status, want, screen, stderr)
		}
		return screen
	}
	screen := said(1, "1 user's original on s1", ": denied, not", ": not denied, so that mail and logins may reach them")
	deny := toPaste(screen, "  # on imap1")
	if len(deny) != 1 || strings.Contains(screen, "could not be compared") {
		t.Fatalf("to paste are %q of\n%s", deny, screen)
	}
	m.paste(deny[0])
	said(0, "2 users' originals on s1", ": denied, not")
	if _, verdicts := m.confirmed(0, "users.json"); verdicts["placement"] != "met" {
		t.Errorf("confirm finds then %v", verdicts)
	}

	m.put("down-imap1", "")
	said(0, "2 users' originals on s1", "whether they are denied is not known (")
}
