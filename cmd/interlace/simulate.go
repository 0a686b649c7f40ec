package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/load"
	"github.com/interlacemail/interlace/planner/simulate"
)

type simulateFlags struct {
	fail  []string
	after []string
	top   optional[int]
	years yearsFlags
}

func (a *app) simulateCommand() *cobra.Command {
	flags := simulateFlags{top: countFlag(0, mostThings).or(20), years: newYearsFlags()}
	c := &cobra.Command{
		Use:   "simulate",
		Short: "Compute what failures do",
		Long: `Compute what failures do: which server is then the busiest, in the steady state
and in the first hour, and what is offline. Without --fail every server fails
that is not down, then every domain of the other levels, one at a time; with
--fail all that are named fail together.

The exit status is 1 if a ceiling is passed, or if the failure of one server, or
of one domain at a level that the fleet spreads over or must survive, takes a
store offline. Stores whose servers are all down already are told apart from
those.

` + yearsHelp,
		Example: `  interlace simulate
  interlace simulate --fail server:imap03 --fail server:imap04
  interlace simulate --after plan.json --fail rack:a4
  interlace simulate --years 10 --assume outages-per-year=2`,
		Args: noWords,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.simulate(cmd, flags)
		},
	}
	c.Flags().StringArrayVar(&flags.fail, "fail", nil, "fail this `domain`, such as server:imap03 or rack:a4 (may be repeated: all at once)")
	c.Flags().StringArrayVar(&flags.after, "after", nil, "take the plan in this `file` as carried out (may be repeated)")
	c.Flags().Var(&flags.top, "top", "show the `number` worst in the text; 0 shows all")
	flags.years.add(c)
	return c
}

func (a *app) simulate(cmd *cobra.Command, flags simulateFlags) error {
	f, err := a.facts(cmd.Context())
	if err != nil {
		return err
	}
	target, ids, err := a.after(cmd.Context(), f, flags.after)
	if err != nil {
		return err
	}
	fleet := load.New(target.Inventory)
	sim := planner.Simulation{
		Format: planner.Format, Kind: "simulate", After: ids,
		Inventory: planner.NewReference(f.Inventory, f.groups, nil),
	}
	s := simulate.New(fleet, fleet.Current())
	sim.Now = s.Now()
	screen := report.Simulation
	if len(flags.fail) == 0 {
		sim.Failures, sim.Violations = s.All(), s.Passed()
	} else {
		domains, err := failing(target, fleet, flags.fail)
		if err != nil {
			return err
		}
		sim.Failures, sim.Violations = []planner.Impact{s.Fail(domains...)}, s.PassedBy(domains...)
		screen = report.Failure
	}
	if sim.Years, err = a.played(cmd.Context(), fleet, &flags.years); err != nil {
		return err
	}
	if err := cmd.Context().Err(); err != nil {
		return err
	}
	offline := takingOffline(target.Inventory, sim.Failures)
	for _, f := range offline {
		sim.TakingOffline = append(sim.TakingOffline, f.Failed[0])
	}
	res := result{
		screen: screen(&sim, target.Inventory, offline, *flags.top.value),
		table:  report.Failures(sim.Failures),
		json:   object(sim),
	}
	if sim.Years != nil {
		res.screen.AddYears(sim.Years)
		res.table = report.Years(sim.Years)
	}
	err = a.print(res)
	if err == nil && (len(sim.Violations) > 0 || len(offline) > 0) {
		err = errFound
	}
	return err
}

// failing returns the failure domains that --fail names, with their level or
// without.
func failing(f *facts, fleet *load.Fleet, names []string) ([]load.Domain, error) {
	subjects, err := subjectsNamed("--fail", names, domainSubjects(fleet.Inventory), f.allSubjects)
	if err != nil {
		return nil, err
	}
	full := make([]string, len(subjects))
	for i, s := range subjects {
		full[i] = string(s)
	}
	return simulate.Parse(fleet, full)
}

// takingOffline returns the failures of one server, or of one domain at a level
// that the fleet spreads over or survives, that take a store offline.
func takingOffline(inv *inventory.Inventory, failures []planner.Impact) []planner.Impact {
	promised := func(level string) bool {
		ofLevel := func(s inventory.Spread) bool { return string(s.Level) == level }
		return level == string(inventory.LevelServer) || slices.Contains(inv.Survive, inventory.Level(level)) || slices.ContainsFunc(inv.Spread, ofLevel)
	}
	var taking []planner.Impact
	for _, f := range failures {
		level, _, _ := strings.Cut(f.Failed[0], ":")
		if len(f.Offline) > 0 && len(f.Failed) == 1 && promised(level) {
			taking = append(taking, f)
		}
	}
	return taking
}

// domainNames returns the names of all failure domains, such as server:imap3.
func domainNames(fleet *load.Fleet) []string {
	var names []string
	for _, level := range fleet.Levels {
		for _, d := range level.Domains {
			if d.Level == level.Name {
				names = append(names, d.String())
			}
		}
	}
	return names
}
