package main_test

import (
	"strings"
	"testing"
)

// Originals that stay beyond their time, since what was promised is not confirmed, are told in
// JSON, with the reason, and by the exit status, until that is mended.
func TestApplyUnmetLive(t *testing.T) {
	m := newMoving(t, "anna", "ben")
	before := m.routing()
	m.apply(0, "users.json", "--yes")
	m.describe("s2")
	m.configure("keep_source: 0s\n")
	routes := m.routing()
	m.put("routing", strings.Replace(before, "anna,imap1", "anna,imap9", 1))
	const sooner = "keep_source was 14d when this was moved, so that originals of 1 unit were to stay until "
	if a, _ := m.apply(0, "--resume"); !strings.Contains(strings.Join(a.Notes, "; "), sooner) {
		t.Errorf("that they would be deleted sooner than was told is not said: %v", a.Notes)
	}
	for range 2 { // also where nothing has changed since
		a, stderr := m.apply(1, "--resume", "--yes")
		if len(a.Units) != 1 || a.Units[0].State != "moved" || a.Units[0].Kept == "" ||
			!strings.Contains(a.Units[0].Why, "the original is kept: not confirmed: routing is unmet (anna: ") {
			t.Fatalf("%+v, %s", a, stderr)
		}
	}
	m.put("routing", routes)
	if a, stderr := m.apply(0, "--resume", "--yes"); len(a.Units) != 1 || a.Units[0].State != "finished" {
		t.Errorf("mended: %+v, %s", a, stderr)
	} else if !strings.Contains(stderr, sooner) || !strings.Contains(stderr, ", and is 0s now: they are deleted as soon as all else allows it") {
		t.Errorf("that it is deleted sooner than was told is not said: %s", stderr)
	}
}
