package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// AddYears adds what years of failures and repairs do: how often, how much and
// how long, each computed and simulated.
func (s *Screen) AddYears(y *planner.Years) {
	var head, outcome Lines
	head.add("%s of failures and repairs, for %s with %s", things(y.Years, "year", "years"),
		things(y.Stores, "store", "stores"), things(y.Users, "user", "users"))
	if y.Doubled.Chance.Known {
		outcome.add("chance that the last copy of a store is lost within %s: %s", things(y.Years, "year", "years"), chanceText(y.Doubled.Chance.Value))
	}
	outcome.add("at failovers in that time what was last written to %s is lost, %s in all",
		aboutStores(y.Failover.StoresPerYear.Analytic.Value*float64(y.Years)), BytesText(y.Failover.BytesPerYear.Analytic.Value*float64(y.Years)))
	if offlineForGood(y) {
		outcome = append(outcome, Line{Words: "stores hardly ever come back with what is assumed, so that hardly anything is left to fail or to be lost", Tone: Broken})
	}
	facts := Facts{{"assumed", assumedWords(&y.Assumptions)}, {"drawn", drawnWords(y)}}
	if anyUnmet(y) {
		facts.add("–", "does not happen, or is too rare to be met often enough in the simulation")
	}
	computed := "exactly from what is assumed; ≈ is an approximation to first order"
	if y.Offline.OccasionsPerYear.Approximation == planner.BeyondFirstOrder {
		computed += ", which is not to be relied on where copies are missing or servers away more than a tenth of the time"
	}
	facts.add("computed", "%s", computed)
	facts.add("not in it", "the interruption that each failover is by itself, and stores that are offline already")
	s.add(head, Years(y), outcome, facts)
}

// AddUnfinished says that years were not played to their end.
func (s *Screen) AddUnfinished(years int) {
	var l Lines
	l.add("%s of failures and repairs: not finished, so that nothing is said of them", things(years, "year", "years"))
	s.add(l)
}

// Years is the table of the figures.
func Years(y *planner.Years) *Table {
	return &Table{
		Columns: []Column{
			left("", "", 0), left("", "", 0), hidden("figure"),
			right("computed", "analytic", 0), hidden("approximation"),
			right("simulated", "simulated", 0), hidden("standard_error"), hidden("low"), hidden("high"),
			right("± 95 %", "", 2), right("samples", "effective_samples", 4), left("drawn", "sampling", 5),
		},
		Rows: rowsOf(yearFigures(y), yearRow),
	}
}

// yearFigure is one row: where it stands in the JSON form, what people call it
// and how they read its values.
type yearFigure struct {
	path, group, name string
	planner.Estimate
	text func(float64) string
}

func yearFigures(y *planner.Years) []yearFigure {
	o, d, f := &y.Offline, &y.Doubled, &y.Failover
	often := perYearText
	if offlineForGood(y) {
		often = func(float64) string { return "always" }
	}
	return []yearFigure{
		{"offline.occasions_per_year", "offline", "how often", o.OccasionsPerYear, often},
		{"offline.stores_each", "", "stores at once", o.StoresEach, plainText},
		{"offline.users_each", "", "users at once", o.UsersEach, plainText},
		{"offline.hours_each", "", "how long", o.HoursEach, hoursText},
		{"offline.stores", "", "stores, in the mean", o.Stores, plainText},
		{"offline.users", "", "users, in the mean", o.Users, plainText},
		{"availability", "", "availability of a store", y.Availability, availabilityText},
		{"double_failure.occasions_per_year", "last copy lost", "how often", d.OccasionsPerYear, perYearText},
		{"double_failure.users_each", "", "users at once", d.UsersEach, plainText},
		{"double_failure.bytes_each", "", "how much at once", d.BytesEach, BytesText[float64]},
		{"double_failure.stores_per_year", "", "stores", d.StoresPerYear, perYearText},
		{"double_failure.bytes_per_year", "", "in a year, in the mean", d.BytesPerYear, BytesText[float64]},
		{"failover.stores_per_year", "lost at failover", "stores", f.StoresPerYear, perYearText},
		{"failover.users_per_year", "", "users", f.UsersPerYear, perYearText},
		{"failover.bytes_each", "", "how much of a store", f.BytesEach, BytesText[float64]},
		{"failover.bytes_per_year", "", "in a year, in the mean", f.BytesPerYear, BytesText[float64]},
	}
}

