package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/confirm"
	"github.com/interlacemail/interlace/monitor/history"
	"github.com/interlacemail/interlace/planner"
)

type confirmFlags struct {
	due   bool
	known bool
}

func (a *app) confirmCommand() *cobra.Command {
	flags := confirmFlags{}
	c := &cobra.Command{
		Use:   "confirm [PLAN…]",
		Short: "Check on the live fleet that plans do what they promised",
		Long: `Ask the servers whether plans that were carried out keep what they promised. Nothing
is changed on any of them. A plan that was carried out in part is checked too: what
is not made is said. Name the files that interlace apply was given: a plan, or a
schedule with all the plans that it orders.

  changes       every change is made: who moves is on the master of the new store,
                and instances are where the plan has them, in their roles
  placement     who moved is on the new store's replicas too and on no other store,
                but denied where the old one, or another plan, keeps a copy
                (keep_source)
  routing       who moved is sent to the new store; left out where neither
                routing_file nor routing_query is set
  nothing_lost  all that the old store keeps is on the new one, message by message,
                but for what was removed there since
  shares        who was to read folders of those who moved can, by a login
  copies        replicas hold the same as masters: message by message for who moved,
                by counters and checksums where instances changed
  caught_up     nothing waits for these replicas, as interlace watch has seen or as
                the comparison shows
  spool         before originals are deleted: every message of who moved was read
                whole on every copy; unknown until interlace apply has read it.
                Of a new replica to which seed_command copied, as the journal of
                interlace apply has it: every message was read whole, and users have
                there what else they have on the master
  taken_back    what was taken back is as it was before: on the old store alone, let
                in there, sent there; a copy that the way back keeps is denied
  worst_single, worst_domain, worst_pair, normal, fullest, peak_utilisation
                the figures of the last plan, computed again on the fleet as it is
                discovered now; a fiftieth more is let pass

A verdict is met, unmet or unknown. What could not be looked at is unknown, and is
never met. Each thing that is not met is listed with what was expected, what was
found, and what to do.

What the journal in the database tells is heeded: of a plan of which nothing was begun
only that is said, nothing is kept and nobody is alerted; what of a plan that was
begun was not is unmet; one without changes is never due, and only that is said of it;
copies that a plan keeps are no fault as long as they are denied; instances that a
plan has made are asked before the fleet file names them, and those that a later one
has removed are not asked any more. Of who is on the way, and may be kept out now,
only that is said; of what was taken back or given up (interlace apply --rollback,
--give-up) nothing else is promised than taken_back; of users and instances that a
later plan has moved or changed since nothing is promised by an earlier one, which
says what plan that was.

What was found is kept in the database, if there is one. An unmet promise is then the
alert plan_unconfirmed of the watch with that database, until the plan is checked
again and is kept; if it was taken back since, the alert says so. --due checks the
plans that interlace apply has carried out or taken back: when that was done, a day
later, and on the last day on which their sources are kept; those that were not met
then, again, and says who is kept out by a plan that is in the middle. Run it from a
timer once an hour. --known shows what was found last and asks no server.

The exit status is 1 if anything is not met or not known.`,
		Example: `  interlace confirm users.json
  interlace confirm moves.json layout.json users.json
  interlace confirm --due
  interlace confirm --known`,
		Args: func(cmd *cobra.Command, args []string) error {
			if flags.due || flags.known {
				return noWords(cmd, args)
			}
			if len(args) == 0 {
				return hint(misused(cmd, "PLAN is missing"), "--due checks the plans that interlace apply has carried out")
			}
			return someWords(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case flags.known:
				return a.knownConfirmations(cmd.Context())
			case flags.due:
				return a.confirmDue(cmd.Context())
			}
			return a.confirm(cmd.Context(), args)
		},
	}
	f := c.Flags()
	f.SortFlags = false
	f.BoolVar(&flags.due, "due", false, "check the plans that were carried out and whose turn it is")
	f.BoolVar(&flags.known, "known", false, "show what was found last, and ask no server")
	apart(c, "due", "known", "the one asks the servers, the other shows what was found before and asks none")
	return c
}

