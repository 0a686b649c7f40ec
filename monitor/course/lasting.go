package course

import (
	"context"
	"slices"
	"time"

	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/planner"
)

// Lasting is a change of a layout that is in effect, and of which no later one has left nothing
// to be seen.
type Lasting struct {
	*Unit
	Records []monitor.StepRecord
	At      time.Time // it came into effect
}

// LastingOf returns what lasts of the changes of layouts among units, which come from any number
// of plans, in the order in which it came into effect.
func LastingOf(ctx context.Context, units []Unit, journal Written) ([]Lasting, error) {
	var all []Lasting
	for i := range units {
		u := &units[i]
		if u.Do == nil {
			continue
		}
		a, err := AccountOf(ctx, u, "", journal)
		if err != nil {
			return nil, err
		}
		if a.Fate != InEffect && !u.Leads(a.Records) {
			continue
		}
		l := Lasting{u, a.Records, a.At}
		if routed, known := Ended(a.Records, monitor.StepRoute); known {
			l.At = routed
		}
		all = append(all, l)
	}
	slices.SortStableFunc(all, func(a, b Lasting) int { return a.At.Compare(b.At) })
	var lasting []Lasting
	for i := range all {
		if !slices.ContainsFunc(all[i+1:], all[i].overtakenBy) {
			lasting = append(lasting, all[i])
		}
	}
	return lasting, nil
}

// Leads reports whether a unit of which this is written down has made a master to which all are
// routed, though it may not be done.
func (u *Unit) Leads(records []monitor.StepRecord) bool {
	return u.Do != nil && u.Do.Do == planner.Promote && u.Executed(records) && (&Result{Unit: u, Records: records}).Out().IsZero()
}

// overtakenBy reports whether of what a change has made a later one has left nothing to be seen.
func (l *Lasting) overtakenBy(later Lasting) bool {
	if later.Do.Store != l.Do.Store {
		return false
	}
	if l.Do.Do == planner.Promote && later.Do.Do == planner.Promote {
		return true
	}
	return later.Do.Server == l.Do.Server && later.Do.Do != planner.Promote
}
