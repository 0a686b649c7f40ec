package watch

import (
	"context"
	"time"

	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/confirm"
)

// lookAtPlans finds plans that do not keep what they promised, as far as it was asked.
func (w *Watch) lookAtPlans(ctx context.Context, _ time.Time) (monitor.Look, error) {
	last, err := w.opts.Memory.LastConfirmations(ctx)
	if err != nil {
		return monitor.Look{}, recorded(err)
	}
	changed, err := w.opts.Memory.LastSteps(ctx)
	if err != nil {
		return monitor.Look{}, recorded(err)
	}
	return monitor.Look{Findings: confirm.Findings(w.opts.Server, last, changed)}, nil
}
