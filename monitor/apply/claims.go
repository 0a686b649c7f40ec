package apply

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
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
func (o *Options) stateOf(ctx context.Context, journal string, c *claim) (claimState, error) {
	if c.empty() || c.journal != journal {
		return strange, nil
	}
	steps, err := course.Of(&c.unit)
	if err != nil {
		return strange, nil
	}
	records, err := o.Journal.Steps(ctx, c.unit.Plan, c.unit.Name)
	if err != nil {
		return strange, err
	}
	began := slices.IndexFunc(records, func(r monitor.StepRecord) bool {
		return r.Step == steps.Steps[0] && r.State == monitor.StepBegan && r.At.Truncate(time.Microsecond).Equal(c.since)
	})
	switch {
	case began < 0, !slices.ContainsFunc(records[began:], func(r monitor.StepRecord) bool { return r.Step == c.reached }):
		return ahead, nil
	case steps.Next(records, false).Verb == course.End:
		return stale, nil
	}
	return held, nil
}

// claims returns the claims that lie beside instances, in their order, the private
// configurations there, and an error for those that could not be looked at.
func claims(ctx context.Context, hosts []*host) (all []claim, confs map[*host][]string, unseen error) {
	type sight struct {
		claims []claim
		confs  []string
		err    error
	}
	seen := map[*host]*sight{}
	for _, h := range hosts {
		seen[h] = &sight{}
	}
	_ = everywhere(hosts, func(h *host) error {
		s := seen[h]
		s.claims, s.confs, s.err = h.left(ctx)
		return nil
	})
	confs = map[*host][]string{}
	for _, h := range hosts {
		all, unseen = append(all, seen[h].claims...), errors.Join(unseen, seen[h].err)
		confs[h] = seen[h].confs
	}
	return all, confs, unseen
}
