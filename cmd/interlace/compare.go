package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/compare"
)

type compareFlags struct {
	level  choiceFlag
	stores []string
	users  []string
	sample optional[float64]
	rate   optional[int]
	save   string
}

func (a *app) compareCommand() *cobra.Command {
	flags := compareFlags{level: choiceOf("2", "1", "2", "3", "4", "user"), sample: ratioFlag(), rate: countFlag(1, mostThings)}
	c := &cobra.Command{
		Use:   "compare",
		Short: "Compare masters with their replicas over IMAP",
		Long: `Ask the master and each replica of every store what they hold, as an administrator
over IMAP, and say in what they differ. Nothing is changed on any of them. Levels say
how closely to look where nothing differs yet:

  1     counters and checksums of every mailbox
  2     and rights, quotas, subscriptions, what was seen, annotations
  3     and every message: flags, dates, sizes, digests
  4     and, of a sample of all messages, whether the files on each side's disk are
        what its index says
  user  what level 2 looks at, and every folder and message as its readers are shown
        it, by a login as each user

What differs is read message by message at any level, to say what it is. It is
believed when it stands still while it is looked at three times, 2 seconds apart;
what is being written is in flight and not counted. What the replica may still get is
suspected only, unless interlace watch has seen lately that nothing waits in the sync
log; if something does, it is in flight too.

Each difference comes with the commands that repair it and with what else they do.
A message that only the replica has is lost by a repair of the replica: --save keeps
such messages as files first.

A user is identical only if everything of his that the level looks at was compared and
did not differ. What could not be compared is listed with the reason.

The account and the way to log in are those of the configuration (imap). No server
gets more connections at once than imap.connections.

The exit status is 1 if anything differs or a store could not be compared, and 2 if
none could.`,
		Example: `  interlace compare --level 1
  interlace compare --store s0017 --level 3
  interlace compare --user anna --level user
  interlace compare --level 4 --sample 0.05`,
		Args: noWords,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.compare(cmd.Context(), flags)
		},
	}
	f := c.Flags()
	f.SortFlags = false
	f.Var(&flags.level, "level", "how closely to look: 1, 2, 3, 4 or user")
	f.StringArrayVar(&flags.stores, "store", nil, "only this `store` (may be repeated)")
	f.StringArrayVar(&flags.users, "user", nil, "only this `user` or shared tree (may be repeated)")
	f.Var(&flags.sample, "sample", "with --level 4, the share of all messages whose files are read (default 0.01)")
	f.Var(&flags.rate, "rate", "ask no server about more than so many mailboxes or users a second, one by one")
	f.Var(pathFlag(&flags.save), "save", "keep messages that only a replica has in this `directory`")
	return c
}

func (a *app) compare(ctx context.Context, flags compareFlags) error {
	f, err := a.facts(ctx)
	if err != nil {
		return err
	}
	asker := newAsker(a.config)
	c := &comparing{app: a, inventory: f.Inventory, asker: asker, flags: flags}
	if err := c.choose(); err != nil {
		return err
	}
	if err := asker.check(ctx, f.Inventory); err != nil {
		return err
	}
	if c.backlogs, err = a.backlogs(ctx); err != nil {
		return err
	}
	if err := c.run(ctx); err != nil {
		return err
	}
	found := c.found()
	err = a.print(result{screen: report.Compared(found), table: report.Differences(found.Differences), json: object(found)})
	switch {
	case err != nil:
		return err
	case found.Coverage.Pairs > 0 && found.Coverage.Compared == 0:
		return errors.New("no store could be compared")
	case len(found.Differences)+len(found.Unanswered) > 0:
		return errFound
	}
	return nil
}

// comparing is a comparison of many pairs under way.
type comparing struct {
	app       *app
	inventory *inventory.Inventory
	asker     *asker
	flags     compareFlags
	backlogs  map[backlogKey]compare.Backlog
	wanted    map[string]bool // users and shared trees; nil means all
	pairs     []pairOf

	mu    sync.Mutex
	parts map[int]progressOf
}

