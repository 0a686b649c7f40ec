package main

import (
	"errors"
	"slices"

	"github.com/spf13/cobra"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/load"
	"github.com/interlacemail/interlace/planner/simulate"
)

type simulateFlags struct {
	fail      []string
	after     []string
	top       optional[int]
	pairs     bool
	random    randomFlags
	years     yearsFlags
	deviation optional[float64]
	recovery  recoveryFlags
	plot      string
}

func (a *app) simulateCommand() *cobra.Command {
	flags := simulateFlags{
		top: countFlag(0, mostThings).or(20), random: newRandomFlags(), years: newYearsFlags(), deviation: ratioFlag().or(0.2), recovery: newRecoveryFlags(),
	}
	c := &cobra.Command{
		Use:   "simulate",
		Short: "Compute what failures do",
		Long: `Compute what failures do: which server is then the busiest, in the steady state
and in the first hour, what is offline, and how long it takes to recover. Without
--fail every server fails that is not down, then every domain of the other levels,
one at a time; with --fail all that are named fail together.

With --pairs any two servers fail at once, then any domain and a server outside
it: all of them are counted, and the hundred worst are listed. With --random sets
of servers do that are drawn with --seed, or all sets where there are no more.

Users are served again after the times to detect, to decide and to promote.
Copies that are lost are made anew by the servers that still serve the stores,
which read with their bandwidth and transfers; a transfer copies so many messages
and mailboxes a second at most. Where the new copies go is for a plan to say: no
choice takes less than the times that are told, but one may take longer, as the
servers that receive are not counted.

The exit status is 1 if a ceiling is passed, or if the failure of one server, or
of one domain at a level that the fleet spreads over or must survive, takes a
store offline. Stores whose servers are all down anyway are told apart from
those.

` + yearsHelp,
		Example: `  interlace simulate
  interlace simulate --fail server:imap03 --fail server:imap04
  interlace simulate --after plan.json --fail rack:a4
  interlace simulate --pairs --top 5
  interlace simulate --random 3 --samples 1000
  interlace simulate --years 10 --assume outages-per-year=2
  interlace simulate --plot failures.svg`,
		Args: noWords,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.simulate(cmd, flags)
		},
	}
	f := c.Flags()
	f.SortFlags = false
	f.StringArrayVar(&flags.fail, "fail", nil, "fail this `domain`, such as server:imap03 or rack:a4 (may be repeated: all at once)")
	f.StringArrayVar(&flags.after, "after", nil, "take the plan in this `file` as carried out (may be repeated)")
	f.Var(&flags.top, "top", "show the `number` worst in the text; 0 shows all")
	f.Var(plotFlag(&flags.plot), "plot", "draw who takes over from whom into this `file`, .svg or .png")
	f.BoolVar(&flags.pairs, "pairs", false, "fail any two servers, and any domain and a server outside it")
	flags.random.addTo(f)
	f.Var(&flags.deviation, "deviation", "let stores weigh more than they should by this `part` of their load, some of them at once")
	flags.recovery.addTo(f)
	flags.years.add(c)
	apart(c, "fail", "pairs", "the one names a failure, the other goes through all of two")
	apart(c, "fail", "random", "the one names a failure, the other draws many")
	apart(c, "fail", "deviation", "the one names a failure, the other is about all of them")
	return c
}

func (a *app) simulate(cmd *cobra.Command, flags simulateFlags) error {
	if err := errors.Join(flags.random.check(), flags.years.check()); err != nil {
		return err
	}
	f, err := a.facts(cmd.Context())
	if err != nil {
		return err
	}
	if err := mayWrite("", flags.plot, slices.Concat(f.read, flags.after)...); err != nil {
		return err
	}
	target, ids, err := a.after(cmd.Context(), f, flags.after)
	if err != nil {
		return err
	}
	fleet := load.New(target.Inventory)
	assumptions, err := flags.years.assumed(fleet)
	if err != nil {
		return err
	}
	s := simulate.New(fleet, fleet.Current())
	if err := flags.random.fit(s); err != nil {
		return err
	}
	s.Recovery = flags.recovery.given()
	sim := planner.Simulation{
		Format: planner.Format, Kind: "simulate", After: ids, Recovery: s.Recovery, Now: s.Now(),
		Inventory: planner.NewReference(f.Inventory, f.groups, nil), Warnings: s.Warnings(),
	}
	screen := report.Simulation
	if len(flags.fail) == 0 {
		a.failAll(s, &sim, fleet, flags)
	} else {
		screen = report.Failure
		err = failSet(s, &sim, target, fleet, flags.fail)
	}
	if err != nil {
		return err
	}
	if err := cmd.Context().Err(); err != nil {
		return err
	}
	flags.random.fail(cmd.Context(), s, &sim, *a.flags.seed.value)
	sim.Years = a.played(cmd.Context(), fleet, &flags.years, assumptions)
	sim.Interrupted = cmd.Context().Err() != nil
	offline := s.TakingOffline(sim.Failures)
	for _, f := range offline {
		sim.TakingOffline = append(sim.TakingOffline, f.Failed[0])
	}
	if err := a.savePlot(flags.plot, report.SimulationCharts(&sim, target.Inventory)); err != nil {
		return err
	}
	res := result{
		screen: screen(&sim, target.Inventory, offline, *flags.top.value),
		table:  report.Failures(&sim),
		json:   object(sim),
	}
	if sim.Years != nil {
		res.screen.AddYears(sim.Years)
		res.table = report.Years(sim.Years)
	}
	if sim.Interrupted && flags.years.years.value != nil {
		res.screen.AddUnfinished(*flags.years.years.value)
	}
	err = a.print(res)
	if sim.Years != nil && a.flags.output.value == "csv" {
		a.note("hint: csv has one table, here that of the years; -o json has the failures too")
	}
	if err == nil && sim.Interrupted {
		a.say("interrupted: this is what was computed until then")
		return errCut
	}
	if err == nil && (len(sim.Violations) > 0 || len(offline) > 0) {
		err = errFound
	}
	return err
}

// mostWorst is how many of the worst pairs and sets are listed.
const mostWorst = 100

// failAll fails every server and domain, and what else is asked for.
func (a *app) failAll(s *simulate.Simulator, sim *planner.Simulation, fleet *load.Fleet, flags simulateFlags) {
	sim.Failures, sim.Violations, sim.Failover = s.All(), s.Passed(), a.failover(s, fleet, flags.plot)
	normal, failure := s.NormalGrowth(), s.FailureGrowth()
	sim.Growth, sim.GrowthNormal, sim.GrowthFailure = &normal, &normal, &failure
	if failure.Before(&normal) {
		sim.Growth = &failure
	}
	for _, stores := range []int{0, 1, 3} {
		sim.Robust = append(sim.Robust, s.Robust(*flags.deviation.value, stores))
	}
	if flags.pairs {
		pairs := s.Pairs(0, mostWorst)
		sim.Pairs, sim.DomainPairs = &pairs, map[inventory.Level]planner.Pairs{}
		for level, l := range fleet.Levels[1:] {
			sim.DomainPairs[l.Name] = s.Pairs(level+1, mostWorst)
		}
	}
}

// failSet fails the domains named, all at once.
func failSet(s *simulate.Simulator, sim *planner.Simulation, f *facts, fleet *load.Fleet, names []string) error {
	domains, err := failing(f, fleet, names)
	if err != nil {
		return err
	}
	sim.Failures, sim.Violations, sim.Failover = []planner.Impact{s.Fail(domains...)}, s.PassedBy(domains...), s.FailoverOf(domains...)
	return nil
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
