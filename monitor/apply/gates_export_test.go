package apply

import (
	"context"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
)

// Troubled says what keeps work from stores, and whether it ends the run.
func Troubled(stores []inventory.StoreID, lags []monitor.Lag, alerts []monitor.Alert) (why string, ends bool) {
	h := troubled(stores, lags, alerts)
	if h == nil {
		return "", false
	}
	return h.why, h.ends
}

// Hinders says what keeps a unit from its next step.
func (o *Options) Hinders(ctx context.Context, u *course.Unit) error { return o.hinders(ctx, u) }

// Waves returns the names of the units of each wave.
func Waves(units []course.Unit) [][]string {
	var tasks []*task
	for i := range units {
		tasks = append(tasks, &task{Unit: units[i]})
	}
	var names [][]string
	for _, wave := range waves(tasks) {
		var list []string
		for _, t := range wave {
			list = append(list, t.Name)
		}
		names = append(names, list)
	}
	return names
}

// Nights tells of each unit, all of which have been chosen to run, the first ones again after they
// had waited, whether it has to wait for another night.
func (o *Options) Nights(ctx context.Context, units []course.Unit, waited int) []bool {
	r := &run{Options: o}
	for i := range units {
		r.units = append(r.units, &task{Unit: units[i], course: &course.OfMove, state: running, waited: i < waited})
	}
	var waits []bool
	for _, t := range r.units {
		waits = append(waits, r.night(ctx, t) != nil)
	}
	return waits
}

// Waits says what would keep a unit that comes after earlier ones from being begun now.
func (o *Options) Waits(ctx context.Context, u *course.Unit, earlier []*Rehearsal) []string {
	return (&Rehearsal{Unit: u}).waits(ctx, o, earlier)
}
