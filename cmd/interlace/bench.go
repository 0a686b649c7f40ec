package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/inventory"
)

func (a *app) benchCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "bench",
		Short: "Measure how good and how fast the planners are on made-up fleets",
		Long: `Measure on made-up fleets how good and how fast the planners are: quality against
bounds that nothing can beat and against what people do otherwise, time, and the
most memory in use at any time beyond the fleet, garbage that was not collected
yet included. Time and memory differ from run to run and from machine to machine.

An interrupt ends the measurement; what was measured until then is printed.`,
		Example: "  interlace bench layout --list",
		Args:    a.knownCommand,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	c.AddCommand(a.benchLayoutCommand(), a.benchSimulateCommand(), a.benchUsersCommand(), a.benchMovesCommand())
	return c
}

// benchCase is one thing to measure, which gives rows of a table.
type benchCase[R any] struct {
	report.BenchCase
	measure func(ctx context.Context, seed uint64) ([]R, error)
}

// benchFlags say what to measure.
type benchFlags struct {
	cases []string
	list  bool
}

// benched makes a command that measures the cases.
func benched[R any](a *app, c *cobra.Command, cases func() []benchCase[R], table func([]R) *report.Table) *cobra.Command {
	flags := benchFlags{}
	c.Args = noWords
	c.RunE = func(cmd *cobra.Command, _ []string) error {
		chosen, err := chooseCases(flags.cases, cases())
		if err != nil {
			return err
		}
		if flags.list {
			return a.print(tableOnly("cases", report.BenchCases(described(chosen))))
		}
		return runCases(a, cmd.Context(), chosen, table)
	}
	f := c.Flags()
	f.SortFlags = false
	f.StringArrayVar(&flags.cases, "case", nil, "measure this `case` (may be repeated; default all)")
	f.BoolVar(&flags.list, "list", false, "list the cases and measure nothing")
	complete(c, "case", oneOf(caseNames(cases())))
	return c
}

// chooseCases returns the named cases in their own order, or all.
func chooseCases[R any](names []string, cases []benchCase[R]) ([]benchCase[R], error) {
	known := caseNames(cases)
	var errs []error
	for _, name := range names {
		if !slices.Contains(known, name) {
			errs = append(errs, hint(fmt.Errorf("--case: there is no case %s", inventory.Quoted(name)), "%s", nearest(name, known)))
		}
	}
	if errs != nil {
		return nil, hint(errors.Join(errs...), "--list lists the cases")
	}
	if len(names) == 0 {
		return cases, nil
	}
	return slices.DeleteFunc(cases, func(c benchCase[R]) bool { return !slices.Contains(names, c.Name) }), nil
}

func caseNames[R any](cases []benchCase[R]) []string {
	names := make([]string, len(cases))
	for i := range cases {
		names[i] = cases[i].Name
	}
	return names
}

func described[R any](cases []benchCase[R]) []report.BenchCase {
	list := make([]report.BenchCase, len(cases))
	for i := range cases {
		list[i] = cases[i].BenchCase
	}
	return list
}

// runCases measures case after case and prints what was measured, also of an
// interrupted run.
func runCases[R any](a *app, ctx context.Context, cases []benchCase[R], table func([]R) *report.Table) error {
	bar := a.progress("bench")
	rows := []R{}
	for i, c := range cases {
		bar.at(i, len(cases), c.Name)
		measured, err := c.measure(ctx, *a.flags.seed.value)
		if err != nil {
			bar.end()
			return fmt.Errorf("measure %s: %w", c.Name, err)
		}
		rows = append(rows, measured...)
		if ctx.Err() != nil {
			break
		}
	}
	bar.end()
	if err := a.print(tableOnly("measured", table(rows))); err != nil {
		return err
	}
	if ctx.Err() != nil {
		a.say("interrupted: this is what was measured until then")
		return errCut
	}
	return nil
}
