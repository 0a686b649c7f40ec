package apply

import (
	"context"
	"slices"
	"time"

	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/host"
)

// state of a claim, as the journal has it.
type claimState int

const (
	strange claimState = iota // of another journal, or of nobody known
	ahead                     // of this journal, which does not know what the claim says
	held                      // of a unit of this journal that has not ended
	stale                     // of one that has
)

// stateOf compares a claim with what the journal of this identity has.
func (o *Options) stateOf(ctx context.Context, journal string, c *host.Claim) (claimState, error) {
	if c.Empty() || c.Journal != journal {
		return strange, nil
	}
	steps, err := course.Of(claimed(c))
	if err != nil {
		return strange, nil
	}
	records, err := o.Journal.Steps(ctx, c.Plan, c.Unit)
	if err != nil {
		return strange, err
	}
	began := slices.IndexFunc(records, func(r monitor.StepRecord) bool {
		return r.Step == steps.Steps[0] && r.State == monitor.StepBegan && r.At.Truncate(time.Microsecond).Equal(c.Since)
	})
	switch {
	case began < 0, !slices.ContainsFunc(records[began:], func(r monitor.StepRecord) bool { return r.Step == c.Reached }):
		return ahead, nil
	case steps.Next(records, false).Verb == course.End:
		return stale, nil
	}
	return held, nil
}
