package compare

import (
	"context"
	"errors"
	"fmt"

	"github.com/interlacemail/interlace/inventory/cyrus"
)

// Why a user's connection, or one on which a mailbox was read, came to its end.
var (
	errUserGone = errors.New("the server ends the user's connection: one of the mailboxes is damaged, or it is in trouble")
	errDenied   = errors.New("the server denies the user access, as cyr_deny has it do, or is being shut down")
	errLost     = errors.New("the connection was lost")
	errDown     = errors.New("the server does not answer any more")
)

// enter makes the connection one of a user, at the pace of the server. A server
// that ends it is tried once more.
func (s *side) enter(ctx context.Context, user string) error {
	_, err := asUser(ctx, s, user, func() (struct{}, error) { return struct{}{}, nil })
	return err
}

// asUser asks something as a user, at the pace of the server; and once more, on a
// new connection, where the server ends the first one. It is the user's trouble only if
// the server lets an administrator in after that.
func asUser[T any](ctx context.Context, s *side, user string, ask func() (T, error)) (found T, err error) {
	let := false
	for range 2 {
		if err = s.as(ctx, user); err == nil {
			let = true
			err = s.throttle.wait(ctx, s.client)
		}
		if err == nil {
			found, err = ask()
		}
		if err == nil || !cyrus.Died(err) || ctx.Err() != nil {
			return found, err
		}
		if s.close(); cyrus.Denied(err) {
			return found, s.denied(user, err)
		}
		if down := s.admin(ctx); down != nil {
			return found, fmt.Errorf("%s: %w (%w)", s.Server, errDown, down)
		}
	}
	err = fmt.Errorf("%s: %w (%w)", s.Server, errUserGone, err)
	if !let {
		s.bar(user, err)
	}
	return found, err
}

// ready makes the connection one of an administrator, at the pace of the server.
func (s *side) ready(ctx context.Context) error {
	_, err := asAdmin(ctx, s, func() (struct{}, error) { return struct{}{}, s.throttle.wait(ctx, s.client) })
	return err
}

// asAdmin asks something as an administrator; and once more, on a new connection, where
// the server ends the first one.
func asAdmin[T any](ctx context.Context, s *side, ask func() (T, error)) (found T, err error) {
	for range 2 {
		if err = s.admin(ctx); err == nil {
			found, err = ask()
		}
		if err == nil || !cyrus.Died(err) || ctx.Err() != nil {
			return found, err
		}
		s.close()
	}
	return found, err
}

// denied remembers that the server denies a user.
func (s *side) denied(user string, err error) error {
	err = fmt.Errorf("%s: %w (%w)", s.Server, errDenied, err)
	s.bar(user, err)
	return err
}

// middle says what an error means that came in the middle of a mailbox, and
// remembers it where the server ended the connection.
func (s *side) middle(err error) error {
	switch {
	case err == nil || !cyrus.Died(err):
		return err
	case cyrus.Denied(err):
		return s.denied(s.user, err)
	}
	s.lost = err
	return fmt.Errorf("%s: %w (%w)", s.Server, errLost, err)
}

// twice reads a mailbox, and once more over new connections where a server ended one
// on the way, which may be chance. A mailbox at which the same server ended both is
// damaged.
func twice(name cyrus.InternalName, read func() error, sides ...*side) error {
	try := func() (lost []bool, err error) {
		for _, s := range sides {
			s.lost = nil
		}
		err = read()
		for _, s := range sides {
			if lost = append(lost, s.lost != nil); err != nil {
				s.close() // what it says may have been left in the middle
			}
		}
		return lost, err
	}
	before, err := try()
	if !errors.Is(err, errLost) {
		return err
	}
	after, err := try()
	for i, s := range sides {
		if before[i] && after[i] {
			s.damage(name, s.lost)
		}
	}
	return err
}
