package compare

import (
	"context"
	"sync"

	"golang.org/x/sync/errgroup"
)

// share has so many items done, in their order, over as many connections at the same time as the
// server has to give before each of them.
func (w *whole) share(ctx context.Context, items int, do func(ctx context.Context, s *side, item int) error) error {
	group, ctx := errgroup.WithContext(ctx)
	t := &turn{whole: w, items: items}
	var lane func() error
	more := func() { group.Go(lane) }
	lane = func() error {
		s := &side{host: w.host}
		defer s.close()
		for item := t.next(more); item >= 0; item = t.next(more) {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := do(ctx, s, item); err != nil {
				return err
			}
		}
		return nil
	}
	t.begin(more)
	return group.Wait()
}

// turn is whose turn it is.
type turn struct {
	*whole
	items int

	mu    sync.Mutex
	given int // items
	lanes int // connections
}

// begin has as many lanes begin as there are connections and items for.
func (t *turn) begin(lane func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.fill(lane)
}

func (t *turn) fill(lane func()) {
	for most := min(max(t.options.Connections(), 1), t.lanes+t.items-t.given); t.lanes < most; t.lanes++ {
		lane()
	}
}

// next gives a lane its next item, or none (-1) where there is none or the server has fewer connections
// to give by now; where it has more others begin.
func (t *turn) next(lane func()) (item int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.given == t.items || t.lanes > max(t.options.Connections(), 1) {
		t.lanes--
		return -1
	}
	item = t.given
	t.given++
	t.fill(lane)
	return item
}
