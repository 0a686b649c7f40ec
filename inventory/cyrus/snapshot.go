package cyrus

import (
	"context"
	"errors"
	"io"
	"slices"
	"syscall"

	"github.com/cenkalti/backoff/v5"
)

// Snapshot is what one server held when it was asked. Of a server in a murder it
// has the Server only: a front end lists mailboxes that lie elsewhere, or says
// that there are none when it does not reach them.
type Snapshot struct {
	Server      Server
	VirtDomains Setting
	// Partitions are those on which mailboxes lie, sorted: a server does not
	// tell which others it has.
	Partitions []string
	Mailboxes  []Mailbox // sorted by internal name
	Quotas     []Quota   // sorted by root
}

// Read asks a server for all of this over one connection. A connection that is
// refused or breaks is tried twice more, as long as the context allows; a server
// that is slow, refuses or talks nonsense is not. The error names the server.
func Read(ctx context.Context, o Options) (*Snapshot, error) {
	var snapshot *Snapshot
	var err error
	try := func() (any, error) {
		if snapshot, err = readOnce(ctx, o); err != nil && !Passing(err) {
			return nil, backoff.Permanent(err)
		}
		return nil, err
	}
	// What Retry returns when the context ends names no server.
	_, _ = backoff.Retry(ctx, try, backoff.WithMaxTries(3))
	return snapshot, err
}

// Passing tells whether an error may be gone a moment later, on another
// connection: the server refused this one, or ended it.
func Passing(err error) bool {
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ECONNRESET) ||
		errors.Is(err, syscall.EPIPE) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

func readOnce(ctx context.Context, o Options) (*Snapshot, error) {
	c, err := Dial(ctx, o)
	if err != nil {
		return nil, err
	}
	// How a server says goodbye does not matter when all has been read.
	defer c.Close()
	s := &Snapshot{Server: c.Server()}
	if s.Server.Murder != "" {
		return s, nil
	}
	if s.Mailboxes, _, err = c.Mailboxes(ctx); err != nil {
		return nil, err
	}
	if s.VirtDomains, err = c.VirtDomains(ctx, s.Mailboxes); err != nil {
		return nil, err
	}
	if s.Quotas, err = c.Quotas(ctx, s.Mailboxes); err != nil {
		return nil, err
	}
	s.Partitions = partitions(s.Mailboxes)
	return s, nil
}

func partitions(mailboxes []Mailbox) []string {
	var names []string
	seen := map[string]bool{}
	for i := range mailboxes {
		if name := mailboxes[i].Partition; name != "" && !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
