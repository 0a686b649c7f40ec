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
	q := &queue{items: items, most: w.options.Connections}
	q.connect = func() {
		group.Go(func() error {
			s := &side{host: w.host}
			defer s.close()
			for item, more := q.next(); more; item, more = q.next() {
				if err := ctx.Err(); err != nil {
					return err
				}
				if err := do(ctx, s, item); err != nil {
					return err
				}
			}
			return nil
		})
	}
	q.begin()
	return group.Wait()
}

// queue are items that connections take one by one.
type queue struct {
	items   int
	most    func() int // connections, by now
	connect func()     // begins one more

	mu          sync.Mutex
	taken       int // items
	connections int
}

// begin has as many connections begin as there are to give, and items for.
func (q *queue) begin() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.fill(max(q.most(), 1))
}

// fill has connections begin until there are so many, or no items for more.
func (q *queue) fill(most int) {
	for most = min(most, q.connections+q.items-q.taken); q.connections < most; q.connections++ {
		q.connect()
	}
}

// next gives a connection its next item, unless there is none or the server has fewer connections
// to give by now, which ends it; where it has more, others begin.
func (q *queue) next() (item int, more bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	most := max(q.most(), 1)
	if q.taken == q.items || q.connections > most {
		q.connections--
		return 0, false
	}
	item = q.taken
	q.taken++
	q.fill(most)
	return item, true
}
