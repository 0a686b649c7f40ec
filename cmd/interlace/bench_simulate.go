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

func simulateCases() []benchCase[report.SimulateBench] {
	return []benchCase[report.SimulateBench]{singlesCase(100), singlesCase(1000), singlesCase(10_000)}
}

// singlesCase fails every server of a fleet, then every rack.
func singlesCase(servers int) benchCase[report.SimulateBench] {
	const failures = "every server, every rack"
	name := fmt.Sprintf("singles-%d", servers)
	on := fmt.Sprintf("%s servers: %s", inventory.CountText(servers), failures)
	return benchCase[report.SimulateBench]{report.BenchCase{Name: name, On: on}, func(_ context.Context, seed uint64) ([]report.SimulateBench, error) {
		f := load.New(mirrored(seed, fixtures.Mixed, servers, usualStores))
		l := baselines.CRUSH(f, seed)
		row := report.SimulateBench{Case: name, Failures: failures, Servers: servers, Stores: len(l)}
		row.Spent = measure(func() { row.Count, row.Worst = failEach(f, l) })
		return []report.SimulateBench{row}, nil
	}}
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
