package main

import (
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/layout"
	"github.com/interlacemail/interlace/planner/load"
	"github.com/interlacemail/interlace/planner/simulate"
)

type layoutFlags struct {
	plan, plot     string
	gap            optional[float64]
	drain, keep    []string
	maxBytes       optional[int64]
	maxChanges     optional[int]
	maxInterrupted optional[int]
	objective      []string
	scatter        optional[int]
	frontier       choiceFlag
}

// usualGap is the gap that layouts are planned with if nothing else is said: fewer
// changes beat prettier numbers.
const usualGap = 0.02

func (a *app) layoutCommand() *cobra.Command {
	flags := layoutFlags{
		gap: ratioFlag().or(usualGap), maxBytes: sizeFlag(), maxChanges: countFlag(0, mostThings), maxInterrupted: countFlag(0, mostThings),
		scatter: countFlag(1, mostThings), frontier: choiceOf("", planner.FrontierBytes, frontierScatter),
	}
	c := &cobra.Command{
		Use:   "layout",
		Short: "Plan where each store's master and replicas live",
		Long: `Plan on which servers each store's master and replicas live, so that the loss of
any server adds a little load to many others. Roles are swapped before anything
is copied. Beside the figures stand bounds that no layout can beat that keeps
every rule.

For worst failures there are several bounds, of which the largest binds; those that
say nothing about the fleet are left out. Normal state: what servers carry before
anything fails. Spread: what a server takes over, in equal parts from all domains
that can make it do so. Granularity: the largest store that it takes over.
Conservation: what is left of the load for the survivors of each failure. Single
item: one store on the two servers that suit it best. Price: all resources, kinds
of servers and sizes of stores at once, in a linear program whose prices are put to
every store. Configuration: whole numbers of masters and replicas, where servers
are all alike, and stores too. Pairwise: which stores any two servers share, in a
linear program, where there are few of both. Enumeration: all layouts, where there
are a handful of stores. Two servers that fail at once are no better than one, so
what is proved of one failure holds for two.

Fewer changes beat prettier numbers: the plan is the cheapest one found within --gap
of the bound or, where that is out of reach, within --gap of the best layout found.
What that one costs is told beside the plan; --gap 0 goes there.

The worst failure of one server is what is lowered, unless --objective says
otherwise. Of several objectives the first counts above all; each next one is
lowered while those before it stay within the gap of their bounds, or as low as
they came.

With --frontier it shows what lower worst failures cost: the plans between
copying nothing and the best layout found that no other one beats, each with the
bytes that every layout copies which is as good. --plan then writes the plan at
the knee, or what --gap and the budgets ask for: the cheapest plan within the gap,
the best one that the budgets pay for.

With --scatter each server shares stores with a few others only, its partners.
With --frontier scatter it plans with more and more partners, and shows what each
number makes of one failure and of several at once.

Rules are kept in the order of their weight. What is broken in normal operation
comes first: copies that are missing, ceilings, slots, servers to empty. It is
repaired even where that breaks a failure ceiling, which only matters when a server
fails. Spread counts with them, but gives way to them where they are not kept with
it. It gives way to failure ceilings only where no layout keeps both, and one keeps
them without it.

The exit status is 1 if no layout was found that keeps every rule; the best one
is still written, with the rules that it breaks.`,
		Example: `  interlace layout --plan plan.json
  interlace layout --drain server:imap03 --max-bytes 10TB --plan drained.json
  interlace layout --drain rack:a4 --plan retired.json
  interlace layout --objective single,rack --plan racks.json
  interlace layout --frontier --plan knee.json
  interlace layout --frontier --max-bytes 10TB --plan cheap.json
  interlace layout --gap 0 --keep store:s001 -o json
  interlace layout --scatter 6 --plan few-partners.json
  interlace layout --frontier scatter --gap 0.05`,
		Args: frontierWord(&flags.frontier),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.layout(cmd, flags)
		},
	}
	f := c.Flags()
	f.SortFlags = false
	f.Var(pathFlag(&flags.plan), "plan", "write the plan to this `file`")
	f.Var(plotFlag(&flags.plot), "plot", "draw who then takes over from whom into this `file`, .svg or .png, and on the screen")
	f.Var(&flags.gap, "gap", "stop when the worst failure is within this part of the bound")
	f.StringArrayVar(&flags.drain, "drain", nil, "empty this `subject`, such as server:imap03 or rack:a4 (may be repeated)")
	f.StringArrayVar(&flags.keep, "keep", nil, "leave this `subject` as it is, such as store:s001 or server:imap03 (may be repeated)")
	f.Var(&flags.maxBytes, "max-bytes", "copy at most this much, such as 10TB")
	f.Var(&flags.maxChanges, "max-changes", "make at most this many changes")
	f.Var(&flags.maxInterrupted, "max-interrupted", "interrupt at most this many users")
	f.StringSliceVar(&flags.objective, "objective", nil, "lower these `figures`, the first above all: single, pair, normal, or a level such as rack")
	f.Var(&flags.scatter, "scatter", "let each server share stores with at most this `number` of others")
	f.Var(&flags.frontier, "frontier", "show the worst failure against `bytes` copied, or against scatter: how many others each server shares stores with")
	f.Lookup("frontier").NoOptDefVal = planner.FrontierBytes
	apart(c, "frontier", "scatter", "the one shows many layouts, the other limits one")
	apart(c, "frontier", "plot", "the one shows many layouts, the other draws one")
	apart(c, "frontier", "objective", "the one is about the worst failure of one server, the other about more")
	return c
}

