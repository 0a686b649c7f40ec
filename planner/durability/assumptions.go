package durability

import (
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// Units of time: the model counts in years.
const (
	hoursPerYear  = 365.25 * 24
	secondsPerDay = 24 * 60 * 60
)

// DefaultAssumptions returns what is assumed of a fleet with these levels of
// failure domains if nobody says otherwise. They are orders of magnitude of
// ordinary servers; an operator knows better ones.
func DefaultAssumptions(levels []inventory.Level) planner.Assumptions {
	a := planner.Assumptions{
		OutagesPerYear: 1, OutageHours: 4,
		LossesPerYear: 0.02, ReplaceHours: 24,
		LagSeconds: 60, ChangedPerDay: 0.01,
		Domains: map[inventory.Level]planner.DomainOutages{},
	}
	for _, level := range levels {
		a.Domains[level] = planner.DomainOutages{OutagesPerYear: 0.1, OutageHours: 2}
	}
	return a
}
