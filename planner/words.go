package planner

import (
	"fmt"
	"strings"
)

// String says the violation in words: the rule, the subject, and by how much.
func (v Violation) String() string {
	_, name := v.Subject.Split()
	switch v.Rule {
	case Apart:
		return fmt.Sprintf("store %s has %.0f instances on server %s", name, v.Value.Value, v.Server)
	case Spread:
		return fmt.Sprintf("store %s lies in %.0f different domains, not %.0f: several instances in %s", name, v.Value.Value, v.Limit.Value, strings.Join(v.Failed, " "))
	case Copies:
		return fmt.Sprintf("store %s has %.0f of %.0f promised instances", name, v.Value.Value, v.Limit.Value)
	case Ceiling:
		return fmt.Sprintf("%s of server %s is at %.1f %%, above the ceiling of %.0f %%", v.Resource, name, 100*v.Value.Value, 100*v.Limit.Value)
	case FailureCeiling:
		return fmt.Sprintf("%s of server %s is at %.1f %% when %s fails, above the failure ceiling of %.0f %%", v.Resource, name, 100*v.Value.Value, strings.Join(v.Failed, " and "), 100*v.Limit.Value)
	case Slots:
		return fmt.Sprintf("server %s has %.0f instances in %.0f slots", name, v.Value.Value, v.Limit.Value)
	case StoreCapacity:
		return fmt.Sprintf("%s of store %s is at %.1f %% of its capacity, above the ceiling of %.0f %%", v.Resource, name, 100*v.Value.Value, 100*v.Limit.Value)
	case GroupWhole:
		return fmt.Sprintf("share group %s lives on %.0f stores", name, v.Value.Value)
	case DrainEmpty:
		return fmt.Sprintf("%s drains and still has %.0f %s", strings.Replace(string(v.Subject), ":", " ", 1), v.Value.Value, drained(v))
	case DownEmpty:
		return fmt.Sprintf("server %s is down and would get %.0f instances", name, v.Value.Value)
	case Pinned:
		return fmt.Sprintf("%s is pinned and would change", strings.Replace(string(v.Subject), ":", " ", 1))
	case Allowed:
		return fmt.Sprintf("store %s has %.0f instances where it is not allowed, such as on server %s", name, v.Value.Value, v.Server)
	case Transient:
		return v.onTheWay(name)
	case Alike:
		return fmt.Sprintf("store %s: the replica on server %s differs from the master in %.0f settings", name, v.Server, v.Value.Value)
	}
	return fmt.Sprintf("%s of %s: %g, limit %g", v.Rule, v.Subject, v.Value.Value, v.Limit.Value)
}

// drained says what is left on a subject that drains.
func drained(v Violation) string {
	if v.Store != "" {
		return "users"
	}
	return "instances"
}

// onTheWay says what a state between the changes of a plan breaks. Without a
// value it is about a change that does not apply to the state that it meets.
func (v Violation) onTheWay(name string) string {
	of := strings.Replace(string(v.Subject), ":", " ", 1)
	switch {
	case !v.Value.Known:
		return fmt.Sprintf("a change of %s cannot be carried out", of)
	case v.Resource == "":
		return fmt.Sprintf("on the way, server %s has %.0f instances in %.0f slots", name, v.Value.Value, v.Limit.Value)
	case len(v.Failed) > 0:
		return fmt.Sprintf("on the way, %s of %s is at %.1f %% when %s fails, above %.0f %%", v.Resource, of, 100*v.Value.Value, strings.Join(v.Failed, " and "), 100*v.Limit.Value)
	}
	return fmt.Sprintf("on the way, %s of %s is at %.1f %%, above %.0f %%", v.Resource, of, 100*v.Value.Value, 100*v.Limit.Value)
}
