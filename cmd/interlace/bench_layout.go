package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/fixtures/baselines"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/sharing"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/layout"
	"github.com/interlacemail/interlace/planner/load"
)

func (a *app) benchLayoutCommand() *cobra.Command {
	seeds := countFlag(1, 1000)
	c := &cobra.Command{
		Use:   "layout",
		Short: "Measure layouts against bounds and against what people do today",
		Long: `Measure the worst utilisation of a survivor after a failure in the layouts that
interlace makes, against the bound that no layout can beat. Where a case has
several seeds, the row is that of the median gap, with the median time and the
most memory.

Beside some stand layouts as people make them: servers in mirrored pairs, chained,
in clusters of eight, replicas at random, everything at random, and by
pseudo-random hashing with straw2 buckets as CRUSH does. They are told apart by
the largest part of a failed server's load that one survivor takes over, by the
stores that go offline when two servers fail, in the mean and at worst, and by the
chance that any does.`,
		Example: `  interlace bench layout --case mixed-6x4
  interlace bench layout --case equal-10x3 --seeds 3 -o csv`,
	}
	benched(a, c, func() []benchCase[report.LayoutBench] { return layoutCases(seeds.value) }, report.LayoutBenches)
	c.Flags().Var(&seeds, "seeds", "measure every case with this `number` of seeds in place of its own")
	return c
}

// measure lays out the fleet of each seed and returns the median of each method.
func (c *layoutCase) measure(ctx context.Context, seed uint64) ([]report.LayoutBench, error) {
	var runs []report.LayoutBench
	for s := range uint64(c.seeds) {
		run, err := c.measureSeed(ctx, seed+s)
		if err != nil {
			return nil, err
		}
		if ctx.Err() != nil && s > 0 {
			break // what was cut short says nothing beside what was not
		}
		runs = append(runs, run...)
	}
	return medians(runs), nil
}

func (c *layoutCase) measureSeed(ctx context.Context, seed uint64) ([]report.LayoutBench, error) {
	inv, opts, err := c.task(ctx, seed)
	if err != nil || ctx.Err() != nil {
		return nil, err
	}
	opts.Seed = seed
	groups := sharing.Groups(inv)
	row := report.LayoutBench{Case: c.name, Servers: len(inv.Servers), Stores: len(inv.Stores), Seeds: 1, Reach: c.reach}
	var plan *planner.Layout
	marks := newMarks(c.marks)
	opts.Progress = marks.progress
	made := row
	made.Spent = measure(func() {
		marks.begin()
		plan, err = layout.Optimize(ctx, inv, groups, opts)
	})
	if err != nil {
		return nil, err
	}
	target := load.New(plan.Target(inv))
	made.Method, made.Bound = "interlace", boundAt(plan.Bounds, c.level)
	made.Worst, made.Fate = fate(target, target.Current(), c.level)
	made.Note = planNote(inv, plan, c.level)
	rows := append(marks.rows(made), made)
	if c.today && ctx.Err() == nil {
		row.Bound, row.Reach = made.Bound, report.Reach{}
		rows = append(rows, laidOutByHand(ctx, row, load.New(inv), c.level, seed)...)
	}
	return rows, nil
}

// laidOutByHand returns the row for each of the ways that people have today.
func laidOutByHand(ctx context.Context, row report.LayoutBench, f *load.Fleet, level inventory.Level, seed uint64) []report.LayoutBench {
	var rows []report.LayoutBench
	for _, method := range baselines.Methods() {
		if ctx.Err() != nil {
			break
		}
		var l load.Layout
		row.Method = method.Name
		row.Spent = measure(func() { l = method.Lay(f, seed) })
		row.Worst, row.Fate = fate(f, l, level)
		rows = append(rows, row)
	}
	return rows
}

// planNote says how the plan changes the fleet, and what is wrong with it.
func planNote(inv *inventory.Inventory, plan *planner.Layout, level inventory.Level) string {
	changed := map[inventory.StoreID]bool{}
	for _, c := range plan.Changes {
		changed[c.Store] = true
	}
	words := report.PercentText(float64(len(changed))/float64(max(len(inv.Stores), 1))) + " of stores changed"
	if was := worstAt(plan.Before, level); was.Known {
		words = "was " + report.PercentText(was.Value) + ", " + words
	}
	if n := len(plan.Violations); n > 0 {
		words += ", " + inventory.Counted(n, "rule broken", "rules broken")
	}
	if plan.Stopped == planner.Cancelled {
		words += ", interrupted"
	}
	return words
}
