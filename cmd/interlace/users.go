package main

import (
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/users"
)

type usersFlags struct {
	plan        string
	after       []string
	peak        optional[float64]
	drain, keep []string
	maxBytes    optional[int64]
	maxUsers    optional[int]
	light       bool
	place       optional[int]
}

func (a *app) usersCommand() *cobra.Command {
	flags := usersFlags{
		peak: peakFlag(), maxBytes: sizeFlag(), maxUsers: countFlag(0, mostThings), place: countFlag(0, mostThings).or(0),
	}
	c := &cobra.Command{
		Use:   "users",
		Short: "Plan which users move to which store",
		Long: `Plan which users move to which store, share groups whole: with the fewest bytes
copied so that no store is fuller than --peak (or than its ceilings), or the
lowest peak that a budget of bytes or users allows.

What users weigh goes with them to other servers: the plan says what that does
to the worst failures, and of equally good stores takes those where they stay as
they are. With --light it moves as few users as it can, and share groups that
are torn stay torn, with a warning, unless a store that drains has to be emptied
of them.

--keep of a user leaves the whole share group where it is, of a store all who are on
it, and of a server all on the stores whose masters it carries. Others may still be
moved onto these stores.

With a database nobody is planned onto a store that keeps a copy of them after an
earlier move or its way back (keep_source), which interlace apply would refuse; a
warning says until when.

The exit status is 1 if no assignment was found that keeps every rule; the best
one is still written, with the rules that it breaks.`,
		Example: `  interlace users --plan users.json
  interlace users --peak 0.8 --drain store:s001 --plan emptied.json
  interlace users --after plan.json --max-bytes 5TB --plan users.json`,
		Args: noWords,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.users(cmd, flags)
		},
	}
	f := c.Flags()
	f.SortFlags = false
	f.Var(pathFlag(&flags.plan), "plan", "write the plan to this `file`")
	f.StringArrayVar(&flags.after, "after", nil, "take the layout plan in this `file` as carried out (may be repeated)")
	f.Var(&flags.peak, "peak", "let no store be fuller than this")
	f.StringArrayVar(&flags.drain, "drain", nil, "empty this `store` of users (may be repeated)")
	f.StringArrayVar(&flags.keep, "keep", nil, "move nobody of this `subject`, such as user:anna, store:s001 or server:imap03, away; others may come there (may be repeated)")
	f.Var(&flags.maxBytes, "max-bytes", "copy at most this much, such as 10TB")
	f.Var(&flags.maxUsers, "max-users", "move at most this many users")
	f.BoolVar(&flags.light, "light", false, "fewest moves in place of fewest bytes, and leave torn share groups torn (a warning)")
	f.Var(&flags.place, "place", "say where this `number` of new users should go")
	return c
}

func (a *app) users(cmd *cobra.Command, flags usersFlags) error {
	f, err := a.facts(cmd.Context())
	if err != nil {
		return err
	}
	if err := mayWrite(flags.plan, "", slices.Concat(f.read, flags.after)...); err != nil {
		return err
	}
	now, after, err := a.after(cmd.Context(), f, flags.after)
	if err != nil {
		return err
	}
	drain, err := subjectsNamed("--drain", flags.drain, storeSubjects(f.Inventory), f.allSubjects)
	if err != nil {
		return err
	}
	keep, err := subjectsNamed("--keep", flags.keep, usersMayKeep(f, flags.keep), f.allSubjects)
	if err != nil {
		return err
	}
	opts := users.Options{
		Seed: *a.flags.seed.value, Drain: drain, Keep: keep, MaxBytes: flags.maxBytes.value, MaxUsers: flags.maxUsers.value,
		Light: flags.light, Place: *flags.place.value, Peak: flags.peak.given(0), After: after,
	}
	var kept []planner.Warning
	opts.Barred, kept = a.keptCopies(cmd.Context()).barred(now.Inventory)
	bar := a.progress("users")
	opts.Progress = func(p users.Progress) { bar.at(p.Done, p.Total, p.Doing) }
	start := time.Now()
	plan, err := users.Assign(cmd.Context(), now.Inventory, now.groups, opts)
	bar.end()
	if err != nil {
		return err
	}
	plan.Warnings = append(plan.Warnings, kept...)
	plan.Inventory = planner.NewReference(f.Inventory, f.groups, subjects(plan))
	made := report.Made{Inventory: f.Inventory, Took: a.took(start), File: flags.plan, After: flags.after}
	return a.finish(plan, plan.Violations, plan.Stopped, made)
}

// usersMayKeep lists what --keep of a users plan may name, which is much.
func usersMayKeep(f *facts, asked []string) []planner.Subject {
	if len(asked) == 0 {
		return nil
	}
	list := append(serverSubjects(f.Inventory), storeSubjects(f.Inventory)...)
	for _, user := range userSubjects(f.Inventory) {
		_, name := user.Split()
		list = append(list, user, planner.Subject("group:"+name))
	}
	return list
}
