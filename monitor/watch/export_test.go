package watch

import (
	"context"
	"testing"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// SetPace lets the watcher take in what logs said, and look at itself, more often
// during a test.
func SetPace(t *testing.T, every time.Duration) {
	before := usual
	t.Cleanup(func() { usual = before })
	usual = pace{notes: every, itself: every, desk: every, sights: every, restless: every, hangs: 20 * every, leaves: before.leaves}
}

// SetLeaves lets the end of a watch wait for less long during a test.
func SetLeaves(t *testing.T, wait time.Duration) {
	before := usual.leaves
	t.Cleanup(func() { usual.leaves = before })
	usual.leaves = wait
}

// RunAlone watches and follows no logs: who waits for the kernel's word of a file
// stops the clock of a bubble.
func (w *Watch) RunAlone(ctx context.Context) error {
	return w.run(ctx, func(ctx context.Context) error { <-ctx.Done(); return nil })
}

// LookAtProcesses looks at the processes once.
func (w *Watch) LookAtProcesses(ctx context.Context) (monitor.Look, error) {
	return w.lookAtProcesses(ctx, w.opts.Now())
}

// LookAtBacklog looks at the channels once.
func (w *Watch) LookAtBacklog(ctx context.Context) (monitor.Look, error) {
	return w.lookAtBacklog(ctx, w.opts.Now())
}

// Waits tells whether changes are known to wait for the replicas of a store.
func (w *Watch) Waits(ctx context.Context, store inventory.StoreID, now time.Time) (bool, error) {
	return w.waits(ctx, store, now)
}
