package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/history"
)

type applyFlags struct {
	yes, stop, resume, rollback, giveUp bool
	window                              optional[window]
	usersPerNight, onlyWave             optional[int]
}

func (a *app) applyCommand() *cobra.Command {
	flags := applyFlags{window: windowFlag(), usersPerNight: countFlag(1, mostThings), onlyWave: countFlag(1, mostThings)}
	c := &cobra.Command{
		Use:   "apply [PLAN…]",
		Short: "Carry out plans on the live fleet",
		Long: `Carry out plans on the live fleet: a schedule with the plans that it orders, or a
users or layout plan alone. Without --yes nothing is changed: each group of users,
and each change of a store, is listed with its steps, the commands that they run,
the routes that they change, what would keep it waiting now, and all that speaks
against it. Those commands that can be pasted as they are say on which server; with
--rollback it is listed what taking back would do.

With --yes they are carried out, wave by wave. Users are copied while they work,
again and again until that is quick; then whoever may write to their folders is kept
out for as long as it takes to copy the rest, to prove that the new store and its
replicas have what the old one has, and to route mail and clients anew. Until they are
let in there everything can be taken back, and is if a step fails, a server does not
answer, it takes too long, or somebody else denies one of them (cyr_deny) or lets one
in; what can't be undone on a server that is down is undone by a later --resume or
--rollback. Mail waits in the queue of the relay meanwhile.
The originals stay where they were, and denied, for keep_source, and are deleted by a
later apply --resume --yes, which asks confirm, and reads every message on the new
store and its replicas, first. Where the mail logs do not tell that nobody was
delivered to or logged in there for a day they stay; with a keep_source of less than a
day they do only where the logs tell of somebody since the move. That it was made
shorter since is said before.

A layout plan is carried out change by change: replicas are made and filled,
promoted and dropped, by a command of yours, instance_hook: see interlace help
instances.

No more users than --users-per-night move in a night, of all plans: from one opening
of the window to the next or, without one, from noon to noon. Who is moved back moves
again, is kept out again, and counts again. What waits for the next night says when
that begins. A group that shares folders moves whole: one of more users than that is
not begun, which is told.

Nothing begins where the facts have changed since the plan was made, where a rule of
the fleet would be broken by more than today, when it is done or on the way, where an
instance does not answer or is not what the inventory takes it to be, while a store
is behind, has a critical alert, or the time is outside of the window. What a plan
leaves broken as it is today is told and keeps nothing back. Of plans that are begun
what is not begun yet is left out then; the rest goes on. apply ends by itself after
two failures in a row, whichever plans these are of, after one that leaves something
that can be neither finished nor taken back, when a store gets too far behind, by
interlace apply --stop, and by a file on any mail server (stop_file): users who are
kept out are let in again first, on the new store or on the old one. What waits for
its store lets others go first that do not need it; originals are deleted at any
time, but while a store of theirs is behind or has a critical alert.

All that is done is written down in the database before and after, with the plans.
What is not begun of a plan and can't be, as since facts have changed, or whose check
fails each time, waits and ends each --resume with 1, and confirm tells of it, until
--resume --give-up --yes gives it up, with what builds on it: then nothing waits for
it, and only who names the plan again begins it. So does it with a promotion that
somebody has undone by hand, which is blocked until then, or until the roles are again
as it has made them, and with the way back of users of whom one is not where the plan
has moved them any more. When apply was killed, --resume --yes goes on with what is
there, and needs no file.

--rollback --yes takes back what can be; users who are on their new store already are
moved back, with the mail that has come since, where the disks have room for that.
Rules that the plan had mended are broken again then, and keep nobody there: that is
said before and after. --resume --yes goes on with a rollback that was killed as one;
who names the plans again has go on what has not turned back. A change of a layout
that is done is not taken back: that needs another layout plan. One that may be in
service already goes on, and is named. The rollback ends with 1 for both, and names
them, also where it is --resume that brings it to its end; runs after it are not
concerned with them.

From its beginning to its end each group claims the instances that it changes, with a
file interlace-….claim in their configdirectory: apply with another database, or with
an older copy of this one, does nothing there, and says whose the claim is, also where
that one has nothing begun. Where the database fails in the middle apply lets users in
again where they were or, if they may be routed anew already, says who is kept out.

"interlace config --help" lists the keys that apply needs: sync, routing_hook or
routing_file, and others. What interlace watch has recorded in the same database
counts; where nobody watches, the lag of stores is not known and keeps nothing back.

The exit status is 1 if anything was not done, or speaks against the plan, and 2 if
nothing could be done, or users are kept out or an instance that has to run does not
at the end: then the last lines say who, and which. Who is kept out by another plan,
whose apply was killed, is told too, until --resume or --rollback lets them in.`,
		Example: `  interlace apply moves.json users.json
  interlace apply moves.json users.json --yes
  interlace apply users.json --yes --window 22:00-05:00 --users-per-night 200
  interlace apply --stop
  interlace apply --resume --yes
  interlace apply --rollback --yes`,
		Args: func(cmd *cobra.Command, args []string) error {
			switch {
			case flags.giveUp && !flags.resume:
				return misused(cmd, "--give-up goes with --resume")
			case flags.stop && len(args) > 0 || flags.resume && len(args) > 0:
				return misused(cmd, "it takes no %q with --stop or --resume", args[0])
			case flags.stop || flags.resume || flags.rollback && len(args) == 0:
				return nil
			}
			if len(args) == 0 {
				return misused(cmd, "PLAN is missing")
			}
			return someWords(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if flags.stop {
				return a.stopApply(cmd.Context())
			}
			return a.apply(cmd.Context(), args, flags)
		},
	}
	f := c.Flags()
	f.SortFlags = false
	f.BoolVar(&flags.yes, "yes", false, "do it; without it is only said what would be done")
	f.BoolVar(&flags.stop, "stop", false, "ask the apply that runs to end as soon as nobody is kept out")
	f.BoolVar(&flags.resume, "resume", false, "go on with all that was begun and is not done")
	f.BoolVar(&flags.giveUp, "give-up", false, "with --resume: give up what is not begun and can't be, as since facts have changed or its check fails again, and promotions undone by hand")
	f.BoolVar(&flags.rollback, "rollback", false, "take back what was begun, or what the plans have done")
	f.Var(&flags.window, "window", "begin nothing and keep nobody out but between these `hours`, such as 22:00-05:00, on the clock of this machine (default apply.window)")
	f.Var(&flags.usersPerNight, "users-per-night", "move no more than so many `users` a night; more who go together are not begun (default apply.users_per_night)")
	f.Var(&flags.onlyWave, "only-wave", "carry out this `wave` of the schedule only")
	apart(c, "stop", "resume", "the one ends what runs, the other goes on with it")
	apart(c, "stop", "rollback", "the one ends what runs, the other goes back")
	apart(c, "resume", "rollback", "the one goes forward, the other back")
	apart(c, "stop", "yes", "the one ends the apply that runs, the other carries out")
	return c
}

// windowFlag is a flag for a part of each day.
func windowFlag() optional[window] {
	return optional[window]{kind: "hours", format: window.String, parse: parseWindow}
}

// stopApply asks the apply that runs to end.
func (a *app) stopApply(ctx context.Context) error {
	h, err := a.openHistory(ctx, toChange)
	if err != nil {
		return err
	}
	defer h.Close()
	release, err := a.claimApply()
	if err == nil {
		release()
		if err := a.sayPasswords(ctx, h); err != nil {
			return err
		}
		return hint(errors.New("no apply runs with this database"), "interlace apply --resume lists what is begun and not done")
	}
	if !errors.Is(err, errApplied) {
		return err
	}
	if err := h.StopApplies(ctx, a.now().UTC()); err != nil {
		return err
	}
	a.note("asked for: it ends as soon as nobody is kept out")
	return nil
}

// apply carries plans out, or says what that would do.
func (a *app) apply(ctx context.Context, paths []string, flags applyFlags) error {
	f, err := a.facts(ctx)
	if err != nil {
		return err
	}
	h, err := a.openJournal(ctx, flags.yes)
	if err != nil {
		return err
	}
	defer h.Close()
	if flags.yes {
		unread := make(chan os.Signal, 1)
		signal.Notify(unread, syscall.SIGPIPE) // that nobody reads what it says ends nothing
		defer signal.Stop(unread)
		release, err := a.claimApply()
		if err != nil {
			return err
		}
		defer release()
	}
	c := &applying{app: a, history: h, facts: f, flags: flags, told: map[string]bool{}}
	return c.withOthers(ctx, c.plans(ctx, paths))
}

// plans carries the plans of these files out, or all that is begun.
func (c *applying) plans(ctx context.Context, paths []string) error {
	var err error
	if c.jobs, err = c.app.jobs(ctx, c.history, c.facts, paths, c.flags.rollback); err != nil {
		return err
	}
	if len(c.jobs) == 0 {
		return c.nothing(ctx)
	}
	if err := missingWave(c.jobs, c.flags.onlyWave.given(0)); err != nil {
		return err
	}
	if err := c.keepRules(ctx); err != nil {
		return err
	}
	if c.flags.yes {
		if err := c.mayBegin(); err != nil {
			return err
		}
	}
	if err := c.prepare(ctx); err != nil {
		return err
	}
	if !c.flags.yes {
		return c.rehearse(ctx)
	}
	return c.run(ctx)
}

// missingWave refuses a wave that there is not; 0: none is asked for.
func missingWave(jobs []*job, wave int) error {
	if wave == 0 {
		return nil
	}
	last := 0
	for _, j := range jobs {
		for i := range j.units {
			if j.units[i].Wave == wave {
				return nil
			}
			last = max(last, j.units[i].Wave)
		}
	}
	none := fmt.Errorf("there is no wave %d", wave)
	switch last {
	case 0:
		return hint(none, "only a schedule has waves: interlace moves makes one")
	case 1:
		return hint(none, "there is wave 1 alone")
	}
	return hint(none, "there are waves 1 to %d", last)
}

// openJournal opens the database that has the journal. Who only reads needs none.
func (a *app) openJournal(ctx context.Context, yes bool) (*history.History, error) {
	how := toRead
	if yes {
		how = toChange
	}
	path, err := a.databaseFile()
	if err != nil {
		return nil, err
	}
	h, err := history.Open(ctx, path, how)
	if !yes && errors.Is(err, fs.ErrNotExist) {
		return &history.History{}, nil // nothing was ever carried out
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = hint(err, "apply keeps its journal in the database that db names; interlace import FILE makes one")
	}
	return h, err
}

// rehearse prints what would be done.
func (c *applying) rehearse(ctx context.Context) error {
	list := []apply.Rehearsal{}
	bar := c.app.progress("look")
	g := &c.options.Gates
	g.Lags, g.Alerts = askedOnce(g.Lags), askedOnce(g.Alerts)
	units, back, err := c.rehearsed(ctx)
	if err == nil && c.flags.giveUp {
		err = c.sayGiveUp(ctx)
	}
	if err != nil {
		return err
	}
	for i, u := range back {
		r, err := apply.Rehearse(ctx, u, nil, true, c.options)
		if err != nil {
			return err
		}
		r.Text = backText(r)
		list = append(list, *r)
		bar.at(i+1, len(back)+len(units), u.Name)
	}
	var earlier []*apply.Rehearsal
	for i, u := range units {
		r, err := apply.Rehearse(ctx, u, earlier, false, c.options)
		if err != nil {
			return err
		}
		list, earlier = append(list, *r), append(earlier, r)
		bar.at(len(back)+i+1, len(back)+len(units), u.Name)
	}
	bar.end()
	shown := c.shown(list)
	c.showBroken(shown)
	switch text, err := c.shortened(ctx); {
	case err != nil:
		return err
	case text != "":
		shown.Notes = append(shown.Notes, text)
	}
	err = c.app.print(result{screen: shown.Screen(), table: shown.Table(), json: object(shown)})
	if c.app.flags.output.value == "csv" { // which has one table, of the units
		for _, text := range shown.BrokenLines() {
			c.app.note("%s", text)
		}
	}
	if err == nil && (c.unreached != nil || len(shown.Broken) > 0 || slices.ContainsFunc(shown.Units, func(u report.RehearsedUnit) bool { return len(u.Refused) > 0 })) {
		err = errFound
	}
	return err
}

// askedOnce asks once, and remembers the answer.
func askedOnce[T any](ask func(context.Context) (T, error)) func(context.Context) (T, error) {
	var asked sync.Once
	var answer T
	var err error
	return func(ctx context.Context) (T, error) {
		asked.Do(func() { answer, err = ask(ctx) })
		return answer, err
	}
}

// rehearsed are the units that would be carried on, and those that would be taken back:
// their steps are undone, or others of the first move their users back.
func (c *applying) rehearsed(ctx context.Context) (units, back []*course.Unit, err error) {
	for _, j := range c.jobs {
		if !j.backwards {
			continue
		}
		var results []course.Result
		for i := range j.units {
			u := &j.units[i]
			records, err := c.history.Steps(ctx, u.Plan, u.Name)
			if err != nil {
				return nil, nil, err
			}
			overtaken := apply.Overtaken(ctx, u, records, c.options) != ""
			results = append(results, course.Result{Unit: u, Outcome: u.Stands(records), Overtaken: overtaken, Records: records, Still: true})
			back = append(back, u)
		}
		c.stays = append(c.stays, j.notTaken(results)...)
		reversed := j.reversed(results)
		if err := c.returning(ctx, j, reversed); err != nil {
			return nil, nil, err
		}
		for i := range reversed {
			units = append(units, &reversed[i])
		}
	}
	for _, u := range c.units() {
		if !slices.Contains(back, u) {
			units = append(units, u)
		}
	}
	for _, u := range slices.Concat(units, back) {
		c.told[u.Plan+u.Name] = true // since when users are kept out stands with the unit
	}
	return units, back, nil
}

// units are those of all jobs of which something may be left to do.
func (c *applying) units() []*course.Unit {
	var list []*course.Unit
	for _, j := range c.jobs {
		for i := range j.units {
			if wave := c.flags.onlyWave.given(0); wave == 0 || j.units[i].Wave == wave {
				list = append(list, &j.units[i])
			}
		}
	}
	return list
}

// zone names the clock that windows are on.
func zone(at time.Time) string {
	name, _ := at.Zone()
	return fmt.Sprintf("%s, the clock of this machine", name)
}
