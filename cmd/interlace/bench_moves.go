package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/fixtures"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/sharing"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/moves"
)

func (a *app) benchMovesCommand() *cobra.Command {
	return benched(a, &cobra.Command{
		Use:   "moves",
		Short: "Measure schedules of moves against bounds",
		Long: `Measure how long it would take to carry out plans that move stores or users
between servers in several ways, against the bound that no order is faster than.
The bound does not look at room, so where there is little the true gap is smaller.`,
		Example: "  interlace bench moves --case stores-200x2",
	}, movesCases, report.MovesBenches)
}

// movesCase is a number of things to move.
type movesCase struct {
	name, on   string
	roomy      bool // only where there is room for everything at once
	continuous bool // also without waves
	plan       func(seed uint64, t fixtures.Traffic) (*inventory.Inventory, planner.Plan)
}

func movesCases() []benchCase[report.MovesBench] {
	list := []movesCase{
		storesCase(10, 200, 2), storesCase(1000, 20_000, 1), storesCase(1000, 20_000, 2), storesCase(1000, 20_000, 4),
		usersMoveCase(10, 200), usersMoveCase(1000, 20_000), usersMoveCase(10_000, 200_000),
	}
	cases := make([]benchCase[report.MovesBench], len(list))
	for i, c := range list {
		cases[i] = benchCase[report.MovesBench]{report.BenchCase{Name: c.name, On: c.on}, c.measure}
	}
	return cases
}

func storesCase(servers, stores, transfers int) movesCase {
	return movesCase{
		name:       fmt.Sprintf("stores-%dx%d", stores, transfers),
		on:         fmt.Sprintf("%s stores on %s servers, %s at once on each", inventory.CountText(stores), inventory.CountText(servers), inventory.Counted(transfers, "transfer", "transfers")),
		continuous: true,
		plan: func(seed uint64, t fixtures.Traffic) (*inventory.Inventory, planner.Plan) {
			return fixtures.StoreTraffic(seed, servers, stores, transfers, t)
		},
	}
}

func usersMoveCase(servers, n int) movesCase {
	return movesCase{
		name:  fmt.Sprintf("users-%d", n),
		on:    fmt.Sprintf("%s users on %s servers", inventory.CountText(n), inventory.CountText(servers)),
		roomy: true,
		plan: func(seed uint64, t fixtures.Traffic) (*inventory.Inventory, planner.Plan) {
			return fixtures.UserTraffic(seed, servers, n, t)
		},
	}
}

func (c *movesCase) measure(ctx context.Context, seed uint64) ([]report.MovesBench, error) {
	var rows []report.MovesBench
	for _, traffic := range fixtures.Traffics() {
		if c.roomy && !traffic.Roomy() {
			continue
		}
		inv, plan := c.plan(seed, traffic)
		for _, continuous := range []bool{false, true} {
			if ctx.Err() != nil || continuous && !c.continuous {
				break
			}
			row := measureMoves(ctx, inv, plan, moves.Options{Seed: seed, Continuous: continuous})
			row.Case, row.Traffic = c.name, traffic.Name
			rows = append(rows, row)
		}
	}
	return rows, nil
}

func measureMoves(ctx context.Context, inv *inventory.Inventory, plan planner.Plan, opts moves.Options) report.MovesBench {
	groups := sharing.Groups(inv)
	row := report.MovesBench{Continuous: opts.Continuous, Servers: len(inv.Servers)}
	row.Spent = measure(func() {
		s := moves.Schedule(ctx, inv, groups, []planner.Plan{plan}, opts)
		row.Changes, row.Waves = len(s.Changes), len(s.Waves)
		row.Makespan, row.Bound, row.Gap = s.MakespanSeconds, s.BoundSeconds, s.Gap
		row.Broken, row.Stopped = len(s.Violations), s.Stopped
	})
	return row
}
