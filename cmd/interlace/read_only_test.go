package main_test

import (
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
	if is := ask([]string{"import", "fleet/fleet.yaml"}); is.status != 2 || !strings.Contains(is.errors, "mounted read-only") {
		t.Errorf("import: %+v", is)
	}
}
