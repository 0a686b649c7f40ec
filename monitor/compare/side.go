package compare

import (
	"context"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory/cyrus"
)

// side is one copy of a store, and the connection to it.
type side struct {
	Side
	client *cyrus.Client
	// damaged are the mailboxes at which the server ends the connection, and what
	// it said then.
	damaged map[cyrus.InternalName]error
}

func (s *side) dial(ctx context.Context) (err error) {
	s.close()
	s.client, err = cyrus.Dial(ctx, s.IMAP)
	return err
}

func (s *side) close() {
	if s.client != nil {
		// How a server says goodbye does not matter when all has been read.
		s.client.Close()
	}
	s.client = nil
}

// mailboxes returns the mailboxes of the side by internal name; at the first
// level only what tells two copies apart. A server that a damaged mailbox ends in
// the middle of the list is asked for one after the other.
func (s *side) mailboxes(ctx context.Context, marks bool) ([]cyrus.Mailbox, error) {
	mailboxes, err := s.bulk(ctx, marks)
	if err == nil || !cyrus.Passing(err) {
		return mailboxes, err
	}
	if err := s.dial(ctx); err != nil {
		return nil, err
	}
	names, err := s.client.Names(ctx)
	if err != nil {
		return nil, err
	}
	found, err := s.details(ctx, names)
	if err != nil {
		return nil, err
	}
	for _, m := range found {
		mailboxes = append(mailboxes, *m)
	}
	slices.SortFunc(mailboxes, func(a, b cyrus.Mailbox) int { return strings.Compare(string(a.Internal), string(b.Internal)) })
	return mailboxes, nil
}

func (s *side) bulk(ctx context.Context, marks bool) ([]cyrus.Mailbox, error) {
	if !marks {
		return s.client.Mailboxes(ctx)
	}
	found, err := s.client.Marks(ctx)
	if err != nil {
		return nil, err
	}
	mailboxes := make([]cyrus.Mailbox, len(found))
	for i := range found {
		mailboxes[i].Mark = found[i]
	}
	return mailboxes, nil
}

// details returns the mailboxes of these names that the side has, each as of one
// moment. One at which the server ends the connection is there and not readable.
func (s *side) details(ctx context.Context, names []cyrus.InternalName) (map[cyrus.InternalName]*cyrus.Mailbox, error) {
	byName := make(map[cyrus.InternalName]*cyrus.Mailbox, len(names))
	return byName, s.addDetails(ctx, names, byName)
}

func (s *side) addDetails(ctx context.Context, names []cyrus.InternalName, byName map[cyrus.InternalName]*cyrus.Mailbox) error {
	found, err := s.client.Details(ctx, names)
	switch {
	case err == nil:
		for i := range found {
			byName[found[i].Internal] = &found[i]
		}
		return nil
	case !cyrus.Passing(err):
		return err
	}
	if err := s.dial(ctx); err != nil {
		return err
	}
	if len(names) > 1 {
		half := len(names) / 2
		if err := s.addDetails(ctx, names[:half], byName); err != nil {
			return err
		}
		return s.addDetails(ctx, names[half:], byName)
	}
	s.damage(names[0], err)
	byName[names[0]] = &cyrus.Mailbox{Mark: cyrus.Mark{Internal: names[0], Name: cyrus.ExternalName(names[0])}}
	return nil
}

func (s *side) damage(name cyrus.InternalName, err error) {
	if s.damaged == nil {
		s.damaged = map[cyrus.InternalName]error{}
	}
	s.damaged[name] = err
}

// records returns the messages of a mailbox and the mailbox as of the same
// moment. Where the server ends the connection the mailbox is damaged, which is
// no error.
func (s *side) records(ctx context.Context, name cyrus.InternalName) (*cyrus.Mailbox, []cyrus.Message, error) {
	mailbox, messages, err := s.client.Records(ctx, name)
	if err == nil || !cyrus.Passing(err) {
		return mailbox, messages, err
	}
	if err := s.dial(ctx); err != nil {
		return nil, nil, err
	}
	s.damage(name, err)
	return nil, nil, nil
}

// as opens another connection, as a user who has an INBOX on this side: where
// there is none, a login would create it on servers with autocreate.
func (s *side) as(ctx context.Context, user string) (*cyrus.Client, error) {
	o := s.IMAP
	o.As = user
	return cyrus.Dial(ctx, o)
}
