package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/durability"
	"github.com/interlacemail/interlace/planner/layout"
	"github.com/interlacemail/interlace/planner/load"
	"github.com/interlacemail/interlace/planner/simulate"
)

// frontierScatter is the frontier of the worst failure against partners a server.
const frontierScatter = "scatter"

// frontierWord lets the word after --frontier say which one is meant: a flag that
// may stand without a value takes only what follows an equals sign.
func frontierWord(frontier *choiceFlag) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 1 && frontier.value != "" {
			err := errors.Join(frontier.Set(args[0]), frontier.mistake())
			if err != nil {
				err = fmt.Errorf("--frontier: %w", err)
			}
			return err
		}
		return noWords(cmd, args)
	}
}

// scatterPlanned refuses a file for the plan where the frontier of scatter is asked for.
func (f *layoutFlags) scatterPlanned() error {
	if f.frontier.value != frontierScatter || f.plan == "" {
		return nil
	}
	return hint(errors.New("--frontier scatter writes no plan"), "interlace layout --scatter NUMBER --plan FILE writes the plan for that number")
}

// frontierOfScatter plans with more and more partners a server and tells what each
// plan makes of a failure, and of several at once.
func (a *app) frontierOfScatter(ctx context.Context, f *facts, opts layout.Options) error {
	tried := scatters(f.Inventory)
	bar := a.progress("frontier of scatter")
	var points []report.ScatterPoint
	for i, scatter := range tried {
		bar.at(i, len(tried), inventory.Counted(int64(scatter), "partner", "partners"))
		opts.Scatter = &scatter
		opts.Progress = func(l layout.Progress) {
			bar.at(i, len(tried), inventory.Counted(int64(scatter), "partner", "partners")+", "+gapWords(planner.Known(l.Worst), planner.Known(l.Bound)))
		}
		plan, err := layout.Optimize(ctx, f.Inventory, f.groups, opts)
		if err != nil {
			bar.end()
			return err
		}
		if plan.Stopped == planner.Cancelled {
			break
		}
		if i > 0 {
			plan = lower(points[i-1].Plan, plan)
		}
		points = append(points, scatterPoint(scatter, plan, f.Inventory, opts.Seed))
	}
	bar.end()
	table := report.ScatterPoints(points)
	err := a.print(result{
		screen: report.ScatterFrontier(points, f.Inventory, opts.Seed),
		table:  table,
		json:   rows("frontier", table),
	})
	if err == nil && ctx.Err() != nil {
		a.say("interrupted: these are the numbers of partners that were tried")
		err = errCut
	}
	return err
}

// lower returns the plan with the lower worst failure of two, the first of which has
// fewer partners, so that it may take the place of the second: with the bounds of that.
func lower(fewer, plan *planner.Layout) *planner.Layout {
	value := fewer.Promises.WorstSingle.Utilisation
	if len(fewer.Violations) > 0 || len(plan.Violations) == 0 && value.Value >= plan.Promises.WorstSingle.Utilisation.Value {
		return plan
	}
	kept := *fewer
	kept.Bounds, kept.Gap.WorstSingle = plan.Bounds, planner.Gap(value, plan.Bounds.WorstSingle)
	return &kept
}

// scatters returns the numbers of partners to try: from the fewest with which
// every store can have its copies, by steps of about four thirds, to all others.
func scatters(inv *inventory.Inventory) []int {
	fewest := 1
	for i := range inv.Stores {
		fewest = max(fewest, inv.PromisedCopies(&inv.Stores[i])-1)
	}
	all := max(len(inv.Servers)-1, fewest)
	var list []int
	for _, base := range []int{1, 3} { // 1, 2, 4, 8, … and 3, 6, 12, …
		for w := base; w < all; w *= 2 {
			if w >= fewest {
				list = append(list, w)
			}
		}
	}
	slices.Sort(list)
	return append(list, all)
}

// scatterPoint looks at what the plan leads to.
func scatterPoint(scatter int, plan *planner.Layout, inv *inventory.Inventory, seed uint64) report.ScatterPoint {
	fleet := load.New(plan.Target(inv))
	s := simulate.New(fleet, fleet.Current())
	p := report.ScatterPoint{Scatter: scatter, Plan: plan, Pairs: s.PartnerPairs()}
	_, p.LargestShare = largestShares(s.Level(0))
	for i, servers := range []int{2, 3, 5, (s.Up() + 99) / 100} {
		if servers < 1 || servers > s.Up() {
			continue
		}
		chance := durability.ChanceOffline(fleet, fleet.Current(), servers, seed)
		p.Chances[i] = report.Chance{Value: planner.Known(chance.Value), Error: chance.StandardError}
	}
	if two := p.Chances[0].Value; two.Value > 0 {
		p.StoresOffline = planner.Known(durability.MeanOffline(fleet, fleet.Current(), 2) / two.Value)
	}
	return p
}
