package rules

import (
	"strings"

	"github.com/interlacemail/interlace/planner"
)

// Split parts the violations of a plan's target into those that make the plan
// infeasible and those that a plan of its kind cannot repair, which become
// warnings: what concerns users in a layout, what concerns instances in a users
// plan.
func Split(kind string, violations []planner.Violation) (broken []planner.Violation, warnings []planner.Warning) {
	broken = []planner.Violation{}
	for _, v := range violations {
		if repairable(kind, v) {
			broken = append(broken, v)
			continue
		}
		warnings = append(warnings, planner.Warning{
			Text: v.String(), Rule: planner.Text(v.Rule), Subject: planner.Text(v.Subject), Violation: &v,
		})
	}
	return broken, warnings
}

func repairable(kind string, v planner.Violation) bool {
	ofStores := strings.HasPrefix(string(v.Subject), "store:")
	switch v.Rule {
	case planner.StoreCapacity, planner.GroupWhole:
		return kind != planner.KindLayout
	case planner.Apart, planner.Spread, planner.Copies, planner.Slots, planner.Allowed, planner.Alike, planner.Scatter:
		return kind != planner.KindUsers
	case planner.DrainEmpty:
		return ofStores == (kind == planner.KindUsers)
	}
	return true
}
