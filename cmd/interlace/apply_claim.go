package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"time"

	"github.com/interlacemail/interlace/inventory"
)

// errApplied says that somebody carries plans out already.
var errApplied = errors.New("an apply with this database runs already")

// claimApply claims that this process, and no other with the same database, carries plans
// out. The claim ends with the process.
func (a *app) claimApply() (release func(), err error) {
	path, err := a.databaseFile()
	if err != nil {
		return nil, err
	}
	f, err := openClaim(path, "apply")
	if err != nil {
		return nil, err
	}
	if err := lock(f); err != nil {
		who, _ := io.ReadAll(io.LimitReader(f, 1000))
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, hint(fmt.Errorf("%w: %s", errApplied, inventory.Printable(strings.TrimSpace(string(who)))), "interlace apply --stop asks it to end")
		}
		return nil, fmt.Errorf("claim the apply: %w", err)
	}
	if err := f.Truncate(0); err == nil {
		_, _ = fmt.Fprintf(f, "process %d of %s, since %s\n", syscall.Getpid(), account(), a.now().UTC().Format(time.RFC3339)) // for people only
	}
	return func() { f.Close() }, nil
}

// applies reports whether an apply with this database runs.
func (a *app) applies() bool {
	release, err := a.claimApply()
	if err == nil {
		release()
	}
	return errors.Is(err, errApplied)
}
