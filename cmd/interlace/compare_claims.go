package main

import (
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"syscall"

	"github.com/interlacemail/interlace/monitor"
)

// claims are those on pairs that this process compares: a byte of a file is locked
// for each. They end with the process.
type claims struct{ file *os.File }

var errClaimed = errors.New("another interlace compares this pair now")

func openClaims(database string) (*claims, error) {
	f, err := openClaim(database, "compare")
	if err != nil {
		return nil, err
	}
	return &claims{f}, nil
}

func (c *claims) take(of monitor.Copy) error {
	err := c.lock(of, syscall.F_WRLCK)
	if errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.EACCES) {
		return errClaimed
	}
	return err
}

func (c *claims) release(of monitor.Copy) { _ = c.lock(of, syscall.F_UNLCK) }

func (c *claims) lock(of monitor.Copy, kind int16) error {
	hash := fnv.New64a()
	fmt.Fprintf(hash, "%s\x00%s", of.Store, of.Server)
	at := syscall.Flock_t{Type: kind, Whence: io.SeekStart, Start: int64(hash.Sum64() >> 2), Len: 1}
	return syscall.FcntlFlock(c.file.Fd(), syscall.F_SETLK, &at)
}

// Close gives all claims up.
func (c *claims) Close() error { return c.file.Close() }

// claimPair claims one pair.
func claimPair(database string, of monitor.Copy) (release func(), err error) {
	c, err := openClaims(database)
	if err != nil {
		return nil, err
	}
	if err := c.take(of); err != nil {
		c.Close()
		return nil, err
	}
	return func() { c.Close() }, nil
}
