package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/durability"
	"github.com/interlacemail/interlace/planner/load"
)

// mostYears is the longest span that is simulated.
const mostYears = 1000

// yearsFlags say whether years of failures are played, and with what.
type yearsFlags struct {
	years  optional[int]
	assume assumeFlag
}

func newYearsFlags() yearsFlags { return yearsFlags{years: countFlag(1, mostYears)} }

// yearsHelp explains the rates and times in the help of the command.
const yearsHelp = `With --years the fleet is also played through so many years of failures and
repairs: how often stores go offline, how many users that is and for how long,
and what data is lost, once because the last copy goes (double failure), once
because a master dies before its replica has what was last written (failover).
Every figure is computed and simulated. What is assumed, and can be set with
--assume NAME=VALUE:

  outages-per-year=1           of one server, whose data returns
  outage-hours=4               in the mean
  losses-per-year=0.02         of the disks of one server, whose data is gone
  replace-hours=24             until the disks are replaced and seeding begins
  lag-seconds=60               by which a replica is behind
  changed-per-day=0.01         part of a store that is written in a day
  domain-outages-per-year=0.1  of one rack, site, …, with all its servers
  domain-outage-hours=2        in the mean
  rack-outages-per-year, rack-outage-hours, and so on for one level`

func (y *yearsFlags) add(c *cobra.Command) {
	c.Flags().Var(&y.years, "years", "also play this `number` of years of failures and repairs")
	c.Flags().Var(&y.assume, "assume", "play the years with this `rate` or time, such as outages-per-year=2 (may be repeated)")
	apart(c, "years", "fail", "the years have failures of their own")
}

// check refuses assumptions about nothing.
func (y *yearsFlags) check() error {
	if len(y.assume.given) > 0 && y.years.value == nil {
		return hint(errors.New("--assume is about --years, which is not given"), "add --years 10, or leave --assume out")
	}
	return nil
}

// assumed returns what the years are played with, if they are asked for and can be.
func (y *yearsFlags) assumed(fleet *load.Fleet) (planner.Assumptions, error) {
	if y.years.value == nil {
		return planner.Assumptions{}, nil
	}
	assumptions, err := y.assume.over(fleet.Inventory.Levels())
	return assumptions, errors.Join(err, durability.Check(fleet, fleet.Current()))
}

// played returns what years of failures and repairs do to the fleet, or nil if
// that is not asked for or an interrupt comes before they are over.
func (a *app) played(ctx context.Context, fleet *load.Fleet, flags *yearsFlags, assumptions planner.Assumptions) *planner.Years {
	if flags.years.value == nil || ctx.Err() != nil {
		return nil
	}
	bar := a.progress("years")
	years := durability.Simulate(ctx, fleet, fleet.Current(), durability.Options{
		Seed: *a.flags.seed.value, Years: *flags.years.value, Assumptions: assumptions,
		Progress: func(done, total int) { bar.at(done, total, "") },
	})
	bar.end()
	if ctx.Err() != nil {
		return nil
	}
	return years
}

// assumption is one NAME=VALUE.
type assumption struct {
	name  string
	value float64
}

// assumeFlag collects assumptions. What is wrong with them waits until all flags
// are read.
type assumeFlag struct {
	given []assumption
	wrong []error
}

// Most that can be assumed.
const (
	mostPerYear = 10_000.0
	mostHours   = 100_000.0
	mostSeconds = 10_000_000.0
)

// fleetWide are the assumptions about every fleet.
var fleetWide = map[string]struct {
	most float64
	to   func(*planner.Assumptions) *float64
}{
	"outages-per-year": {mostPerYear, func(a *planner.Assumptions) *float64 { return &a.OutagesPerYear }},
	"outage-hours":     {mostHours, func(a *planner.Assumptions) *float64 { return &a.OutageHours }},
	"losses-per-year":  {mostPerYear, func(a *planner.Assumptions) *float64 { return &a.LossesPerYear }},
	"replace-hours":    {mostHours, func(a *planner.Assumptions) *float64 { return &a.ReplaceHours }},
	"lag-seconds":      {mostSeconds, func(a *planner.Assumptions) *float64 { return &a.LagSeconds }},
	"changed-per-day":  {1, func(a *planner.Assumptions) *float64 { return &a.ChangedPerDay }},
}

func isFleetWide(name string) bool {
	_, ok := fleetWide[name]
	return ok
}