func (a *app) layout(cmd *cobra.Command, flags layoutFlags) error {
	if err := flags.scatterPlanned(); err != nil {
		return err
	}
	f, err := a.facts(cmd.Context())
	if err != nil {
		return err
	}
	if err := mayWrite(flags.plan, flags.plot, f.read...); err != nil {
		return err
	}
	drain, err := subjectsNamed("--drain", flags.drain, domainSubjects(f.Inventory), f.allSubjects)
	if err != nil {
		return err
	}
	keep, err := subjectsNamed("--keep", flags.keep, append(serverSubjects(f.Inventory), storeSubjects(f.Inventory)...), f.allSubjects)
	if err != nil {
		return err
	}
	opts := layout.Options{
		Seed: *a.flags.seed.value, Gap: *flags.gap.value, Drain: drain, Keep: keep, Objectives: objectives(flags.objective),
		MaxBytes: flags.maxBytes.value, MaxChanges: flags.maxChanges.value, MaxInterrupted: flags.maxInterrupted.value, Scatter: flags.scatter.value,
	}
	switch flags.frontier.value {
	case frontierScatter:
		return a.frontierOfScatter(cmd.Context(), f, opts)
	case planner.FrontierBytes:
		return a.frontier(cmd.Context(), f, opts, cmd.Flags().Changed("gap"), flags.plan)
	}
	bar := a.progress("layout")
	opts.Progress = bar.layout
	start := time.Now()
	plan, err := layout.Optimize(cmd.Context(), f.Inventory, f.groups, opts)
	bar.end()
	if err != nil {
		return hint(err, "%s", objectiveMeant(opts.Objectives, f.Inventory))
	}
	if plan.Stopped == planner.Cancelled && len(plan.Changes) == 0 {
		a.say("interrupted before a better layout was found: nothing was written")
		return errCut
	}
	plan.Inventory = planner.NewReference(f.Inventory, f.groups, subjects(plan))
	made := report.Made{Inventory: f.Inventory, Took: a.took(start), File: flags.plan}
	if flags.plot != "" {
		made.Plot, made.Charts = flags.plot, targetCharts(plan, f.Inventory)
	}
	return a.finish(plan, plan.Violations, plan.Stopped, made)
}

// targetCharts is what pictures of the planned layout are drawn from.
func targetCharts(p *planner.Layout, inv *inventory.Inventory) *report.Charts {
	target := p.Target(inv)
	fleet := load.New(target)
	return report.LayoutCharts(p, target, simulate.New(fleet, fleet.Current()).Failover())
}

// layout says how far the search for a layout is.
func (p *progress) layout(l layout.Progress) {
	p.at(l.Done, l.Total, gapWords(planner.Known(l.Worst), planner.Known(l.Bound)))
}

// gapWords says how far the best so far is from the bound.
func gapWords(value, bound planner.Number) string {
	gap := planner.Gap(value, bound)
	if !gap.Known {
		return ""
	}
	return "gap " + report.PercentText(gap.Value)
}

// objectiveMeant hints at the objective that was meant by one that there is not.
func objectiveMeant(named []planner.Objective, inv *inventory.Inventory) string {
	known := []planner.Objective{planner.ObjectiveSingle, planner.ObjectivePair, planner.ObjectiveNormal}
	for _, level := range inv.Levels() {
		known = append(known, planner.Objective(level))
	}
	for _, o := range named {
		if !slices.Contains(known, o) {
			return nearest(string(o), known)
		}
	}
	return ""
}

// objectives are the figures that --objective names.
func objectives(names []string) []planner.Objective {
	var list []planner.Objective
	for _, name := range names {
		list = append(list, planner.Objective(strings.TrimSpace(name)))
	}
	return list
}
