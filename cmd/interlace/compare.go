package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/interlacemail/interlace/cmd/interlace/report"
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
over IMAP, and say in what they differ. Nothing is changed on any of them; Cyrus may
make two empty databases, of what was seen and of annotations, when it is asked what
is in them. Levels say how closely to look where nothing differs yet:

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
