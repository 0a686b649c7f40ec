package watch

import (
	"context"
	"time"

	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/usage"
)

// lookAtUsage measures what instances use, and records it. It finds nothing.
func (w *Watch) lookAtUsage(ctx context.Context, now time.Time) (monitor.Look, error) {
	earlier, sample := w.sampleUsage(w.renew(ctx), now)
	return monitor.Look{}, recorded(w.opts.Memory.SaveUsage(ctx, usage.Between(earlier, sample)))
}

// sampleUsage measures what instances use now, and returns what was measured before, if
// anything was.
func (w *Watch) sampleUsage(list []monitor.Instance, now time.Time) (earlier, sample *usage.Sample) {
	s := usage.Look(list, usage.LookOptions{Proc: w.opts.Proc}, now)
	w.mu.Lock()
	defer w.mu.Unlock()
	earlier, w.sample = w.sample, &s
	return earlier, &s
}
