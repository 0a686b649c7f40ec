package apply

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/host"
)

// addSoon writes down a step, and tries for a while.
func (r *carrying) addSoon(ctx context.Context, record *monitor.StepRecord) error {
	return r.insist(ctx, func(ctx context.Context) error { return r.Journal.AddStep(ctx, record) })
}

// stepsSoon reads what is written down of the unit, and tries for a while.
func (r *carrying) stepsSoon(ctx context.Context) (records []monitor.StepRecord, err error) {
	err = r.insist(ctx, func(ctx context.Context) error {
		records, err = r.Journal.Steps(ctx, r.unit.Plan, r.unit.Name)
		return err
	})
	return records, err
}

// insist does again what fails, for as long as is tried to use the journal. The error is the
// first one.
func (r *carrying) insist(ctx context.Context, do func(context.Context) error) error {
	limit := r.insisting()
	trying, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for first := error(nil); ; {
		err := do(trying)
		if err == nil {
			return nil
		}
		first = cmp.Or(first, err)
		if host.Pause(trying, min(time.Second, limit/10)) != nil {
			return first
		}
	}
}

// insisting is how long is tried to use the journal: while users are kept out who can be let
// in where they were, no longer than leaves time for that.
func (r *carrying) insisting() time.Duration {
	limit, since := r.Limits.insist(), (&course.Result{Unit: r.unit, Records: r.known}).Out()
	if since.IsZero() || r.course.Switches(r.known) {
		return limit
	}
	return min(limit, max(r.denied()-r.wayBack()-r.Now().Sub(since), time.Second))
}

func (l *Limits) insist() time.Duration {
	if l.Insist == 0 {
		return 20 * time.Second
	}
	return l.Insist
}

// errDeaf says that the journal can't be used.
var errDeaf = errors.New("the database can't be used")

// deaf is what is done where the journal can't be used in the middle of a unit. Users who
// are kept out are let in again where they were, unless they may be routed elsewhere
// already: [work.wasLetIn] finds that when the unit is gone on with. The error says who is
// kept out.
func (r *carrying) deaf(ctx context.Context, err error) error {
	if h := (*hindrance)(nil); ctx.Err() != nil || errors.As(err, &h) {
		return err // the end was asked for
	}
	err = fmt.Errorf("%s: %w: %w", r.unit.Name, errDeaf, err)
	since := (&course.Result{Unit: r.unit, Records: r.known}).Out()
	const resume = "interlace apply --resume --yes"
	switch {
	case since.IsZero():
		r.in = r.Now() // which may not be written down
		return fmt.Errorf("%w. Nobody is kept out for it; when it can be used again %s goes on", err, resume)
	case r.course.Switches(r.known) && r.work.allIn(ctx, r.known):
		r.in = r.Now()
		return fmt.Errorf("%w. Its users are let in where they are routed, which is not written down; when it can be used again %s goes on", err, resume)
	case r.course.Switches(r.known):
		return fmt.Errorf("%w. %s since %s and may be routed to the new place already, so that they were not let in: as soon as it can be used again run %s",
			err, r.unit.KeptWords(), since.Format(time.RFC3339), resume)
	}
	failed := r.work.undo(ctx, r.course.Hold, r.known)
	if failed != nil && !errors.As(failed, &usersIn{}) {
		return fmt.Errorf("%w. %s since %s, and letting them in failed: as soon as it can be used again run %s",
			errors.Join(err, failed), r.unit.KeptWords(), since.Format(time.RFC3339), resume)
	}
	if r.in = r.Now(); failed != nil {
		err = fmt.Errorf("%w; %w", err, failed)
	}
	return fmt.Errorf("%w. Its users were let in again where they were, which is not written down; when it can be used again %s takes the rest back", err, resume)
}
