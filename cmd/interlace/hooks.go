package main

import (
	"context"
	"crypto/rand"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// executor runs a command, and returns what of its words is wanted.
type executor func(ctx context.Context, input string, command []string, settings ...string) (string, error)

// hooked runs a command of the operator that changes something, with a file in place of
// {file} in its words that is there only meanwhile, and returns what the executor does. It
// holds the lock of the name as long as it runs: after the end of an apply that was killed the
// next one waits for it. What it leaves running does not hold the lock. When its time is
// over, or the context ends, it is ended with all that it has begun.
func (c *config) hooked(ctx context.Context, name string, limit time.Duration, words []string, content []byte, run executor) (string, error) {
	f, err := os.CreateTemp("", "interlace-*")
	if err != nil {
		return "", err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(content)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return "", err
	}
	claim, err := openClaim(c.DB, name)
	if err != nil {
		return "", err
	}
	claim.Close()
	limited, cancel := context.WithTimeoutCause(ctx, limit, late(limit))
	defer cancel()
	mark := "INTERLACE_HOOK=" + rand.Text()
	out, err := run(limited, "", underLock(claim.Name(), inPlace(words, "{file}", f.Name())), mark)
	switch {
	case err == nil:
		return out, nil
	case limited.Err() != nil:
		endMarked(mark)
	}
	return "", err
}

// endMarked ends all processes of this machine with this setting in their environment: also
// those that have left the group of the one that has begun them.
func endMarked(setting string) {
	const most = 10 // while one is ended another may be begun
	for range most {
		found := false
		environments, _ := filepath.Glob("/proc/[0-9]*/environ")
		for _, path := range environments {
			text, err := os.ReadFile(path)
			if err != nil || !slices.Contains(strings.Split(string(text), "\x00"), setting) {
				continue // it has ended, or is somebody else's
			}
			if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path))); err == nil {
				found = syscall.Kill(pid, syscall.SIGKILL) == nil || found
			}
		}
		if !found {
			return
		}
	}
}
