package apply

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
)

// view is what a user saw of what is moved, and to what the user is subscribed.
type view struct {
	Refused       bool             // nobody can log in as the user
	Mailboxes     map[string]sight // by the name that the user sees
	Subscriptions []string
}

// sight is a mailbox as a user saw it.
type sight struct {
	UIDValidity, UIDNext uint32
	ModSeq               uint64
	Messages, Unseen     int64
}

// logins is how many users are logged in as at once.
const logins = 4

// views logs in as each user and tells what each of them sees, but for those who are
// denied already.
func (m *move) views(ctx context.Context) (map[inventory.UserID]view, int, error) {
	seen, out := map[inventory.UserID]view{}, 0
	for _, s := range m.sources {
		denied, err := s.hosts[0].Denied(ctx)
		if err != nil {
			return nil, 0, err
		}
		users := slices.DeleteFunc(slices.Clone(s.users), func(u inventory.UserID) bool { return denied[u] })
		out += len(s.users) - len(users)
		views, unseen, err := m.viewsOn(ctx, s.master(), users)
		if err = errors.Join(append(unseen, err)...); err != nil {
			return nil, 0, err
		}
		for i, u := range users {
			seen[u] = views[i]
		}
	}
	return seen, out, nil
}

// viewsOn returns what users see on an instance of what is moved, and of whom that can't be
// told, and why.
func (m *move) viewsOn(ctx context.Context, in inventory.Instance, users []inventory.UserID) (views []view, unseen []error, err error) {
	if len(users) == 0 {
		return nil, nil, nil
	}
	names, err := m.names(ctx, in, m.all())
	if err != nil {
		return nil, nil, err
	}
	views, unseen = make([]view, len(users)), make([]error, len(users))
	var looking errgroup.Group
	looking.SetLimit(logins)
	for i, u := range users {
		looking.Go(func() error { views[i], unseen[i] = m.viewOf(ctx, in, u, names); return nil })
	}
	return views, unseen, errors.Join(looking.Wait(), ctx.Err())
}

func (m *move) viewOf(ctx context.Context, in inventory.Instance, user inventory.UserID, names []cyrus.InternalName) (view, error) {
	c, err := m.Dial(ctx, in, user)
	if errors.Is(err, cyrus.ErrLogin) {
		return view{Refused: true}, nil
	}
	if err != nil {
		return view{}, err
	}
	defer c.Close()
	saw, err := c.ViewOf(ctx, names)
	if err != nil {
		return view{}, err
	}
	v := view{Mailboxes: map[string]sight{}, Subscriptions: saw.Subscriptions}
	for _, b := range saw.Mailboxes {
		v.Mailboxes[b.Name] = sight{
			UIDValidity: b.Status.UIDValidity, UIDNext: b.Status.UIDNext, ModSeq: b.Status.HighestModSeq, Messages: b.Status.Messages, Unseen: b.Unseen,
		}
	}
	return v, nil
}

// lost tells what a user does not see any more. Mail may have come meanwhile, and what
// was done until the denial counts.
func (v *view) lost(now *view) string {
	for _, name := range slices.Sorted(maps.Keys(v.Mailboxes)) {
		was := v.Mailboxes[name]
		is, there := now.Mailboxes[name]
		switch {
		case !there:
			return fmt.Sprintf("mailbox %s", inventory.Printable(name))
		case is.UIDValidity != was.UIDValidity || is.UIDNext < was.UIDNext || is.ModSeq < was.ModSeq:
			return fmt.Sprintf("the messages of %s: UIDVALIDITY, UIDNEXT and HIGHESTMODSEQ were %d, %d and %d, and are %d, %d and %d",
				inventory.Printable(name), was.UIDValidity, was.UIDNext, was.ModSeq, is.UIDValidity, is.UIDNext, is.ModSeq)
		case is.ModSeq == was.ModSeq && (is.Messages != was.Messages || is.Unseen > was.Unseen):
			return fmt.Sprintf("what was read of %s: %d of %d messages were unseen, now %d of %d", inventory.Printable(name), was.Unseen, was.Messages, is.Unseen, is.Messages)
		}
	}
	for _, name := range v.Subscriptions {
		if !slices.Contains(now.Subscriptions, name) {
			return fmt.Sprintf("the subscription to %s", inventory.Printable(name))
		}
	}
	return ""
}
