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

// night keeps a unit for another night; those that are about to begin, and come before it,
// count too.
func (r *run) night(ctx context.Context, t *task) error {
	var units []*Unit
	begins := map[*Unit]bool{}
	r.mu.Lock()
	for _, other := range r.units {
		units = append(units, &other.Unit)
		if other == t {
			break
		}
		begins[&other.Unit] = other.state == running
	}
	for _, other := range r.units[len(units):] {
		units = append(units, &other.Unit)
	}
	r.mu.Unlock()
	return r.Options.night(ctx, &t.Unit, units, func(u *Unit) bool { return begins[u] })
}

// night keeps a unit for another night when so many users have begun to move in this one
// as may, in whatever apply. Of the other units of this one some are about to begin.
func (o *Options) night(ctx context.Context, u *Unit, others []*Unit, begins func(*Unit) bool) error {
	limit := o.Limits.UsersPerNight
	if limit == 0 || o.Gates.Night == nil || len(u.Moves) == 0 {
		return nil
	}
	type key struct{ plan, unit string }
	night, moving := o.Gates.Night(o.Now()), map[key]int{}
	if o.Gates.Begun != nil {
		begun, err := o.Gates.Begun(ctx, night)
		if err != nil {
			return errEnds("how many users move this night already is not known: %v", err)
		}
		for _, b := range begun {
			moving[key{b.Plan, b.Unit}] = b.Users
		}
	}
	for _, other := range others {
		records, err := o.Journal.Steps(ctx, other.Plan, other.Name)
		if err != nil {
			return errEnds("%v", err)
		}
		if at, there := last(records, monitor.StepCheck, monitor.StepBegan); begins(other) || there && !at.Before(night) {
			moving[key{other.Plan, other.Name}] = len(other.Moves)
		}
	}
	delete(moving, key{u.Plan, u.Name})
	users := 0
	for _, n := range moving {
		users += n
	}
	if users > 0 && users+len(u.Moves) > limit {
		return &hindrance{why: fmt.Sprintf("%s move this night already, and no more than %d may", inventory.Counted(users, "user", "users"), limit), lasting: true}
	}
	return nil
}
