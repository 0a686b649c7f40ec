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
	answered(t, 0, "compare") // when all could be compared
	m.apply(0, "users.json", "--yes")
	m.describe("s2")

	var a struct {
		Users     struct{ Checked, Identical, Unknown int }
		Originals []struct {
			Store, User string
			MovedTo     string `json:"moved_to"`
		}
		Uncompared []struct{ User string }
		Kept       struct {
			All struct{ Users, Identical, Unknown, Complete int }
		}
	}
	compared := func(want int) (screen string) {
		t.Helper()
		status, stdout, stderr := program(t, "compare", "-o", "json")
		a.Users.Unknown, a.Originals, a.Uncompared, a.Kept.All.Unknown = 0, nil, nil, 0
		if err := json.Unmarshal([]byte(stdout), &a); err != nil || status != want {
			t.Fatalf("status %d, want %d, %v: %s%s", status, want, err, stdout, stderr)
		}
		status, screen, _ = program(t, "compare")
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
	if status, known, _ := program(t, "compare", "--known"); status != 0 || !strings.Contains(known, "3 users' originals on s1") {
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
