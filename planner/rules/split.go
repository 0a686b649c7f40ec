package rules

import (
	"fmt"
	"strings"

	"github.com/interlacemail/interlace/planner"
)

// Split parts the violations of a plan's target into those that make the plan
// infeasible and those that a plan of its kind cannot repair, which become
// warnings: what concerns users in a layout, what concerns instances in a users
// plan, and settings of instances in both.
func Split(kind string, violations []planner.Violation) (broken []planner.Violation, warnings []planner.Warning) {
	broken = []planner.Violation{}
	for _, v := range violations {
		if repairable(kind, v) {
			broken = append(broken, v)
			continue
		}
		warnings = append(warnings, planner.Warning{
			Text: Describe(v), Rule: planner.Text(v.Rule), Subject: planner.Text(v.Subject), Violation: &v,
		})
	}
	return broken, warnings
}

func repairable(kind string, v planner.Violation) bool {
	ofStores := strings.HasPrefix(string(v.Subject), "store:")
	switch v.Rule {
	case planner.Alike:
		return false
	case planner.StoreCapacity, planner.GroupWhole:
		return kind != planner.KindLayout
	case planner.Apart, planner.Spread, planner.Copies, planner.Slots, planner.Allowed:
		return kind != planner.KindUsers
	case planner.DrainEmpty:
		return ofStores == (kind == planner.KindUsers)
	}
	return true
}

// Describe says a violation in words.
func Describe(v planner.Violation) string {
	_, name := v.Subject.Split()
	switch v.Rule {
	case planner.Apart:
		return fmt.Sprintf("store %s has %.0f instances on server %s", name, v.Value.Value, v.Server)
	case planner.Spread:
		return fmt.Sprintf("store %s lies in %.0f different domains, not %.0f: several instances in %s", name, v.Value.Value, v.Limit.Value, strings.Join(v.Failed, " "))
	case planner.Copies:
		return fmt.Sprintf("store %s has %.0f of %.0f promised instances", name, v.Value.Value, v.Limit.Value)
	case planner.Ceiling:
		return fmt.Sprintf("%s of server %s is at %.1f %%, above the ceiling of %.0f %%", v.Resource, name, 100*v.Value.Value, 100*v.Limit.Value)
	case planner.FailureCeiling:
		return fmt.Sprintf("%s of server %s is at %.1f %% when %s fails, above the failure ceiling of %.0f %%", v.Resource, name, 100*v.Value.Value, strings.Join(v.Failed, " and "), 100*v.Limit.Value)
	case planner.Slots:
		return fmt.Sprintf("server %s has %.0f instances in %.0f slots", name, v.Value.Value, v.Limit.Value)
	case planner.StoreCapacity:
		return fmt.Sprintf("%s of store %s is at %.1f %% of its capacity, above the ceiling of %.0f %%", v.Resource, name, 100*v.Value.Value, 100*v.Limit.Value)
	case planner.GroupWhole:
		return fmt.Sprintf("share group %s lives on %.0f stores", name, v.Value.Value)
	case planner.DrainEmpty:
		return fmt.Sprintf("%s drains and still has %.0f %s", strings.Replace(string(v.Subject), ":", " ", 1), v.Value.Value, drained(v))
	case planner.DownEmpty:
		return fmt.Sprintf("server %s is down and would get %.0f instances", name, v.Value.Value)
	case planner.Pinned:
		return fmt.Sprintf("%s is pinned and would change", strings.Replace(string(v.Subject), ":", " ", 1))
	case planner.Allowed:
		return fmt.Sprintf("store %s has %.0f instances where it is not allowed, such as on server %s", name, v.Value.Value, v.Server)
	case planner.Alike:
		return fmt.Sprintf("store %s: the replica on server %s differs from the master in %.0f settings", name, v.Server, v.Value.Value)
	}
	return fmt.Sprintf("%s of %s: %g, limit %g", v.Rule, v.Subject, v.Value.Value, v.Limit.Value)
}

func drained(v planner.Violation) string {
	if v.Store != "" {
		return "users"
	}
	return "instances"
}
