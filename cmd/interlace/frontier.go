package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/layout"
)

// frontier shows what lower worst failures cost, and writes the plan of the point
// that is wished for.
func (a *app) frontier(ctx context.Context, f *facts, opts layout.Options, gapGiven bool, file string) error {
	bar := a.progress("frontier")
	opts.Progress = bar.layout
	start := time.Now()
	found, err := layout.Frontier(ctx, f.Inventory, f.groups, opts)
	bar.end()
	if err != nil {
		return err
	}
	wish := planner.Wish{MaxBytes: opts.MaxBytes, MaxChanges: opts.MaxChanges, MaxInterrupted: opts.MaxInterrupted}
	if gapGiven {
		wish.Gap = &opts.Gap
	}
	picked := found.Pick(wish)
	for _, p := range found.Points {
		p.Plan.Inventory = planner.NewReference(f.Inventory, f.groups, subjects(p.Plan))
	}
	made := report.Made{Inventory: f.Inventory, Took: a.took(start)}
	if picked >= 0 && file != "" {
		made.File = file
		if err := savePlan(file, found.Points[picked].Plan); err != nil {
			return err
		}
	}
	table := report.FrontierPoints(found, picked, f.Inventory)
	if err := a.print(result{screen: report.Frontier(found, picked, made), table: table, json: rows("points", table)}); err != nil {
		return err
	}
	switch {
	case ctx.Err() != nil:
		a.say("interrupted: these are the points so far")
		return errCut
	case picked < 0:
		p := found.Points[0].Plan
		return hint(errors.New("no point of the frontier keeps the budgets"), "the cheapest copies %s in %s changes and interrupts %s users",
			report.BytesText(p.BytesCopied), inventory.CountText(len(p.Changes)), inventory.CountText(p.UsersInterrupted))
	}
	broken := found.Points[picked].Plan.Violations
	a.tellBroken(broken)
	if len(broken) > 0 {
		return fmt.Errorf("the plan is not feasible: %w", errFound)
	}
	return nil
}
