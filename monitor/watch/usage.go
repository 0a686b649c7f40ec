package watch

import (
	"context"
	"time"

	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/usage"
)

// lookAtUsage measures what instances use, and records it. It finds nothing.
func (w *Watch) lookAtUsage(ctx context.Context, now time.Time) (monitor.Look, error) {
	list := w.renew(ctx)
	sample := usage.Look(list, usage.LookOptions{Proc: w.opts.Proc}, now)
	w.mu.Lock()
	earlier := w.sample
	w.sample = &sample
	w.mu.Unlock()
	return monitor.Look{}, recorded(w.opts.Memory.SaveUsage(ctx, usage.Between(earlier, &sample)))
}
