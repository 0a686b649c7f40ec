package main

import (
	"context"
	"os"
	"time"
)

// hooked runs a command of the operator that changes something, with a file in place of
// {file} in its words that is there only meanwhile, and returns what it prints. It holds
// the lock of the name as long as it runs: after the end of an apply that was killed the
// next one waits for it. What it leaves running does not hold the lock.
func (c *config) hooked(ctx context.Context, name string, limit time.Duration, words []string, content []byte) (string, error) {
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
	return within(ctx, limit, underLock(claim.Name(), inPlace(words, "{file}", f.Name())))
}