// confirm checks the plans in the files.
func (a *app) confirm(ctx context.Context, paths []string) error {
	plans, err := a.readTogether(ctx, paths)
	if err != nil {
		return err
	}
	f, err := a.facts(ctx)
	if err != nil {
		return err
	}
	if err := a.somebody(ctx, f.Inventory); err != nil {
		return err
	}
	h, err := a.keepConfirmations(ctx)
	if err != nil {
		return err
	}
	if h != nil {
		defer h.Close()
	}
	c := &confirming{app: a, facts: f, history: h}
	found, err := c.all(ctx, []set{{plans: plans, asked: plans, on: monitor.OnRequest}})
	if err != nil {
		return err
	}
	return a.confirmed(found, c.notes())
}

// readTogether reads the plans in files that were carried out together, as the journal has it where
// there is one.
func (a *app) readTogether(ctx context.Context, paths []string) ([]planner.Plan, error) {
	h, err := a.openJournal(ctx, false)
	if err != nil {
		h = &history.History{} // that nothing is kept is told later
	}
	defer h.Close()
	j, err := readJob(ctx, h, paths, "the journal knows of none with which they were carried out together: interlace confirm takes one after the other")
	if err != nil {
		return nil, err
	}
	return j.changing(), nil
}

// confirmed tells what was found.
func (a *app) confirmed(found []monitor.Confirmation, notes []string) error {
	all := report.NewConfirmations(found)
	all.Notes = notes
	err := a.print(result{screen: report.Confirmed(all), table: report.Promises(all.Promises), json: object(all)})
	if err == nil && a.flags.output.value == "csv" && len(all.Doubts) > 0 {
		a.note("hint: csv has one table, here that of the promises; -o json lists who is concerned too")
	}
	if err == nil && !all.Met() {
		err = errFound
	}
	return err
}

// changing returns the plans that change something, which a schedule does not.
func (j *job) changing() []planner.Plan {
	var plans []planner.Plan
	for _, p := range j.files {
		if _, schedule := p.Plan.(*planner.Schedule); !schedule {
			plans = append(plans, p.Plan)
		}
	}
	return plans
}

// set are plans that are carried out together.
type set struct {
	plans []planner.Plan // layouts and assignments, in their order
	asked []planner.Plan // of these, those to check
	on    monitor.Occasion
}

// confirming is a check of plans under way.
type confirming struct {
	app     *app
	facts   *facts           // as the inventory has them
	history *history.History // nil: nothing is kept
	now     *standing        // as they stand by now; nil: not asked yet
}

// all checks the sets of plans, one after the other, and keeps what is found.
func (c *confirming) all(ctx context.Context, sets []set) ([]monitor.Confirmation, error) {
	var found []monitor.Confirmation
	for i := range sets {
		s := &sets[i]
		o, err := c.options(ctx, s)
		if err != nil {
			return nil, err
		}
		for _, p := range s.asked {
			if c.history != nil {
				if o.Earlier, err = c.history.Confirmations(ctx, p.PlanID()); err != nil {
					return nil, err
				}
			}
			o.Occasion = s.on
			one, err := confirm.Plan(ctx, p, s.plans, *o)
			if err != nil {
				return nil, err
			}
			one.By, one.Occasion = account(), s.on
			if c.history != nil && !one.Unbegun {
				if err := c.history.AddConfirmation(ctx, one); err != nil {
					return nil, err
				}
			}
			found = append(found, *one)
		}
	}
	return found, nil
}

// notes say what was not looked at.
func (c *confirming) notes() []string {
	if m := &c.app.config.Monitor; len(m.RoutingQuery) > 0 || m.RoutingFile != "" {
		return nil
	}
	return []string{"where users are sent was not looked at: neither routing_file nor routing_query is set"}
}

// keepConfirmations opens the database where there is one; else it returns nil.
func (a *app) keepConfirmations(ctx context.Context) (*history.History, error) {
	path, err := a.databaseFile()
	if err != nil {
		return nil, err
	}
	h, err := history.Open(ctx, path, toChange)
	if unkept(err) {
		a.note("nothing of this is kept: %v", err)
		return nil, nil
	}
	return h, err
}
