package main

import (
	"cmp"
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/compare"
)

// run compares the pairs, several at once where their servers have connections
// left.
func (c *comparing) run(ctx context.Context) error {
	bar := c.app.progress("compare")
	defer bar.end()
	c.parts = map[int]progressOf{}
	connections := newConnections(c.inventory, c.app.config.Connections)
	var group errgroup.Group
	group.SetLimit(mostPairs)
	for i := range c.pairs {
		p := &c.pairs[i]
		if p.err != nil {
			continue
		}
		group.Go(func() error {
			release, err := connections.take(ctx, p.master.Server, p.replica.Server)
			if err != nil {
				return err
			}
			defer release()
			c.pair(ctx, p, i, bar)
			return ctx.Err()
		})
	}
	return group.Wait()
}

// mostPairs is how many pairs are compared at once.
const mostPairs = 32

// pair compares one pair.
func (c *comparing) pair(ctx context.Context, p *pairOf, i int, bar *progress) {
	o := compare.Options{
		Level: monitor.CompareLevel(c.flags.level.value), Backlog: c.backlog(p), Connections: 1, Save: c.flags.save,
		Progress: func(done, all int) { c.progress(bar, i, done, all) },
	}
	if c.wanted != nil {
		o.Only = func(owner cyrus.Owner) bool { return c.wanted[owner.Name] }
	}
	if c.flags.sample.value != nil {
		o.Sample = *c.flags.sample.value
	}
	if c.flags.rate.value != nil {
		o.Rate = float64(*c.flags.rate.value)
	}
	if seed := c.app.flags.seed.value; seed != nil {
		o.Seed = *seed
	}
	store := compare.Pair{Store: p.store.Name}
	if store.Master, p.err = c.side(ctx, p, p.master); p.err != nil {
		return
	}
	if store.Replica, p.err = c.side(ctx, p, p.replica); p.err != nil {
		return
	}
	p.found, p.err = compare.Store(ctx, store, o)
	c.progress(bar, i, 1, 1)
}

// progress adds up how far the pairs are: each of them counts the same.
func (c *comparing) progress(bar *progress, i, done, all int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.parts[i] = progressOf{done, all}
	const whole = 100
	sum := 0
	for _, part := range c.parts {
		sum += whole * part.done / max(part.all, 1)
	}
	bar.at(sum, whole*len(c.pairs), "")
}

func (c *comparing) side(ctx context.Context, p *pairOf, in inventory.Instance) (compare.Side, error) {
	options, err := c.asker.options(ctx, in, c.expected[p.store.Name])
	return compare.Side{Server: in.Server, Conf: in.IMAPDConf, IMAP: options}, err
}

// found puts together what was found in all pairs.
func (c *comparing) found() *report.ComparisonOfAll {
	all := &report.ComparisonOfAll{
		Level: monitor.CompareLevel(c.flags.level.value), Differences: []monitor.Difference{}, InFlight: []monitor.InFlight{},
		Uncompared: []monitor.Uncompared{}, Spool: []monitor.SpoolSample{}, Unanswered: []report.Unanswered{},
	}
	worst := map[holder]monitor.Outcome{}
	for i := range c.pairs {
		p := &c.pairs[i]
		all.Coverage.Pairs++
		if p.err != nil {
			all.Unanswered = append(all.Unanswered, report.Unanswered{Store: p.store.Name, Server: p.replica.Server, Why: p.err.Error()})
			continue
		}
		all.Coverage.Compared++
		all.Coverage.Mailboxes += p.found.Mailboxes
		all.Coverage.Messages += p.found.Messages
		all.Differences = append(all.Differences, p.found.Differences...)
		all.InFlight = append(all.InFlight, p.found.InFlight...)
		all.Uncompared = append(all.Uncompared, p.found.Uncompared...)
		all.Spool = append(all.Spool, p.found.Spool...)
		for _, o := range p.found.Owners {
			key := holder{p.store.Name, o.Owner, o.Shared}
			if had, known := worst[key]; !known || o.Outcome.Rank() > had.Rank() {
				worst[key] = o.Outcome
			}
		}
	}
	for _, outcome := range worst {
		all.Users.Add(outcome)
	}
	slices.SortStableFunc(all.Differences, func(a, b monitor.Difference) int { return cmp.Compare(a.Store, b.Store) })
	return all
}

// holder names a user or shared tree of a store.
type holder struct {
	store  inventory.StoreID
	name   string
	shared bool
}
