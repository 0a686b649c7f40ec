package main

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/moves"
	"github.com/interlacemail/interlace/planner/rules"
)

type movesFlags struct {
	plan       string
	keepSource optional[time.Duration]
	syncRate   optional[int64]
	window     optional[time.Duration]
	continuous bool
}

func (a *app) movesCommand() *cobra.Command {
	flags := movesFlags{keepSource: durationFlag(), syncRate: bandwidthFlag(), window: spanFlag()}
	c := &cobra.Command{
		Use:   "moves PLAN…",
		Short: "Order the changes of plans into waves",
		Long: `Order the changes of layout and users plans into waves, so that every state on
the way keeps the rules, no server runs more copies than it may, and disk is
counted at both ends until the source is removed.

The exit status is 1 if no order was found that can be carried out.`,
		Example: `  interlace moves plan.json
  interlace moves plan.json users.json --plan moves.json
  interlace moves plan.json --keep-source 3d --continuous`,
		Args: someWords,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.moves(cmd, args, flags)
		},
	}
	f := c.Flags()
	f.SortFlags = false
	f.Var(pathFlag(&flags.plan), "plan", "write the plan to this `file`")
	f.Var(&flags.keepSource, "keep-source", "keep a moved user's mail at the source for this `time` after its wave (default keep_source of the configuration, 14d)")
	f.Var(&flags.syncRate, "sync-rate", "let the replicas of a store take in at most this `bandwidth`, such as 20MB/s")
	f.Var(&flags.window, "window", "let no wave last longer than this `time`, such as 4h for waves in the night")
	f.BoolVar(&flags.continuous, "continuous", false, "start every change as soon as there is room for it, without waves")
	apart(c, "window", "continuous", "a window is for waves, of which the other makes none")
	return c
}

func (a *app) moves(cmd *cobra.Command, paths []string, flags movesFlags) error {
	f, err := a.facts(cmd.Context())
	if err != nil {
		return err
	}
	if err := mayWrite(flags.plan, "", slices.Concat(f.read, paths)...); err != nil {
		return err
	}
	plans, err := plansOn(cmd.Context(), f, paths)
	if err != nil {
		return err
	}
	opts := a.movesOptions(flags)
	bar := a.progress("moves")
	opts.Progress = func(p moves.Progress) { bar.at(p.Done, p.Total, "") }
	start := time.Now()
	plan := moves.Schedule(cmd.Context(), f.Inventory, f.groups, plans, opts)
	bar.end()
	plan.Inventory = planner.NewReference(f.Inventory, f.groups, subjectsOfAll(plans))
	made := report.Made{Inventory: f.Inventory, Took: a.took(start), File: flags.plan, Keeps: keepsRules(cmd.Context(), f, plans)}
	return a.finish(&plan, plan.Violations, plan.Stopped, made)
}

func (a *app) movesOptions(flags movesFlags) moves.Options {
	opts := moves.Options{
		Seed: *a.flags.seed.value, Continuous: flags.continuous,
		KeepSource: flags.keepSource.given(a.config.KeepSource), SyncRate: float64(flags.syncRate.given(0)), Window: flags.window.given(0),
	}
	if opts.KeepSource == 0 {
		opts.KeepSource = -1 // removed when the wave ends
	}
	return opts
}

// keepsRules reports whether every rule is known to be kept today and by the plans.
func keepsRules(ctx context.Context, f *facts, plans []planner.Plan) bool {
	for _, p := range plans {
		switch p := p.(type) {
		case *planner.Layout:
			if len(p.Violations) > 0 {
				return false
			}
		case *planner.Assignment:
			if len(p.Violations) > 0 {
				return false
			}
		}
	}
	broken, _, err := rules.Check(ctx, f.Inventory, f.groups, rules.Options{})
	return err == nil && len(broken) == 0
}

func subjectsOfAll(plans []planner.Plan) []planner.Subject {
	all := map[planner.Subject]bool{}
	for _, p := range plans {
		for _, s := range subjects(p) {
			all[s] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}
