package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/host"
)

// Unseen is why users are not known to be routed as whoever routes was told, and has taken it: that
// may be seen later.
type Unseen struct{ Err error }

// Error says why.
func (u Unseen) Error() string { return u.Err.Error() }

// Unwrap returns why.
func (u Unseen) Unwrap() error { return u.Err }

// isTaken reports whether whoever routes has taken the routes of which this is the error.
func isTaken(err error) bool { return errors.As(err, &Unseen{}) }

// untaken is why users could not be routed where nobody has taken the routes, with what the record of
// that has as its data.
type untaken struct {
	error
	data string
}

// Unwrap returns why.
func (u untaken) Unwrap() error { return u.error }

// await waits before what was copied is removed, with users let in where they were, until routes to
// the new store of which whoever routes was told, and which were not seen, are not to be feared any
// more: they were seen since, and those back after them, or twice as long has passed as users may be
// denied. As long as what was copied stays, denied, mail that comes by such a route is put off.
func (m *move) await(ctx context.Context, a course.Action, records []monitor.StepRecord, tell func(why string)) error {
	if a.Verb != course.Undo || a.Step != monitor.StepCopy || m.unit.Of != "" {
		return nil
	}
	_, done := course.Ended(course.OfMove.Attempt(records), monitor.StepRoute)
	back, undone := course.Last(records, monitor.StepRoute, monitor.StepUndone)
	if told, _ := course.ToldRoutes(records); !told || done || !undone || m.seen || m.Live.Served == nil {
		return nil
	}
	until := back.Add(2 * m.denied())
	if m.Now().Before(until) {
		tell(fmt.Sprintf("until %s at most what was copied stays, denied, since mail may be sent there yet; nobody is kept out for it", until.Local().Format(time.TimeOnly)))
	}
	led := map[inventory.UserID]bool{}
	for m.Now().Before(until) {
		soon, cancel := host.Soon(ctx)
		there, err := m.routedThere(soon)
		cancel()
		if err == nil && !slices.ContainsFunc(m.users(), func(u inventory.UserID) bool {
			led[u] = led[u] || there[u]
			return there[u] || !led[u]
		}) {
			return nil
		}
		if err := host.Pause(ctx, min(time.Second, until.Sub(m.Now()))); err != nil {
			return err
		}
	}
	return nil
}
