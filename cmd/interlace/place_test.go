package main_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// place is a directory in which the program runs, so that tests with places of their own
// run beside each other: most of the time they wait for Cyrus.
type place struct {
	*testing.T
	dir string   // empty: where this process is
	env []string // what the program finds in its environment beside ours
}

// newPlace makes a directory for a test.
func newPlace(t *testing.T) *place {
	t.Helper()
	return &place{T: t, dir: t.TempDir()}
}

// path is that of something in the place.
func (p *place) path(name string) string { return filepath.Join(p.dir, name) }

// put writes a file.
func (p *place) put(name, content string) {
	p.Helper()
	put(p.T, p.path(name), content)
}

// read returns what a file holds.
func (p *place) read(name string) string {
	p.Helper()
	content, err := os.ReadFile(p.path(name))
	p.must(err)
	return string(content)
}

func (p *place) must(err error) {
	p.Helper()
	if err != nil {
		p.Fatal(err)
	}
}

// command is a program that is to run in the place.
func (p *place) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, name, args...)
	c.Dir, c.Env = p.dir, append(os.Environ(), p.env...)
	return c
}

// program runs interlace.
func (p *place) program(args ...string) (status int, stdout, stderr string) {
	p.Helper()
	ctx, cancel := context.WithTimeout(p.Context(), 5*time.Minute) // it hangs
	defer cancel()
	c := p.command(ctx, "interlace", args...)
	var out, errs strings.Builder
	c.Stdout, c.Stderr = &out, &errs
	err := c.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		p.Fatal(err)
	}
	return c.ProcessState.ExitCode(), out.String(), errs.String()
}

// does runs interlace, which has to end with 0.
func (p *place) does(args ...string) {
	p.Helper()
	if status, stdout, stderr := p.program(args...); status != 0 {
		p.Fatal(args, stdout, stderr)
	}
}

// printed runs a command of interlace, which finds something, in a shell and returns what
// it prints.
func (p *place) printed(command string) string {
	p.Helper()
	out, err := p.command(p.Context(), "sh", "-c", command).Output()
	if failed := (*exec.ExitError)(nil); !errors.As(err, &failed) || failed.ExitCode() != 1 {
		p.Fatalf("%s: %v %s", command, err, out)
	}
	return string(out)
}

// paste runs a printed command in a shell with the PATH of an operator; Cyrus's programs take on the account of
// Cyrus themselves.
func (p *place) paste(command string) {
	p.Helper()
	shell := p.command(p.Context(), "sh", "-c", command)
	shell.Env = append(shell.Env, "PATH=/usr/sbin:/usr/bin:/sbin:/bin")
	shell.WaitDelay = time.Second
	if out, err := shell.CombinedOutput(); err != nil {
		p.Fatalf("%s: %v %s", command, err, out)
	}
}
