package main

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/history"
)

// quieting keeps quiet what moving users causes itself on the stores that it concerns, as
// long as it goes on: a process that dies leaves silences that soon end.
type quieting struct {
	app     *app
	history *history.History
	author  string
	stores  []inventory.StoreID

	stop    context.CancelFunc
	stopped sync.WaitGroup
	made    []int64
}

// ownNoise is what moving users causes: logs that fill, users who are not on the replica
// yet, sessions that end.
var ownNoise = []monitor.Kind{monitor.BacklogGrown, monitor.CopyDiffers, monitor.LogLine}

// quietFor is how long a silence lasts that nobody renews.
const quietFor = 15 * time.Minute

// byApply begins the author of silences that an apply has made.
const byApply = "apply "

func (a *app) quieting(h *history.History, author string, stores []inventory.StoreID) *quieting {
	return &quieting{app: a, history: h, author: author, stores: stores}
}

// begin ends what an apply that died has left, and keeps quiet until end.
func (q *quieting) begin(ctx context.Context) error {
	left, err := ownSilences(ctx, q.history, q.app.now())
	if err != nil {
		return err
	}
	for i := range left {
		q.made = append(q.made, left[i].Number)
	}
	if err := q.renew(ctx); err != nil {
		return err
	}
	ctx, q.stop = context.WithCancel(context.WithoutCancel(ctx))
	q.stopped.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-time.After(quietFor / 3):
				if err := q.renew(ctx); err != nil && ctx.Err() == nil {
					q.app.say("%v", err)
				}
			}
		}
	})
	return nil
}

// renew makes silences that last anew, and ends those before them.
func (q *quieting) renew(ctx context.Context) error {
	old := q.made
	q.made = nil
	from := q.app.now().UTC().Truncate(time.Microsecond)
	for _, store := range q.stores {
		for _, kind := range ownNoise {
			s := monitor.Silence{
				Matchers: []monitor.Matcher{{Field: "store", Value: string(store)}, {Field: "kind", Value: string(kind)}},
				Author:   q.author, Comment: "users are moved", From: from, Until: from.Add(quietFor),
			}
			if err := q.history.AddSilence(ctx, &s); err != nil {
				return err
			}
			q.made = append(q.made, s.Number)
		}
	}
	return q.lift(ctx, old)
}

func (q *quieting) lift(ctx context.Context, numbers []int64) error {
	for _, n := range numbers {
		if err := q.history.EndSilence(ctx, n, q.app.now().UTC()); err != nil {
			return err
		}
	}
	return nil
}

// endSoon is how long may be tried to end silences, which end by themselves.
const endSoon = 5 * time.Second

// end lets alerts be told again: now or, where the database fails, before long.
func (q *quieting) end(ctx context.Context) {
	q.stop()
	q.stopped.Wait()
	ctx, cancel := context.WithTimeout(ctx, endSoon)
	defer cancel()
	if err := q.lift(ctx, q.made); err != nil {
		q.app.say("alerts that this apply causes stay silenced, for %s at most: %v", formatDuration(quietFor), err)
	}
}

// ownSilences are those in force that an apply has made.
func ownSilences(ctx context.Context, h *history.History, now time.Time) ([]monitor.Silence, error) {
	list, err := h.Silences(ctx, now)
	return slices.DeleteFunc(list, func(s monitor.Silence) bool { return !strings.HasPrefix(s.Author, byApply) }), err
}