// pairOf is a store and one of its replicas.
type pairOf struct {
	store   *inventory.Store
	master  inventory.Instance
	replica inventory.Instance
	found   *monitor.Comparison
	err     error
}

type progressOf struct{ done, all int }

// choose finds the pairs to compare, and what is wrong with what was asked for.
func (c *comparing) choose() error {
	var errs []error
	stores := map[inventory.StoreID]bool{}
	for _, name := range c.flags.stores {
		if c.inventory.Store(inventory.StoreID(name)) < 0 {
			errs = append(errs, fmt.Errorf("--store %s: the inventory has no such store", inventory.Printable(name)))
		}
		stores[inventory.StoreID(name)] = true
	}
	homes, err := c.homes()
	errs = append(errs, err)
	if err := errors.Join(errs...); err != nil {
		return hint(err, "interlace show stores and interlace show users list what there is")
	}
	for i := range c.inventory.Stores {
		s := &c.inventory.Stores[i]
		if len(stores) > 0 && !stores[s.Name] || homes != nil && !homes[s.Name] {
			continue
		}
		c.pairs = append(c.pairs, c.pairsOf(s)...)
	}
	if len(c.pairs) == 0 {
		return hint(errors.New("there is no pair of a master and a replica to compare"), "instances carry imap: host:port in the fleet file, and a store has a replica")
	}
	return nil
}

// homes returns the stores of the users who were asked for; nil means that it may be
// any store.
func (c *comparing) homes() (map[inventory.StoreID]bool, error) {
	if len(c.flags.users) == 0 {
		return nil, nil
	}
	c.wanted = map[string]bool{}
	homes := map[inventory.StoreID]bool{}
	known := map[string]inventory.StoreID{}
	for i := range c.inventory.Users {
		known[string(c.inventory.Users[i].Name)] = c.inventory.Users[i].Store
	}
	var errs []error
	for _, name := range c.flags.users {
		c.wanted[name] = true
		store, found := known[name]
		if !found && len(known) > 0 {
			errs = append(errs, fmt.Errorf("--user %s: the inventory has no such user or shared tree", inventory.Printable(name)))
		}
		homes[store] = true
	}
	if len(known) == 0 {
		return nil, nil
	}
	return homes, errors.Join(errs...)
}

// pairsOf returns the pairs of a store; those without an address cannot be asked.
func (c *comparing) pairsOf(s *inventory.Store) []pairOf {
	master := s.Master()
	var pairs []pairOf
	for i, in := range s.Instances {
		if i == 0 {
			continue
		}
		p := pairOf{store: s, master: *master, replica: in}
		for _, side := range []inventory.Instance{*master, in} {
			if side.IMAP == "" {
				p.err = fmt.Errorf("the instance on %s has no IMAP address", side.Server)
			}
		}
		pairs = append(pairs, p)
	}
	return pairs
}

// run compares the pairs, several at once where their servers have connections
// left.
func (c *comparing) run(ctx context.Context) error {
	bar := c.app.progress("compare")
	defer bar.end()
	c.parts = map[int]progressOf{}
	seats := newSeats(c.app.config.Connections)
	var group errgroup.Group
	group.SetLimit(mostPairs)
	for i := range c.pairs {
		p := &c.pairs[i]
		if p.err != nil {
			continue
		}
		group.Go(func() error {
			if err := seats.take(ctx, p.master.Server, p.replica.Server); err != nil {
				return err
			}
			defer seats.leave(p.master.Server, p.replica.Server)
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
	if store.Master, p.err = c.side(ctx, p.master); p.err != nil {
		return
	}
	if store.Replica, p.err = c.side(ctx, p.replica); p.err != nil {
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

func (c *comparing) side(ctx context.Context, in inventory.Instance) (compare.Side, error) {
	options, err := c.asker.options(ctx, in)
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
