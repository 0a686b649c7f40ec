package apply

import (
	"context"
	"errors"
	"fmt"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// mayStart says what keeps a unit from being begun, or from being gone on with.
func (r *run) mayStart(ctx context.Context, t *task) error {
	r.mu.Lock()
	why := r.ended
	r.mu.Unlock()
	if why != nil {
		return errEnds("%v", why)
	}
	if err := r.night(ctx, t); err != nil {
		return err
	}
	return t.options.hinders(ctx, &t.Unit)
}

// pass lets a unit that has begun go on where it may pause. When users are about to be
// kept out and may not be now, it is taken back for another time.
func (r *run) pass(ctx context.Context, t *task, step monitor.Step) error {
	if r.back {
		return nil
	}
	r.mu.Lock()
	why := r.ended
	r.mu.Unlock()
	if why != nil {
		return errEnds("%v", why)
	}
	if step != t.course.Hold {
		return r.ask(ctx, t.options.servers(&t.Unit))
	}
	err := r.await(ctx, func(ctx context.Context) error {
		err := t.options.hinders(ctx, &t.Unit)
		if h := (*hindrance)(nil); errors.As(err, &h) && h.lasting {
			h.lasting = false
			return fmt.Errorf("%w: %s", errPostponed, h.why)
		}
		return err
	}, func(why string) {
		r.tell(Progress{Unit: &t.Unit, Outcome: Waiting, Why: why})
	})
	if h := (*hindrance)(nil); errors.As(err, &h) && !h.ends {
		err = fmt.Errorf("%w: %s", errPostponed, h.why)
	}
	return err
}

// stopped says that somebody has asked for the end, whatever a unit is doing.
func (r *run) stopped(ctx context.Context, t *task) error {
	r.mu.Lock()
	cut := r.cut
	r.mu.Unlock()
	if cut {
		return errEnds("interrupted")
	}
	err := r.ask(ctx, t.options.servers(&t.Unit))
	if h := (*hindrance)(nil); errors.As(err, &h) && h.asked {
		return err
	}
	return nil
}

// night keeps a unit for another night when so many users have begun to move in this one
// as may. Those that are about to begin, and come before it, count too.
func (r *run) night(ctx context.Context, t *task) error {
	limit := r.Limits.UsersPerNight
	if limit == 0 || r.Gates.Night == nil {
		return nil
	}
	night, users := r.Gates.Night(r.Now()), 0
	before := true
	for _, other := range r.units {
		if other == t {
			before = false
			continue
		}
		records, err := r.Journal.Steps(ctx, other.Plan, other.Name)
		if err != nil {
			return errEnds("%v", err)
		}
		r.mu.Lock()
		begins := before && other.state == running
		r.mu.Unlock()
		if at, there := last(records, other.course.Steps[0], monitor.StepBegan); begins || there && !at.Before(night) {
			users += len(other.Moves)
		}
	}
	if users > 0 && users+len(t.Moves) > limit {
		return &hindrance{why: fmt.Sprintf("%s move this night already, and no more than %d may", inventory.Counted(users, "user", "users"), limit), lasting: true}
	}
	return nil
}
