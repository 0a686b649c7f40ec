package apply

import (
	"context"
	"errors"
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

// isTold reports whether whoever routes has taken the routes of which this is the error.
func isTold(err error) bool { return errors.As(err, &Unseen{}) }

// untold is why users could not be routed where nobody has taken the routes.
type untold struct{ error }

// Unwrap returns why.
func (u untold) Unwrap() error { return u.error }

// steady waits, with users let in where they were, until routes to the new store that were taken,
// and not seen, are not to be feared any more: they were seen since, and those back after them, or
// twice as long has passed as users may be denied. As long as what was copied stays, denied, mail
// that comes by such a route is put off.
func (m *move) steady(ctx context.Context, records []monitor.StepRecord) error {
	_, done := course.Ended(course.OfMove.Attempt(records), monitor.StepRoute)
	back, undone := course.Last(records, monitor.StepRoute, monitor.StepUndone)
	if !course.ToldRoutes(records) || done || !undone || m.seen || m.rehearsed || m.Live.Served == nil {
		return nil
	}
	led := map[inventory.UserID]bool{}
	for until := back.Add(2 * m.denied()); m.Now().Before(until); {
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
