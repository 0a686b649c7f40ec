package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

type compareFlags struct {
	level  choiceFlag
	stores []string
	users  []string
	sample optional[float64]
	rate   optional[int]
	save   string
	roles  bool
	resume bool
	due    optional[time.Duration]
	budget optional[time.Duration]
	known  bool

	all *pflag.FlagSet // with those of all commands
}

func (a *app) compareCommand() *cobra.Command {
	flags := compareFlags{level: choiceOf("2", "1", "2", "3", "4", "user"), sample: peakFlag(), rate: countFlag(1, mostThings), due: spanFlag(), budget: spanFlag()}
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
        what its index says: other ones each time, unless --seed says which, one at
        least of each mailbox, and all of one in which some were damaged before; at
        most is the share of all that may be damaged, at a confidence of 95 %, by all
        that was read; above a third nothing is said
  user  what level 2 looks at, and every folder and message as its readers are shown
        it, by a login as each user

What differs is read message by message at any level, to say what it is. It is
believed when it stands still while it is looked at three times, 2 seconds apart;
what is being written is in flight and not counted. What the replica may still get is
believed only when nothing waits in the sync log any more that is older than that, and
it differs all the same; as long as something does it is in flight too. The log is
looked at where this is the master's server (server in the configuration, if it has
another name), for half a minute; elsewhere the next look of an interlace watch that
records here is waited for, and without one it is suspected only.

All that differs of a user comes with one repair, in the order to paste it, and with
what else it does. It names Cyrus's programs where those are on this server, or beside
the sync_client of the configuration; where neither is known, without a directory. It
names the channel to the replica (sync_client -n), if the master's imapd.conf can be
read, here or by runner; else no copy is removed of one of several replicas.
Where the replica's copy has to be removed, with all that only the replica has, first
comes the command that looks again, with --level 4 --sample 1 --save DIR: it reads all
files of the master, keeps messages and flags that only the replica has as files, and
prints the rest, with what brings messages and flags back to the master (by python3).
Without that no command removes the copy. Where the master is damaged it says what to
copy from the replica. Where the replica has seen more changes than the master in many
mailboxes the roles in the inventory look exchanged, and no command is printed before
that is cleared up.

A user is identical only if everything of his that the level looks at was compared and
did not differ. What could not be compared is listed with the reason, such as users
who are denied, or whose names a login may take for others: nobody logs in by a name
with capitals. Annotations of the server itself, on no mailbox, are not compared;
Cyrus does not copy them with a user. Nor is which Sieve script a side runs when mail
comes: that is a file in sievedir, of which no server tells over IMAP.

Where interlace apply has changed a store and the inventory does not show it, that is
said, and the instances that the journal has are compared, unless the processes show
that somebody has changed them by hand since. Where these do not tell either, the
store is not compared.

The account and the way to log in are those of the configuration (imap). No server
gets more connections at once than imap.connections. Servers that are down in the
inventory are not asked.

Where there is a database, what is found is kept there as soon as a user is done:
--known shows it without asking any server, of the pairs and users that there still
are: what differs counts at the lowest level that shows it and at all that look at
more; at whole since, or later, everybody was compared in all that the level looks at.
--resume goes on with the last comparison of the same level, stores and users that was
broken off, with the --sample, --rate, --save, --roles-are-right and --seed that it
was begun with, but for those that are given anew. --due TIME compares everybody in
turn within that time, if it is run once a day or more often: those first of whom a
difference is known or whose mailboxes an alert names, then those who were not
compared for longest, each time about the same share. --for TIME begins with nobody
else when it is up.

Originals that interlace apply keeps where it has moved users and shared trees from
are a line for each store, which says of users whether they are denied on its master
(cyr_deny -l, by runner; cyrus_tools) or that this is not known. They count as users
only where they differ, and leave the comparison complete.

