package planner

import (
	"fmt"
	"strings"

	"github.com/interlacemail/interlace/inventory"
)

// String says the violation in words: the rule, the subject, and by how much.
func (v Violation) String() string {
	_, name := v.Subject.Split()
	switch v.Rule {
	case Apart:
		return fmt.Sprintf("store %s has %s on server %s", name, v.count("instance"), v.Server)
	case Spread:
		return fmt.Sprintf("store %s lies in %s, not in %.0f different ones: several instances in %s", name, v.count("domain"), v.Limit.Value, strings.Join(v.Failed, " "))
	case Copies:
		if len(v.Failed) > 0 {
			return fmt.Sprintf("store %s keeps %.0f of its %.0f living instances while %s is down", name, v.Value.Value, v.Limit.Value, strings.Join(v.Failed, " and "))
		}
		return fmt.Sprintf("store %s has %.0f of %.0f promised instances", name, v.Value.Value, v.Limit.Value)
	case Ceiling:
		return fmt.Sprintf("%s of server %s is at %.1f %%, above the ceiling of %.0f %%", v.Resource, name, 100*v.Value.Value, 100*v.Limit.Value)
	case FailureCeiling:
		return fmt.Sprintf("%s of server %s is at %.1f %% when %s fails, above the failure ceiling of %.0f %%", v.Resource, name, 100*v.Value.Value, strings.Join(v.Failed, " and "), 100*v.Limit.Value)
	case Slots:
		return fmt.Sprintf("server %s has %s in %s", name, v.count("instance"), v.slots())
	case StoreCapacity:
		return fmt.Sprintf("%s of store %s is at %.1f %% of its capacity, above the ceiling of %.0f %%", v.Resource, name, 100*v.Value.Value, 100*v.Limit.Value)
	case GroupWhole:
		return fmt.Sprintf("share group %s lives on %s", name, v.count("store"))
	case DrainEmpty:
		return fmt.Sprintf("%s drains and still has %s", v.Subject.Words(), v.count(drained(v)))
	case DownEmpty:
		return fmt.Sprintf("server %s is down and would get %s", name, v.count("instance"))
	case Pinned:
		return fmt.Sprintf("%s is pinned and would change", v.Subject.Words())
	case Allowed:
		return fmt.Sprintf("store %s has %s where it is not allowed, such as on server %s", name, v.count("instance"), v.Server)
	case Transient:
		return v.onTheWay(name)
	case Alike:
		return fmt.Sprintf("store %s: the replica on server %s differs from the master in %s", name, v.Server, v.count("setting"))
	case Scatter:
		return fmt.Sprintf("server %s shares stores with %s, not with %.0f at most", name, v.count("other server"), v.Limit.Value)
	}
	return fmt.Sprintf("%s of %s: %g, limit %g", v.Rule, v.Subject, v.Value.Value, v.Limit.Value)
}

// drained says what is left on a subject that drains.
func drained(v Violation) string {
	if v.Store != "" {
		return "user"
	}
	return "instance"
}

// count returns the value with the noun of what it counts, which takes an s.
func (v Violation) count(noun string) string {
	return inventory.Counted(int64(v.Value.Value), noun, noun+"s")
}

func (v Violation) slots() string {
	return inventory.Counted(int64(v.Limit.Value), "slot", "slots")
}

// onTheWay says what a state between the changes of a plan breaks. Without a
// value it is about a change that does not apply to the state that it meets.
func (v Violation) onTheWay(name string) string {
	of := v.Subject.Words()
	switch {
	case !v.Value.Known:
		return fmt.Sprintf("a change of %s cannot be carried out", of)
	case v.Resource == "":
		return fmt.Sprintf("on the way, server %s has %s in %s", name, v.count("instance"), v.slots())
	case len(v.Failed) > 0:
		return fmt.Sprintf("on the way, %s of %s is at %.1f %% when %s fails, above %.0f %%", v.Resource, of, 100*v.Value.Value, strings.Join(v.Failed, " and "), 100*v.Limit.Value)
	}
	return fmt.Sprintf("on the way, %s of %s is at %.1f %%, above %.0f %%", v.Resource, of, 100*v.Value.Value, 100*v.Limit.Value)
}
