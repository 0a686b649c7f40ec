package main

import (
	"os"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/planner"
)

// resealed changes a plan file and gives it the id of its new content.
func resealed(t *testing.T, path string, replace ...string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	edited := strings.NewReplacer(replace...).Replace(string(text))
	if edited == string(text) {
		t.Fatalf("%s does not hold %q", path, replace)
	}
	id, err := planner.ContentID([]byte(edited))
	if err != nil {
		t.Fatal(err)
	}
	old, _ := planner.ContentID(text)
	write(t, path, strings.Replace(edited, old, id, 1))
}

// A plan that somebody edited and sealed again is read like any foreign file:
// every command that takes plans lists what cannot be in it, and does nothing.
func TestResealedPlans(t *testing.T) {
	dir, fleet := t.TempDir(), abs(t, "testdata/fleet/fleet.yaml")
	t.Chdir(dir)
	t.Setenv("INTERLACE_FLEET", fleet)
	interlace(t.Context(), "layout", "--plan", "plan.json")
	interlace(t.Context(), "moves", "plan.json", "--plan", "moves.json")
	for _, path := range []string{"plan.json", "moves.json"} {
		if status, _, stderr := interlace(t.Context(), "show", "plan", path); status != exitFine {
			t.Fatalf("our own plan is refused: %s", stderr)
		}
	}
	resealed(t, "plan.json", `"do": "promote"`, `"do": "explode"`, `"users_interrupted": `, `"users_interrupted": -`)
	text, err := os.ReadFile("moves.json")
	if err != nil {
		t.Fatal(err)
	}
	write(t, "moves.json", strings.Replace(string(text), `"id": "c2"`, `"wave": 1, "id": "c2"`, 1)) // such a text has no id
	for _, args := range [][]string{
		{"show", "plan", "plan.json"},
		{"moves", "plan.json", "--plan", "new.json"},
		{"simulate", "--after", "plan.json"},
		{"check", "--after", "plan.json"},
		{"users", "--after", "plan.json", "--plan", "new.json"},
	} {
		refuses(t, `(?s)plan.json: users_interrupted: -\d+ is negative\n.*plan.json: changes\[0\].do: "explode" is none of .*interlace: plan.json holds \d+ mistakes\n.*hint: make the plan again`, args...)
	}
	refuses(t, `moves.json: changes\[\d+\].wave: the key is there twice\n`, "show", "plan", "moves.json")
	if _, err := os.Stat("new.json"); err == nil {
		t.Error("a plan was written")
	}
}

// A sealed plan whose parts do not agree with each other or with the facts is
// refused by every command that builds on it, with all its mistakes.
func TestDisagreeingPlans(t *testing.T) {
	fleet := abs(t, "testdata/fleet/fleet.yaml")
	t.Chdir(t.TempDir())
	t.Setenv("INTERLACE_FLEET", fleet)
	interlace(t.Context(), "layout", "--plan", "plan.json")
	interlace(t.Context(), "users", "--after", "plan.json", "--peak", "0.6", "--plan", "users.json")
	for _, args := range [][]string{{"moves", "plan.json", "users.json"}, {"simulate", "--after", "plan.json", "--after", "users.json"}} {
		if status, _, stderr := interlace(t.Context(), args...); status == exitFailed {
			t.Fatalf("our own plans are refused: %s", stderr)
		}
	}
	resealed(t, "users.json", "\"store\": \"s1\",\n      \"users\": 2", "\"store\": \"s1\", \"users\": 4")
	refuses(t, `(?s)^users.json: stores\[0\].users: 4 are not the 2 that the changes lead to\n.*interlace: users.json holds \d+ mistakes?\n`, "moves", "plan.json", "users.json")
	resealed(t, "plan.json", `"bytes": 130000000000`, `"bytes": 1`, `"bytes_copied": 350000000000`, `"bytes_copied": 220000000001`, `"master": "imap2"`, `"master": "imap99"`)
	for _, args := range [][]string{
		{"moves", "plan.json", "--plan", "new.json"},
		{"simulate", "--after", "plan.json"},
		{"check", "--after", "plan.json"},
		{"users", "--after", "plan.json", "--plan", "new.json"},
	} {
		refuses(t, `(?s)^plan.json: changes\[2\].bytes: 1 are not the 130000000000 bytes of store s1\nplan.json: stores\[0\]: the changes lead to imap2, imap3, not to imap99, imap3\n.*interlace: plan.json holds \d mistakes\ninterlace: hint: make the plan again\n$`, args...)
	}
	if _, err := os.Stat("new.json"); err == nil {
		t.Error("a plan was written")
	}
}

// What is only part of a plan, or more than one, is not one.
func TestBrokenPlanFiles(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "it is not a plan file"},
		{"cut off", `{"format": 1, "kind": "layout", "cha`, "it ends in the middle of the plan"},
		{"two plans", `{"format": 1} {"format": 1}`, "something follows the plan"},
		{"trailing words", `{"format": 1} and so on`, "something follows the plan"},
		{"no format", `{"kind": "layout"}`, `it is not a plan file: it has no "format"`},
		{"unknown format", `{"format": 7, "kind": "layout"}`, "it has format 7, this program reads format 1"},
		{"format is a word", `{"format": "1"}`, "it is not a plan file"},
		{"NUL bytes", "\x00\x00\x00", "it is not a plan file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			write(t, "plan.json", c.text)
			refuses(t, "read the plan plan.json: "+c.want, "show", "plan", "plan.json")
		})
	}
}

func abs(t *testing.T, path string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	return dir + "/" + path
}
