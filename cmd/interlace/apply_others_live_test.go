package main_test

import (
	"strings"
	"testing"
)

// Who is kept out by the unit of a plan whose apply was killed is told by every apply, of
// whatever plan, until somebody lets them in; another plan with the same users says whose the
// denial is.
func TestOthersKeptOut(t *testing.T) {
	m := newMoving(t, "anna", "ben", "carl")
	for file, flags := range map[string][]string{"one.json": {"--max-users", "1"}, "two.json": {"--seed", "9"}} {
		if status, stdout, stderr := m.program(append([]string{"users", "--drain", "s1", "--plan", file}, flags...)...); status > 1 { // it drains in part
			t.Fatal(stdout, stderr)
		}
	}
	m.killWhenDenied()
	const out = "users of anna to s2 are KEPT OUT, since "
	told := func(want int, lacks string, args ...string) string {
		t.Helper()
		status, stdout, stderr := m.program(append([]string{"apply"}, args...)...)
		said := strings.Join(strings.Fields(stdout+stderr), " ")
		if status != want || strings.Contains(said, out) == (lacks == out) || lacks == "" && !strings.Contains(said, "interlace apply --resume --yes goes on with it") {
			t.Errorf("%v: status %d, %s", args, status, said)
		}
		return said
	}
	short := func(is bool) {
		t.Helper()
		for _, args := range [][]string{{"discover"}, {"confirm", "--due"}} {
			_, stdout, stderr := m.program(args...)
			said := strings.Join(strings.Fields(stdout+stderr), " ")
			if strings.Contains(said, "2 users are kept out of stores s1, s2, since ") != is || strings.Contains(said, "which is not done: interlace apply --resume says more") != is {
				t.Errorf("%v: %s", args, said)
			}
		}
	}
	short(true)
	told(0, "", "one.json")
	if at := m.served("anna") + m.served("carl"); at != "s1" {
		t.Errorf("they are served by %q", at)
	}
	told(2, "", "one.json", "--yes")
	if at := m.served("anna") + m.served("carl"); at != "s2" {
		t.Errorf("they are served by %q", at)
	}
	told(2, "", "--rollback", "one.json", "--yes")
	for want, args := range map[int][]string{1: {"two.json"}, 2: {"two.json", "--yes"}} {
		said := told(want, "", args...)
		for _, says := range []string{
			"user anna is denied on imap1 by interlace itself, for anna to s2 of plan ",
			"user carl is on imap1 already, with 2 mailboxes: interlace keeps this copy of plan ",
		} {
			if !strings.Contains(said, says) {
				t.Errorf("%v: %s\nlacks %s", args, said, says)
			}
		}
	}

	// Who was let in by hand is not told to be kept out.
	for _, in := range m.fleet.Instances() {
		for _, u := range []string{"anna", "ben"} {
			_, err := in.Tool(t.Context(), "cyr_deny", "-a", u)
			m.must(err)
		}
	}
	short(false)
	told(0, out, "--rollback", "one.json", "--yes")
}
