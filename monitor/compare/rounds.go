package compare

import (
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/interlacemail/interlace/inventory/cyrus"
)

// lane is a connection to each side.
type lane struct{ master, replica side }

func (p *pair) lane() *lane { return &lane{side{host: p.master}, side{host: p.replica}} }

func (l *lane) close() {
	l.master.close()
	l.replica.close()
}

// both does something on both sides at once.
func (l *lane) both(do func(*side) error) error {
	var group errgroup.Group
	for _, s := range []*side{&l.master, &l.replica} {
		group.Go(func() error { return do(s) })
	}
	return group.Wait()
}

// lookAt asks both sides at once for the same.
func lookAt[T any](l *lane, ask func(*side) (T, error)) (master, replica T, err error) {
	err = l.both(func(s *side) error {
		found, err := ask(s)
		if s == &l.master {
			master = found
		} else {
			replica = found
		}
		return err
	})
	return master, replica, err
}

// details looks at mailboxes on both sides, the replica first: what the master is ahead
// of it then may be on its way, and what it has beyond the master is not.
func (l *lane) details(ctx context.Context, names ...cyrus.InternalName) (master, replica map[cyrus.InternalName]*cyrus.Mailbox, err error) {
	if replica, err = l.replica.details(ctx, names); err == nil {
		master, err = l.master.details(ctx, names)
	}
	return master, replica, err
}

// rounds has every item looked at over all connections until it has settled, from the first
// look on, and again after each pause as often as the options say; look is told when it is
// the last time.
func rounds[T any](ctx context.Context, p *pair, items []T, look func(ctx context.Context, l *lane, item *T, last bool) (again bool, err error)) (err error) {
	for try := 0; len(items) > 0; try++ {
		if try > 0 {
			if err := pause(ctx, p.options.Pause); err != nil {
				return err
			}
		}
		items, err = round(ctx, p, items, func(ctx context.Context, l *lane, item *T) (bool, error) {
			return look(ctx, l, item, try > 0 && try >= p.options.Tries)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// round has every item looked at once and returns those that have not settled.
func round[T any](ctx context.Context, p *pair, items []T, look func(context.Context, *lane, *T) (again bool, err error)) ([]T, error) {
	group, ctx := errgroup.WithContext(ctx)
	next := make(chan int)
	again := make([]bool, len(items))
	group.Go(func() error {
		defer close(next)
		for i := range items {
			select {
			case next <- i:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		return nil
	})
	for range min(p.options.Connections, len(items)) {
		group.Go(func() error {
			l := p.lane()
			defer l.close()
			for i := range next {
				var err error
				if again[i], err = look(ctx, l, &items[i]); err != nil {
					return err
				}
				if !again[i] {
					p.progress()
				}
			}
			return nil
		})
	}
	err := group.Wait()
	var left []T
	for i := range items {
		if again[i] {
			left = append(left, items[i])
		}
	}
	return left, err
}

func (p *pair) progress() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done++
	p.options.Progress(p.done, p.all)
}
