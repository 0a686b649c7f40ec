package compare

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/interlacemail/interlace/inventory/cyrus"
)

// throttle spares a server: it limits how many mailboxes a second are asked
// about, and waits where a small command takes longer than it did at first.
type throttle struct {
	limit *rate.Limiter

	mu    sync.Mutex
	first time.Duration // what a small command took at best
	next  time.Time     // when to measure again
	rest  time.Time     // until when everybody leaves the server alone
}

func newThrottle(perSecond float64) *throttle {
	limit := rate.Inf
	if perSecond > 0 {
		limit = rate.Limit(perSecond)
	}
	return &throttle{limit: rate.NewLimiter(limit, 1)}
}

// measureEvery is how often a server's speed is measured.
const measureEvery = time.Second

// wait waits until the server may be asked about one more mailbox.
func (t *throttle) wait(ctx context.Context, client *cyrus.Client) error {
	if err := t.limit.Wait(ctx); err != nil {
		return err
	}
	if t.due(time.Now()) {
		begin := time.Now()
		if err := client.Noop(ctx); err != nil {
			return err
		}
		t.took(time.Since(begin))
	}
	return pause(ctx, t.left(time.Now()))
}

func (t *throttle) due(now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now.Before(t.next) {
		return false
	}
	t.next = now.Add(measureEvery)
	return true
}

// took is told what a small command takes now.
func (t *throttle) took(now time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.first == 0 || now < t.first {
		t.first = now
	}
	t.rest = time.Now().Add(backOff(t.first, now))
}

// left is how long the server is to be left alone, over all connections.
func (t *throttle) left(now time.Time) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.rest.Sub(now)
}

// A server is slow when a small command takes so many times what it took at best,
// and longer than anybody calls fast. It then gets several times that to recover.
const (
	slowTimes   = 5
	fast        = 50 * time.Millisecond
	restTimes   = 4
	longestRest = 5 * time.Second
)

// backOff returns how long to leave a server alone.
func backOff(first, now time.Duration) time.Duration {
	if now <= fast || now <= slowTimes*first {
		return 0
	}
	return min(restTimes*now, longestRest)
}