// Assumptions about failure domains: the level, or "domain" for all of them,
// stands before these.
const (
	allLevels       = "domain"
	perYearOfDomain = "-outages-per-year"
	hoursOfDomain   = "-outage-hours"
)

// ofDomain parts the name of an assumption about failure domains.
func ofDomain(name string) (level, what string, ok bool) {
	for _, what := range []string{perYearOfDomain, hoursOfDomain} {
		if level, ok := strings.CutSuffix(name, what); ok && level != "" {
			return level, what, true
		}
	}
	return "", "", false
}

// Set takes one assumption.
func (f *assumeFlag) Set(s string) error {
	if err := f.read(s); err != nil {
		f.wrong = append(f.wrong, err)
	}
	return nil
}

func (f *assumeFlag) read(s string) error {
	name, text, ok := strings.Cut(s, "=")
	if !ok {
		return fmt.Errorf("%s is not of the form name=value, such as outages-per-year=2", inventory.Quoted(s))
	}
	if bare, ok := strings.CutPrefix(name, string(inventory.LevelServer)+"-"); ok && isFleetWide(bare) {
		return hint(fmt.Errorf("%s is nothing that is assumed", inventory.Quoted(name)), "that of one server is %s", bare)
	}
	most, known := mostHours, true
	if what, wide := fleetWide[name]; wide {
		most = what.most
	} else if _, what, domain := ofDomain(name); !domain {
		known = false
	} else if what == perYearOfDomain {
		most = mostPerYear
	}
	if !known {
		return hint(fmt.Errorf("%s is nothing that is assumed", inventory.Quoted(name)), "%s", nearest(name, assumable(nil)))
	}
	if slices.ContainsFunc(f.given, func(a assumption) bool { return a.name == name }) {
		return fmt.Errorf("%s is given twice", name)
	}
	value, err := inventory.ParseNumber(text)
	if err != nil || value > most {
		return fmt.Errorf("%s: %s is not a number from 0 to %s", name, inventory.Quoted(text), inventory.FormatNumber(most))
	}
	f.given = append(f.given, assumption{name, value})
	return nil
}

// assumable returns the names of what can be assumed of a fleet with the levels.
func assumable(levels []inventory.Level) []string {
	names := slices.Collect(maps.Keys(fleetWide))
	for _, level := range append([]inventory.Level{allLevels}, levels...) {
		names = append(names, string(level)+perYearOfDomain, string(level)+hoursOfDomain)
	}
	slices.Sort(names)
	return names
}

// String returns the assumptions as they are written.
func (f *assumeFlag) String() string {
	words := make([]string, len(f.given))
	for i, a := range f.given {
		words[i] = a.name + "=" + inventory.FormatNumber(a.value)
	}
	return strings.Join(words, " ")
}

// Type returns the word for the value in the help.
func (f *assumeFlag) Type() string { return "name=value" }

func (f *assumeFlag) mistake() error { return errors.Join(f.wrong...) }

// over returns the default assumptions with those given in their place. What is
// said of one level wins over what is said of all.
func (f *assumeFlag) over(levels []inventory.Level) (planner.Assumptions, error) {
	a := durability.DefaultAssumptions(levels)
	var wrong []error
	for _, given := range f.given {
		if what, ok := fleetWide[given.name]; ok {
			*what.to(&a) = given.value
			continue
		}
		level, what, _ := ofDomain(given.name)
		if level == allLevels {
			for _, l := range levels {
				if !f.has(string(l) + what) {
					assumeOf(&a, l, what, given.value)
				}
			}
			continue
		}
		if !slices.Contains(levels, inventory.Level(level)) {
			err := fmt.Errorf("--assume %s: the fleet has no level %s", given.name, inventory.Printable(level))
			wrong = append(wrong, hint(err, "%s", nearest(given.name, assumable(levels))))
			continue
		}
		assumeOf(&a, inventory.Level(level), what, given.value)
	}
	return a, errors.Join(wrong...)
}

func (f *assumeFlag) has(name string) bool {
	return slices.ContainsFunc(f.given, func(a assumption) bool { return a.name == name })
}

func assumeOf(a *planner.Assumptions, level inventory.Level, what string, value float64) {
	d := a.Domains[level]
	if what == perYearOfDomain {
		d.OutagesPerYear = value
	} else {
		d.OutageHours = value
	}
	a.Domains[level] = d
}
