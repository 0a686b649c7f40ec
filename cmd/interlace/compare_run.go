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
	bar.waits = compare.DefaultPatience
	defer bar.end()
	c.parts = map[int]progressOf{}
	connections := newConnections(c.facts.Inventory, c.app.config.Connections)
	shares := c.shares()
	var group errgroup.Group
	group.SetLimit(mostPairs)
	for i := range c.pairs {
		p := &c.pairs[i]
		if p.err != nil || p.down != "" {
			continue
		}
		group.Go(func() error {
			release, err := connections.take(ctx, p.master.Server, p.replica.Server, shares[i])
			if err != nil {
				return err
			}
			defer release()
			c.pair(ctx, p, i, shares[i], bar)
			return ctx.Err()
		})
	}
	return group.Wait()
}

// shares returns how many connections each pair gets of its servers: they are divided
// among the pairs of the server that has more of them.
func (c *comparing) shares() []int {
	pairs := map[inventory.ServerID]int{}
	for i := range c.pairs {
		pairs[c.pairs[i].master.Server]++
		pairs[c.pairs[i].replica.Server]++
	}
	shares := make([]int, len(c.pairs))
	for i := range c.pairs {
		shares[i] = max(1, c.app.config.Connections/max(pairs[c.pairs[i].master.Server], pairs[c.pairs[i].replica.Server]))
	}
	return shares
}

// mostPairs is how many pairs are compared at once.
const mostPairs = 32

// pair compares one pair.
func (c *comparing) pair(ctx context.Context, p *pairOf, i, connections int, bar *progress) {
	o := compare.Options{
		Level: monitor.CompareLevel(c.flags.level.value), Connections: connections, Save: c.flags.save, Roles: c.flags.roles,
		Progress: func(done, all int) { c.progress(bar, i, done, all) },
	}
	o.Carried, o.Patience = c.carrying.of(p.store, p.replica.Server)
	var chosen []cyrus.Owner
	done := map[cyrus.Owner]bool{}
	o.Finished = func(list []monitor.Compared) error {
		for i := range list {
			done[cyrus.Owner{Name: list[i].Owner, Shared: list[i].Shared}] = true
		}
		return nil
	}
	o.Choose = func(all []cyrus.Owner) ([]cyrus.Owner, error) {
		whom, err := c.whom(p)(all)
		chosen = whom
		return whom, err
	}
	if c.flags.budget.value != nil {
		until := c.began.Add(*c.flags.budget.value)
		o.Enough = func() bool { return c.app.now().After(until) }
	}
	if c.flags.sample.value != nil {
		o.Sample = *c.flags.sample.value
	}
	if c.flags.rate.value != nil {
		o.Rate = float64(*c.flags.rate.value)
	}
	o.Seed = c.seed()
	if c.keeping != nil {
		o.Damaged = c.keeping.past.Damaged(p.copy())
	}
	store := compare.Pair{Store: p.store.Name, Several: p.store.Several(), Channel: c.app.config.channelTo(ctx, c.carrying.server, p.store, p.replica)}
	if store.Master, p.err = c.side(ctx, p, p.master); p.err != nil {
		return
	}
	if store.Replica, p.err = c.side(ctx, p, p.replica); p.err != nil {
		return
	}
	p.found, p.err = c.compare(ctx, p, store, o)
	p.left = heads(chosen, func(o cyrus.Owner) bool { return !done[o] })
	c.progress(bar, i, 1, 1)
}

// seed says which files are read: those of --seed or, by the time, each run others.
func (c *comparing) seed() uint64 {
	if c.flags.all.Changed("seed") {
		return *c.app.flags.seed.value
	}
	return uint64(c.began.Unix())
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
	return c.app.config.sideOf(in, options), err
}

// found puts together what was found in all pairs.
func (c *comparing) found(ctx context.Context) *report.ComparisonOfAll {
	all := &report.ComparisonOfAll{
		Level: monitor.CompareLevel(c.flags.level.value), Differences: []monitor.Difference{}, InFlight: []monitor.InFlight{},
		Uncompared: []monitor.Uncompared{}, Spool: []monitor.SpoolSample{}, Unanswered: []report.Unanswered{},
	}
	if all.Level == monitor.CompareSpool {
		seed := c.seed()
		all.Seed = &seed
	}
	c.worst = map[holder]monitor.Outcome{}
	for i := range c.pairs {
		p := &c.pairs[i]
		all.Coverage.Pairs++
		if p.down != "" {
			all.Coverage.Down++
			all.Uncompared = append(all.Uncompared, monitor.Uncompared{
				Store: p.store.Name, Server: p.replica.Server, What: "everything", Why: string(p.down) + " is down",
			})
			continue
		}
		all.Differences = append(all.Differences, c.foundBefore(p)...)
		if p.err != nil {
			all.Unanswered = append(all.Unanswered, report.Unanswered{Store: p.store.Name, Server: p.replica.Server, Why: p.err.Error()})
		}
		if p.found == nil {
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
			if had, known := c.worst[key]; !known || o.Outcome.Rank() > had.Rank() {
				c.worst[key] = o.Outcome
			}
		}
	}
	all.Uncompared = c.there.denied(all.Uncompared)
	all.Originals = c.there.asked(ctx, c.facts.Inventory, c.app.config).list()
	for key, outcome := range c.worst {
		if _, aside := c.there[key]; !aside || outcome == monitor.Different {
			all.Users.Add(outcome, key.shared)
		}
	}
	slices.SortStableFunc(all.Differences, func(a, b monitor.Difference) int { return cmp.Compare(a.Store, b.Store) })
	return all
}

// headcount is how many users and shared trees there are, and trees among them.
type headcount struct{ all, trees int }

// heads counts those of some owners for whom something holds.
func heads(owners []cyrus.Owner, of func(cyrus.Owner) bool) (n headcount) {
	for _, o := range owners {
		if !of(o) {
			continue
		}
		if n.all++; o.Shared {
			n.trees++
		}
	}
	return n
}

// holder names a user or shared tree of a store.
type holder struct {
	store  inventory.StoreID
	name   string
	shared bool
}
