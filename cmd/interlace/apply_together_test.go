package main_test

import (
	"os"
	"strings"
	"testing"
)

// Who names some of the plans that were carried out together, and can't do with them, is told
// which others there are: with these it works.
func TestPlansCarriedOutTogether(t *testing.T) {
	r := newResuming(t)
	layout, changes := r.layout("layout.json", "--drain", "server:imap4")
	r.program("users", "--drain", "s1", "--after", "layout.json", "--plan", "users.json")
	r.program("moves", "layout.json", "users.json", "--plan", "moves.json")
	users, err := os.ReadFile("users.json")
	r.must(err)
	schedule, err := os.ReadFile("moves.json")
	r.must(err)
	_, fresh := r.apply(2, "layout.json", "users.json")
	confirmed := func(want string) {
		t.Helper()
		if status, _, stderr := program(t, "confirm", "layout.json", "users.json"); status != 2 || !strings.Contains(strings.Join(strings.Fields(stderr), " "), want) || strings.Contains(stderr, "interlace moves") {
			t.Errorf("confirm: status %d, want %q: %s", status, want, stderr)
		}
	}
	confirmed("interlace confirm takes one after the other")
	r.begin(layout, users, schedule)
	r.did(layout, changes[0], true, stepsOf(changes[0])...)
	if want := "interlace moves makes one of them"; !strings.Contains(fresh, want) {
		t.Errorf("of plans that were never carried out is not said %q: %s", want, fresh)
	}
	const all = "name the files of all that were carried out together, "
	confirmed(all + "schedule " + id(schedule) + " too")
	for _, c := range []struct{ files, want string }{
		{"users.json", all + "plan " + id(layout) + " and schedule " + id(schedule) + " too"},
		{"layout.json users.json", all + "schedule " + id(schedule) + " too"},
	} {
		for _, args := range [][]string{{"--rollback"}, {}} {
			if _, stderr := r.apply(2, append(args, strings.Fields(c.files)...)...); !strings.Contains(strings.Join(strings.Fields(stderr), " "), c.want) || strings.Contains(stderr, "interlace moves") {
				t.Errorf("%v %s: want %q: %s", args, c.files, c.want, stderr)
			}
		}
	}
	if a, stderr := r.apply(0, "--rollback", "moves.json", "layout.json", "users.json"); len(a.Units) < 2 {
		t.Errorf("all that were carried out together: %+v %s", a, stderr)
	}
}
