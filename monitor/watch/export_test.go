package watch

import (
	"context"
	"testing"
	"time"
)

// SetPace lets the watcher take in what logs said, and look at itself, more often
// during a test.
func SetPace(t *testing.T, every time.Duration) {
	notes, itself, desk, sights, hung, restless := notesEvery, itselfEvery, deskEvery, betweenSights, hangs, restlessEvery
	notesEvery, itselfEvery, deskEvery, betweenSights, hangs, restlessEvery = every, every, every, every, 20*every, every
	t.Cleanup(func() {
		notesEvery, itselfEvery, deskEvery, betweenSights, hangs, restlessEvery = notes, itself, desk, sights, hung, restless
	})
}

// SetLeaves lets the end of a watch wait for less long during a test.
func SetLeaves(t *testing.T, wait time.Duration) {
	before := leaves
	leaves = wait
	t.Cleanup(func() { leaves = before })
}

// RunAlone watches and follows no logs: who waits for the kernel's word of a file
// stops the clock of a bubble.
func (w *Watch) RunAlone(ctx context.Context) error {
	return w.run(ctx, func(ctx context.Context) error { <-ctx.Done(); return nil })
}
