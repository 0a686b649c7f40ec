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

// Untold is why users are routed as before: nobody was told otherwise.
type Untold struct{ Err error }

// Error says why.
func (u Untold) Error() string { return u.Err.Error() }

// Unwrap returns why.
func (u Untold) Unwrap() error { return u.Err }

// isUntold reports whether nobody was told of the routes of which this is the error.
func isUntold(err error) bool { return errors.As(err, &Untold{}) }

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

// longBack is how long ago users were routed back for it to be enough that they are seen to be:
// whoever routes may not know them any more, and never take that.
const longBack = 24 * time.Hour

// await has the way back taken before what was copied is removed, where whoever routes was told of the
// routes to the new store and is not known to have taken that back, and waits then, with users let in
// where they were, until such routes are not to be feared any more: they were seen since, and those
// back after them, or twice as long has passed as users may be denied. As long as what was copied
// stays, denied, mail that comes by such a route is put off.
func (m *move) await(ctx context.Context, a course.Action, records []monitor.StepRecord, tell func(why string)) error {
	if a.Verb != course.Undo || a.Step != monitor.StepCopy || m.unit.Of != "" {
		return nil
	}
	_, done := course.Ended(course.OfMove.Attempt(records), monitor.StepRoute)
	back, undone := course.Last(records, monitor.StepRoute, monitor.StepUndone)
	told, taken := course.ToldRoutes(records)
	switch {
	case !told || done || !undone:
		return nil
	case m.sentBack.IsZero() && taken:
		m.sentBack = back // or it would not be undone
	case m.sentBack.IsZero():
		m.unsent = m.sendBack(ctx, records)
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case m.unsent != nil && m.Now().Sub(back) > longBack && m.servedBack(ctx):
		m.unsent = nil
		return nil
	case m.unsent != nil || m.seen || m.Live.Served == nil:
		return nil
	}
	if m.rehearsed {
		tell(fmt.Sprintf("what was copied is removed when the way back of the routes has been taken, and was seen, or %s after that: mail may be sent there yet", inventory.DurationText((2 * m.denied()).Seconds())))
		return nil
	}
	return m.steady(ctx, tell)
}

// sendBack has whoever routes take the way back.
func (m *move) sendBack(ctx context.Context, records []monitor.StepRecord) error {
	routes, err := m.wayHome(ctx, records)
	if err != nil {
		return err
	}
	if err = m.tryBack(ctx, 2*m.hanging(), routes); isTaken(err) {
		err = nil
	}
	return err
}

// steady waits until the way back that was taken is seen, after routes to the new store were, or
// these are not to be feared any more.
func (m *move) steady(ctx context.Context, tell func(why string)) error {
	until := m.sentBack.Add(2 * m.denied())
	if m.Now().Before(until) {
		tell(fmt.Sprintf("until %s at most what was copied stays, denied, since mail may be sent there yet; users are let in where they were", until.Local().Format(time.TimeOnly)))
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
