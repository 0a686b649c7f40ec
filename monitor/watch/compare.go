package watch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/compare"
	"github.com/interlacemail/interlace/monitor/synclag"
)

// Comparing says how to compare the masters of this server with their replicas.
type Comparing struct {
	Every  time.Duration // between two runs; zero: never
	Within time.Duration // everybody is compared once within so long
	For    time.Duration // how long a run begins with somebody else
	// Look says how closely, and how much the servers are asked.
	Look compare.Options
	// Open tells whether it is a time of the day for it; nil: always.
	Open func(time.Time) bool
	// Copies returns all copies of the masters here that can be compared when
	// nothing is down.
	Copies func() []monitor.Copy
	// Pairs returns the pairs of the masters here, but those of which one side is
	// known to be down; an error tells of pairs that are left out for another reason.
	Pairs func(context.Context) ([]compare.Pair, error)
	// Claim claims a pair, so that nobody else compares it meanwhile.
	Claim func(monitor.Copy) (release func(), err error)
}

func (c *Comparing) pace() compare.Pace {
	return compare.Pace{Within: c.Within, Next: min(max(c.Every, slowestGap), c.Within/2)}
}

// slowestGap is how long a run may fail to come, such as outside of its hours.
const slowestGap = 24 * time.Hour

func (c *Comparing) open(now time.Time) bool { return c.Open == nil || c.Open(now) }

// compare compares those whose turn it is, one pair after the other: that first
// which was looked at longest ago.
func (w *Watch) compare(ctx context.Context, now time.Time) error {
	c := &w.opts.Compare
	if !c.open(now) {
		return nil
	}
	if err := w.opts.Memory.SaveCopies(ctx, c.Copies(), now); err != nil {
		return err
	}
	pairs, failed := c.Pairs(ctx)
	if len(pairs) == 0 {
		return failed
	}
	past, last, err := w.past(ctx)
	if err != nil {
		return errors.Join(failed, err)
	}
	slices.SortStableFunc(pairs, func(a, b compare.Pair) int { return last[copyOf(&a)].Compare(last[copyOf(&b)]) })
	run := &monitor.ComparisonRun{Level: c.Look.Level, Selection: monitor.ByWatch + string(w.opts.Server), Began: now.UTC().Truncate(time.Microsecond)}
	if err := w.opts.Memory.BeginComparison(ctx, run); err != nil {
		return errors.Join(failed, err)
	}
	enough := func() bool {
		at := w.opts.Now()
		return at.Sub(now) > c.For || !c.open(at)
	}
	for i := range pairs {
		if enough() || ctx.Err() != nil {
			break
		}
		found, err := w.comparePair(ctx, &pairs[i], past, run, enough, w.opts.Now())
		if failed = errors.Join(failed, err); found != nil {
			count(run, found)
		}
	}
	run.Ended = w.opts.Now().UTC()
	return errors.Join(failed, w.opts.Memory.EndComparison(ctx, run))
}

// count adds a comparison to a run.
func count(run *monitor.ComparisonRun, found *monitor.Comparison) {
	run.Copies++
	for i := range found.Owners {
		switch found.Owners[i].Outcome {
		case monitor.Identical:
			run.Identical++
		case monitor.Different:
			run.Different++
		default:
			run.Unknown++
		}
	}
}

func copyOf(p *compare.Pair) monitor.Copy {
	return monitor.Copy{Store: p.Store, Server: p.Replica.Server}
}

// past returns what is known from comparisons before, and when each copy was looked
// at last.
func (w *Watch) past(ctx context.Context) (*compare.Past, map[monitor.Copy]time.Time, error) {
	states, err := w.opts.Memory.Compared(ctx)
	open, openErr := w.opts.Memory.Differences(ctx, w.opts.Now())
	alerts, alertsErr := w.opts.Memory.Alerts(ctx, w.opts.Now())
	last := map[monitor.Copy]time.Time{}
	for i := range states {
		if s := &states[i]; s.At.After(last[s.Copy]) {
			last[s.Copy] = s.At
		}
	}
	return compare.NewPast(states, open, alerts), last, errors.Join(err, openErr, alertsErr)
}

// comparePair compares those of a pair whose turn it is. A store that is behind is
// looked at later, and so is a pair that somebody else compares.
func (w *Watch) comparePair(ctx context.Context, p *compare.Pair, past *compare.Past, run *monitor.ComparisonRun, enough func() bool, now time.Time) (*monitor.Comparison, error) {
	c := &w.opts.Compare
	look := c.Look
	if waits, err := w.waits(ctx, p.Store, now); err != nil || waits {
		return nil, err
	}
	release, err := c.Claim(copyOf(p))
	if err != nil {
		return nil, fmt.Errorf("compare %s with %s: %w", p.Store, p.Replica.Server, err)
	}
	defer release()
	look.Enough = enough
	look.Carried = func(context.Context) time.Time { return w.carried(p.Store) }
	look.Seed, look.Damaged = uint64(now.Unix()), past.Damaged(copyOf(p))
	look.Choose = func(all []cyrus.Owner) ([]cyrus.Owner, error) {
		var due []cyrus.Owner
		for _, t := range c.pace().Due(past.Turns(copyOf(p), look.Level, all, now), now) {
			due = append(due, t.Owner)
		}
		return due, nil
	}
	return compare.Keep(ctx, *p, look, w.opts.Memory, run, now)
}

// carried looks until when everything has reached the replicas of a store.
func (w *Watch) carried(store inventory.StoreID) time.Time {
	w.mu.Lock()
	last := w.last
	w.mu.Unlock()
	if in := instanceOf(w.list(), store); in != nil {
		return synclag.Carried(*in, last, time.Now())
	}
	return time.Time{}
}

// waits tells whether changes are known to wait for the replicas of a store.
func (w *Watch) waits(ctx context.Context, store inventory.StoreID, now time.Time) (bool, error) {
	span := monitor.Span{Server: w.opts.Server, Store: store, From: now.Add(-course)}
	standings, err := synclag.Standings(ctx, w.opts.Memory, span, w.opts.Lag, repeat(w.list()), now)
	return slices.ContainsFunc(standings, func(s synclag.Standing) bool { return synclag.Replicated(&s.Last().Backlog) && compare.Waits(&s.Lag) }), err
}

// lookAtCopies finds what comparisons have found that is still so, and who has waited
// for too long to be compared.
func (w *Watch) lookAtCopies(ctx context.Context, now time.Time) (monitor.Look, error) {
	c := &w.opts.Compare
	if c.Every == 0 {
		return monitor.Look{}, nil
	}
	states, err := w.opts.Memory.Compared(ctx)
	open, openErr := w.opts.Memory.Differences(ctx, now)
	since, sinceErr := w.opts.Memory.Copies(ctx)
	if err := recorded(err, openErr, sinceErr); err != nil {
		return monitor.Look{}, err
	}
	watched := compare.Watched{Server: w.opts.Server, Copies: c.Copies(), Level: c.Look.Level, Pace: c.pace(), Since: since}
	return monitor.Look{Findings: watched.Findings(states, open, now)}, nil
}

// compareOn compares at the interval until the context ends.
func (w *Watch) compareOn(ctx context.Context) {
	if w.opts.Compare.Every == 0 {
		return
	}
	w.every(ctx, w.opts.Compare.Every, func(now time.Time) {
		if err := w.compare(ctx, now); err != nil && ctx.Err() == nil {
			w.complain(err)
		}
	})
}
