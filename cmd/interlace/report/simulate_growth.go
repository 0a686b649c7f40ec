package report

import (
	"fmt"
	"strings"

	"github.com/interlacemail/interlace/planner"
)

// addUncertainty says how far the promises hold where loads grow or are not what
// they seem.
func (s *Screen) addUncertainty(sim *planner.Simulation) {
	var facts Facts
	if g := sim.GrowthNormal; g != nil && g.Growth.Known {
		facts.add("growth", "%s", growthWords(*g))
	}
	if g := sim.GrowthFailure; g != nil && g.Growth.Known {
		facts.add("with a failure", "%s", growthWords(*g))
	}
	if words := robustWords(sim.Robust); words != "" {
		facts.add("deviation", "%s", words)
	}
	if facts != nil {
		s.add(facts)
	}
}

func growthWords(g planner.Growth) string {
	where, when := fmt.Sprintf("%s of %s", g.Resource, g.Server), ""
	if len(g.Failed) > 0 {
		when = fmt.Sprintf(" when %s %s", failureWords(g.Failed), failVerb(g.Failed))
	}
	if g.Growth.Value < 0 {
		return fmt.Sprintf("none: %s is at %s%s, above its ceiling of %s", where, PercentText(g.Value.Value), when, PercentText(g.Limit.Value))
	}
	return fmt.Sprintf("all loads may grow by %s, until %s is at its ceiling of %s%s", PercentText(g.Growth.Value), where, PercentText(g.Limit.Value), when)
}

// robustWords says what the worst single failure is where some stores weigh more.
func robustWords(robust []planner.Robust) string {
	var parts []string
	for _, r := range robust {
		if r.Stores > 0 && r.Deviation > 0 && r.Utilisation.Known {
			stores := "the worst store of each server weighs"
			if r.Stores > 1 {
				stores = fmt.Sprintf("the worst %d do", r.Stores)
			}
			if parts == nil {
				stores += " " + PercentText(r.Deviation) + " more"
			}
			parts = append(parts, fmt.Sprintf("%s if %s", PercentText(r.Utilisation.Value), stores))
		}
	}
	if parts == nil {
		return ""
	}
	return "the worst single failure is " + strings.Join(parts, ", ")
}
