package compare

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory/cyrus"
)

var errNoReader = errors.New("there is no user as whom the messages can be read")

// streamed compares a mailbox as the first user who is let in.
func (p *pair) streamed(ctx context.Context, l *lane, s *stood) (master, replica *cyrus.Mailbox, v *variance, err error) {
	for reader := p.reader(s); reader != ""; reader = p.reader(s) {
		master, replica, v, err = p.stream(ctx, l, s, reader)
		if err == nil || p.master.lets(reader) && p.replica.lets(reader) {
			return master, replica, v, err
		}
	}
	return nil, nil, nil, noReader(s.name, p.master, p.replica)
}

// noReader says why there is nobody as whom a mailbox can be read.
func noReader(name cyrus.InternalName, hosts ...*host) error {
	owner, _, _ := name.Owner()
	for _, h := range hosts {
		if err := h.against(owner.Name); err != nil && !owner.Shared {
			return fmt.Errorf("%w (%w)", errNoReader, err)
		}
	}
	return errNoReader
}

// stream compares a mailbox as a user who may read it, on both sides at once, in
// memory that does not grow with it.
func (p *pair) stream(ctx context.Context, l *lane, s *stood, reader string) (master, replica *cyrus.Mailbox, v *variance, err error) {
	if !p.checksums {
		owner, _, _ := s.name.Owner()
		p.skip(owner, s.name, "annotations of messages", errors.New("they are shown to users only where the checksums of the two sides can be compared"))
	}
	err = twice(s.name, func() (err error) {
		v, err = l.messages(ctx, reader, s.name, counters{master: s.master.Status, replica: s.replica.Status}, s.wants)
		return err
	}, &l.master, &l.replica)
	switch {
	case p.master.damageOf(s.name) != nil || p.replica.damageOf(s.name) != nil:
		p.unreadable(s)
		return nil, nil, nil, nil
	case err != nil:
		return nil, nil, nil, err
	}
	if replica, err = l.replica.after(ctx, reader, s.name, s.replica); err == nil {
		master, err = l.master.after(ctx, reader, s.name, s.master)
	}
	if errors.Is(err, cyrus.ErrNoMailbox) {
		p.inFlight(s.name, "it is being moved or deleted")
		return nil, nil, nil, nil
	}
	return master, replica, v, err
}

// after returns a mailbox with the counters that it has by now, as a user is told. What else is known
// of it stays; checksums do not hold when something was written.
func (s *side) after(ctx context.Context, user string, name cyrus.InternalName, before *cyrus.Mailbox) (*cyrus.Mailbox, error) {
	status, err := asUser(ctx, s, user, func() (cyrus.Status, error) { return s.client.Status(ctx, s.client.UserName(name)) })
	if err != nil {
		return nil, err
	}
	now := *before
	now.Status = status
	if now.Status.Size = before.Status.Size; !unmoved(before, &now) {
		now.Checksums, now.Status.Size = cyrus.Checksums{}, cyrus.UnknownCount
	}
	return &now, nil
}

// messages compares the messages of a mailbox as a user is shown them.
func (l *lane) messages(ctx context.Context, user string, name cyrus.InternalName, c counters, w wants) (*variance, error) {
	if err := l.both(func(s *side) error { return s.enter(ctx, user) }); err != nil {
		return nil, err
	}
	return compareMessages(l.master.messages(ctx, l.master.client.UserName(name)), l.replica.messages(ctx, l.replica.client.UserName(name)), c, w)
}

// messages yields the messages of a mailbox as the user sees them that the
// connection is one of, who calls it shown.
func (s *side) messages(ctx context.Context, shown string) iter.Seq2[cyrus.Message, error] {
	return func(yield func(cyrus.Message, error) bool) {
		for m, err := range s.client.Messages(ctx, shown) {
			if !yield(m, s.middle(err)) {
				return
			}
		}
	}
}

// reader returns a user as whom a mailbox can be read on both sides. Empty: nobody
// is known.
func (p *pair) reader(s *stood) string {
	onBoth := func(user string) bool {
		return p.inboxes[user].both() && p.master.lets(user) && p.replica.lets(user)
	}
	var acl []cyrus.Right
	for _, right := range s.master.ACL {
		if slices.Contains(s.replica.ACL, right) {
			acl = append(acl, right)
		}
	}
	return p.readerOf(s.name, acl, onBoth)
}

// readerOf returns the owner of a mailbox, or of a shared one somebody whom the
// access list lets read it; a user as whom may tells that one may log in.
func (p *pair) readerOf(name cyrus.InternalName, acl []cyrus.Right, may func(user string) bool) string {
	owner, _, _ := name.Owner()
	if !owner.Shared {
		if may(owner.Name) {
			return owner.Name
		}
		return ""
	}
	for _, right := range acl {
		switch {
		case !strings.Contains(right.Rights, "r"):
		case may(right.Identifier):
			return right.Identifier
		case right.Identifier == "anyone":
			inDomain := func(user string) bool { return !p.master.domains || domain(user) == domain(owner.Name) }
			if i := slices.IndexFunc(p.users, func(user string) bool { return inDomain(user) && may(user) }); i >= 0 {
				return p.users[i]
			}
		}
	}
	return ""
}

// domain returns what stands behind the @ of a name; only who is in a domain sees
// its shared trees.
func domain(name string) string {
	_, domain, _ := strings.Cut(name, "@")
	return domain
}

// on returns the test whether one may log in as a user on one side.
func (p *pair) on(h *host) func(user string) bool {
	return func(user string) bool {
		has := p.inboxes[user]
		return (h == p.master && has.master != "" || h == p.replica && has.replica != "") && h.lets(user)
	}
}