The exit status is 1 if anything differs, an original is not denied, or a store could
not be compared, 2 if none could, and 3 if nothing differs and something of a user or
mailbox could not be compared, such originals apart. What was in flight, what no
comparison can look at, and servers that are down in the inventory leave it 0: the
next comparison tells. Of --known it is 1 if a difference is open or somebody was not
compared for half as long again as --due, or probes.compare.within, says.`,
		Example: `  interlace compare --level 1
  interlace compare --store s0017 --level 3
  interlace compare --user anna --level user
  interlace compare --level 4 --sample 0.05
  interlace compare --due 7d --for 30m
  interlace compare --known`,
		Args: noWords,
		RunE: func(cmd *cobra.Command, _ []string) error {
			flags.all = cmd.Flags()
			if err := flags.check(); err != nil {
				return err
			}
			if flags.known {
				return a.known(cmd.Context(), &flags)
			}
			return a.compare(cmd.Context(), &flags)
		},
	}
	f := c.Flags()
	f.SortFlags = false
	f.Var(&flags.level, "level", "how closely to look: 1, 2, 3, 4 or user")
	f.StringArrayVar(&flags.stores, "store", nil, "only this `store` (may be repeated)")
	f.StringArrayVar(&flags.users, "user", nil, "only this `user` or shared tree (may be repeated)")
	f.Var(&flags.sample, "sample", "with --level 4, the share of all messages whose files are read (default 0.01)")
	f.Var(&flags.rate, "rate", "ask no server about more than so many mailboxes or users a second, one by one")
	f.Var(pathFlag(&flags.save), "save", "keep messages and flags that only a replica has in this `directory`")
	f.BoolVar(&flags.roles, "roles-are-right", false, "print repairs of a store although its replica has seen more changes than its master")
	f.BoolVar(&flags.known, "known", false, "show what the comparisons before have found, and ask no server")
	f.BoolVar(&flags.resume, "resume", false, "go on with the last comparison like this one, which was broken off")
	f.Var(&flags.due, "due", "compare those whose turn it is, so that everybody is compared within this `time`, such as 7d")
	f.Var(&flags.budget, "for", "begin with nobody else after this `time`")
	return c
}

// check refuses flags that would do nothing beside others, or cannot do what they say.
func (f *compareFlags) check() error {
	var errs []error
	for _, other := range []string{"resume", "sample", "rate", "save", "roles-are-right", "for"} {
		if f.known && f.all.Changed(other) {
			errs = append(errs, fmt.Errorf("--%s: beside --known it does nothing: no server is asked", other))
		}
	}
	if f.sample.value != nil && f.level.value != "4" && !f.known {
		errs = append(errs, errors.New("--sample: files are read at --level 4 only"))
	}
	if err := f.canSave(); err != nil {
		errs = append(errs, fmt.Errorf("--save: %w", err))
	}
	return errors.Join(errs...)
}

// canSave tells whether there is a place for what is saved: the directory, or the one to
// make it in.
func (f *compareFlags) canSave() error {
	if f.save == "" {
		return nil
	}
	if inventory.Paste(f.save) == "" {
		return fmt.Errorf("%s is a name that no command can be given", inventory.Quoted(f.save))
	}
	place := f.save
	info, err := os.Stat(place)
	for errors.Is(err, fs.ErrNotExist) && place != filepath.Dir(place) {
		place = filepath.Dir(place)
		info, err = os.Stat(place)
	}
	switch {
	case err != nil:
		return err
	case !info.IsDir():
		return fmt.Errorf("%s is no directory", place)
	}
	const writeAndSearch = 3
	if err := syscall.Access(place, writeAndSearch); err != nil {
		return &fs.PathError{Op: "write to", Path: place, Err: err}
	}
	return nil
}

func (a *app) compare(ctx context.Context, flags *compareFlags) error {
	known, err := a.facts(ctx)
	if err != nil {
		return err
	}
	f, err := a.factsNow(ctx, known)
	if err != nil {
		return err
	}
	kept, err := a.originals(ctx)
	if err != nil {
		return err
	}
	asker := newAsker(a.config)
	c := &comparing{app: a, facts: f.facts, doubts: f.doubts, asker: asker, flags: flags, began: a.now(), carrying: a.carrying(f.Inventory), originals: kept}
	if err := c.choose(); err != nil {
		return err
	}
	if err := asker.check(ctx, f.Inventory); err != nil {
		return err
	}
	if c.keeping, err = a.keep(ctx, c.began, flags); err != nil {
		return err
	}
	defer c.keeping.close()
	c.sayOutdated(ctx, known)
	if err := c.run(ctx); err != nil {
		return hint(err, "%s", c.keeping.goesOn(flags))
	}
	found := c.found(ctx)
	var unkept error
	if c.keeping != nil {
		if found.Kept, unkept = c.kept(ctx); unkept != nil {
			unkept = fmt.Errorf("the end of the comparison is not kept: %w", unkept)
		}
	}
	err = a.print(result{screen: report.Compared(found), table: report.Differences(found.Differences), json: object(found)})
	switch {
	case err != nil || unkept != nil:
		return errors.Join(err, unkept)
	case c.stranger() != nil:
		return c.stranger()
	case found.Coverage.Pairs > 0 && found.Coverage.Compared == 0:
		return errors.New("no store could be compared")
	case len(found.Differences)+len(found.Unanswered) > 0 || slices.ContainsFunc(found.Originals, func(o report.Original) bool { return o.Lifted() }):
		return errFound
	case slices.ContainsFunc(found.Uncompared, func(u monitor.Uncompared) bool { return u.User != "" || u.Mailbox != "" }):
		return errPartly
	}
	return nil
}
