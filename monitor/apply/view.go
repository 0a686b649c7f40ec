package apply

import (
	"context"
	"errors"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor/prove"
)

// logins is how many users are logged in as at once.
const logins = 4

// views logs in as each user and tells what each of them sees, but for those who are
// denied already.
func (m *move) views(ctx context.Context) (map[inventory.UserID]prove.View, int, error) {
	seen, out := map[inventory.UserID]prove.View{}, 0
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
func (m *move) viewsOn(ctx context.Context, in inventory.Instance, users []inventory.UserID) (views []prove.View, unseen []error, err error) {
	if len(users) == 0 {
		return nil, nil, nil
	}
	names, err := m.names(ctx, in, m.all())
	if err != nil {
		return nil, nil, err
	}
	views, unseen = make([]prove.View, len(users)), make([]error, len(users))
	var looking errgroup.Group
	looking.SetLimit(logins)
	for i, u := range users {
		looking.Go(func() error { views[i], unseen[i] = m.viewOf(ctx, in, u, names); return nil })
	}
	return views, unseen, errors.Join(looking.Wait(), ctx.Err())
}

func (m *move) viewOf(ctx context.Context, in inventory.Instance, user inventory.UserID, names []cyrus.InternalName) (prove.View, error) {
	c, err := m.Dial(ctx, in, user)
	if errors.Is(err, cyrus.ErrLogin) {
		return prove.View{Refused: true}, nil
	}
	if err != nil {
		return prove.View{}, err
	}
	defer c.Close()
	return prove.ViewOf(ctx, c, names)
}
