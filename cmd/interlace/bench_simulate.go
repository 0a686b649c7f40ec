package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/fixtures"
	"github.com/interlacemail/interlace/fixtures/baselines"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/load"
	"github.com/interlacemail/interlace/planner/simulate"
)

func (a *app) benchSimulateCommand() *cobra.Command {
	return benched(a, &cobra.Command{
		Use:   "simulate",
		Short: "Measure the simulation of failures",
		Long: `Measure how long it takes to simulate failures in mixed fleets of 20 stores a
server that are laid out by CRUSH.`,
		Example: "  interlace bench simulate --case singles-100",
	}, simulateCases, report.SimulateBenches)
}

// simulateCase fails servers of a fleet.
type simulateCase struct {
	name     string
	failures string
	servers  int
	reach    report.Reach
	fail     func(f *load.Fleet, l load.Layout) (failures int, worst planner.Number)
}

func simulateCases() []benchCase[report.SimulateBench] {
	var cases []benchCase[report.SimulateBench]
	for _, c := range []simulateCase{
		{name: "singles-100", failures: "every server, every rack", servers: 100, fail: failEach},
		{name: "singles-1000", failures: "every server, every rack", servers: 1000, fail: failEach},
		{name: "singles-10000", failures: "every server, every rack", servers: 10_000, fail: failEach},
	} {
		on := fmt.Sprintf("%s servers: %s", inventory.CountText(c.servers), c.failures)
		cases = append(cases, benchCase[report.SimulateBench]{report.BenchCase{Name: c.name, On: on, Reach: c.reach}, c.measure})
	}
	return cases
}

func (c *simulateCase) measure(_ context.Context, seed uint64) ([]report.SimulateBench, error) {
	f := load.New(mirrored(seed, fixtures.Mixed, c.servers, usualStores))
	l := baselines.CRUSH(f, seed)
	row := report.SimulateBench{Case: c.name, Failures: c.failures, Servers: c.servers, Stores: len(l), Reach: c.reach}
	row.Spent = measure(func() { row.Count, row.Worst = c.fail(f, l) })
	return []report.SimulateBench{row}, nil
}

// failEach fails every server and then every domain of the other levels.
func failEach(f *load.Fleet, l load.Layout) (failures int, worst planner.Number) {
	impacts := simulate.New(f, l).All()
	for i := range impacts {
		if u := impacts[i].Worst.Utilisation; u.Known && u.Value >= worst.Value {
			worst = u
		}
	}
	return len(impacts), worst
}
