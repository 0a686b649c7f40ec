package main

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestHooked runs commands of an operator that do not behave.
func TestHooked(t *testing.T) {
	c, script := rerouter(t)
	dir := filepath.Dir(c.DB)
	run := func(limit time.Duration, text string) (string, error) {
		return c.hooked(t.Context(), "apply-test", limit, []string{script("hook", text), "{file}"}, []byte("what it is told\n"), answer)
	}
	if out, err := run(time.Minute, "cat \"$1\"\necho careful >&2\n"); err != nil || out != "what it is told\n" {
		t.Errorf("%q, %v", out, err)
	}

	// One that hangs is ended with all that it has begun, and what it said is told.
	begin := time.Now()
	_, err := run(300*time.Millisecond, "echo no route to the directory >&2\nsleep 600 &\necho $! >child\nsleep 600\n")
	if err == nil || !strings.Contains(err.Error(), dir+"/hook: it has not ended after ") || !strings.HasSuffix(err.Error(), ": no route to the directory") {
		t.Errorf("a hook that hangs: %v", err)
	}
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
	child := number(t, filepath.Join(dir, "child"))
	for deadline := time.Now().Add(10 * time.Second); lives(child); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("what the hook has begun lives on")
		}
	}

	// So is what has left its group and its session. What an earlier one has left is not.
	if _, err := run(time.Minute, "sleep 600 &\necho $! >kept\n"); err != nil {
		t.Error(err)
	}
	kept := number(t, filepath.Join(dir, "kept"))
	t.Cleanup(func() { _ = syscall.Kill(kept, syscall.SIGKILL) })
	if _, err := run(300*time.Millisecond, "setsid sh -c 'echo $$ >child; sleep 600; echo' &\nsleep 600\n"); err == nil {
		t.Error("it has not hung")
	}
	child = number(t, filepath.Join(dir, "child"))
	for deadline := time.Now().Add(10 * time.Second); lives(child); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			_ = syscall.Kill(child, syscall.SIGKILL)
			t.Fatal("what has left the session of the hook lives on")
		}
	}
	if !lives(kept) {
		t.Error("what another hook has left running is dead")
	}

	// What one leaves running on purpose, such as a server, is waited for neither by it
	// nor by the next one, and lives on, though it holds on to the output.
	begin = time.Now()
	for range 2 {
		if out, err := run(time.Minute, "sleep 600 &\necho $! >child\necho imap: imap3:143\n"); err != nil || out != "imap: imap3:143\n" {
			t.Errorf("%q, %v", out, err)
		}
		child := number(t, filepath.Join(dir, "child"))
		t.Cleanup(func() { _ = syscall.Kill(child, syscall.SIGKILL) })
		if !lives(child) {
			t.Error("what the hook has started is dead")
		}
	}
	if took := time.Since(begin); took > 30*time.Second {
		t.Errorf("it was waited for: %v", took)
	}

	// A terminal does not interrupt it.
	out, err := run(time.Minute, "ps -o pgid= -p $$\n")
	if group, _ := strconv.Atoi(strings.TrimSpace(out)); err != nil || group == 0 || group == syscall.Getpgrp() {
		t.Errorf("its process group is %q, %v, ours %d", out, err, syscall.Getpgrp())
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.hooked(ctx, "apply-test", time.Minute, []string{"true"}, nil, answer); err == nil {
		t.Error("it runs when it need not")
	}
}

func number(t *testing.T, path string) int {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// lives reports whether a process runs, and is not only waiting to be looked at.
func lives(pid int) bool {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err == nil && !strings.Contains(string(text), ") Z ")
}