func yearRow(f yearFigure) []Cell {
	value := func(n planner.Number) Cell {
		if !n.Known {
			return Unknown
		}
		return figure(Quantity, n.Value).as(f.text(n.Value))
	}
	name := f.name
	if f.Approximation != "" && f.Analytic.Value != 0 {
		name += " ≈"
	}
	within, samples := Nothing, Nothing
	if f.Simulated.Known {
		switch {
		case !f.High.Known:
			within = Unknown
		case f.Simulated.Value != 0 && f.path != "availability":
			within = figure(Ratio, (f.High.Value-f.Simulated.Value)/f.Simulated.Value)
		}
		samples = count(int64(math.Round(f.EffectiveSamples)))
	}
	return []Cell{
		words(f.group), words(name), words(f.path),
		value(f.Analytic), words(string(f.Approximation)),
		value(f.Simulated), value(f.StandardError), value(f.Low), value(f.High),
		within, samples, words(string(f.Sampling)),
	}
}

// offlineForGood reports whether stores go offline so seldom because they hardly
// ever come back: once they do, in the mean, in a thousand years.
func offlineForGood(y *planner.Years) bool {
	a := y.Availability.Analytic
	return a.Known && 1-a.Value > 1000*y.Offline.OccasionsPerYear.Analytic.Value
}

// leastPlain is the least number that is told; what is less, is told to be so.
const leastPlain = 1e-6

// plainText returns a number with three significant digits: 1,720, 5.5, 0.00000172.
func plainText(v float64) string {
	if v > 0 && v < leastPlain {
		return "<" + inventory.FormatNumber(leastPlain)
	}
	digits := strconv.FormatFloat(v, 'g', 3, 64)
	rounded, err := strconv.ParseFloat(digits, 64)
	switch {
	case err != nil:
		return digits
	case rounded >= 1000 && rounded < math.MaxInt64:
		return Rounded(int64(rounded))
	}
	return inventory.FormatNumber(rounded)
}

// leastOften is the least frequency and the least chance that is told.
const leastOften = 1e-9

// perYearText returns a frequency as people say it: 5.86 a year, once in 340 years.
func perYearText(v float64) string {
	switch {
	case v == 0:
		return "never"
	case v >= 0.2:
		return plainText(v) + " a year"
	case v < leastOften:
		return "never in 1,000 M years"
	}
	return "once in " + plainText(1/v) + " years"
}

func hoursText(v float64) string { return inventory.DurationText(v * 3600) }

// availabilityText returns a part of the time with as many nines as it has, and
// two digits behind them.
func availabilityText(v float64) string {
	switch {
	case v <= 0:
		return "0 %"
	case 1-v < 1e-12:
		return "100 %"
	}
	decimals := max(1, int(math.Ceil(-math.Log10(1-v))))
	return strconv.FormatFloat(100*v, 'f', decimals, 64) + " %"
}

func chanceText(v float64) string {
	switch {
	case v > 0 && v < leastOften:
		return "less than 1 in 1,000 M"
	case v > 0 && v < 0.0005:
		return "1 in " + plainText(1/v)
	}
	return PercentText(v)
}

// aboutStores counts stores of which there are so many in the mean.
func aboutStores(n float64) string {
	switch {
	case n == 0:
		return "no store"
	case n < 0.5:
		return "less than one store"
	}
	return "about " + things(int64(math.Round(n)), "store", "stores")
}

// assumedWords names the rates and times that the figures rest on.
func assumedWords(a *planner.Assumptions) string {
	number := inventory.FormatNumber
	parts := []string{
		fmt.Sprintf("outages of a server %s a year, %s h each", number(a.OutagesPerYear), number(a.OutageHours)),
		fmt.Sprintf("its disks lost %s times a year, replaced in %s h", number(a.LossesPerYear), number(a.ReplaceHours)),
	}
	for _, level := range sortedLevels(a.Domains) {
		d := a.Domains[level]
		parts = append(parts, fmt.Sprintf("outages of a %s %s a year, %s h each", level, number(d.OutagesPerYear), number(d.OutageHours)))
	}
	parts = append(parts, fmt.Sprintf("replicas are %s s behind, %s of a store is written in a day", number(a.LagSeconds), PercentText(a.ChangedPerDay)))
	return strings.Join(parts, " · ") + " (--assume sets them)"
}

// drawnWords says how much was simulated.
func drawnWords(y *planner.Years) string {
	forced := ""
	if y.Strikes > 0 {
		forced = things(y.Strikes, "failure", "failures") + " by force where that meets too few, weighed by how unlikely they are"
	}
	plain := fmt.Sprintf("%s in %s", things(y.Failures, "failure", "failures"), things(int64(math.Round(y.YearsSimulated)), "simulated year", "simulated years"))
	return joined(plain, forced, fmt.Sprintf("seed %d", y.Seed))
}

func anyUnmet(y *planner.Years) bool {
	return slices.ContainsFunc(yearFigures(y), func(f yearFigure) bool { return !f.Simulated.Known || !f.High.Known })
}
