package apply

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/host"
)

// start waits until nothing keeps a unit from being begun, or from being gone on with. Others
// take its place meanwhile.
func (r *run) start(ctx context.Context, t *task) error {
	err := r.await(ctx, func(ctx context.Context) error {
		r.again(t)
		err := r.mayStart(ctx, t)
		if err != nil {
			r.mu.Lock()
			r.release(t, waiting)
			r.mu.Unlock()
			t.waited = true
		}
		return err
	}, func(why string, until time.Time) {
		if until.IsZero() {
			why += "; interlace apply --stop ends that"
		} else {
			why += fmt.Sprintf("; until %s at most, then it is left to a later interlace apply --resume --yes", until.Local().Format(time.TimeOnly))
		}
		r.tell(Progress{Unit: &t.Unit, Outcome: course.Waiting, Why: why})
	})
	if h := (*hindrance)(nil); errors.As(err, &h) && !h.ends {
		left := *h
		left.why += "; interlace apply --resume --yes goes on with it when that is over"
		return &left
	}
	return err
}

// mayGoOn says why nothing more begins.
func (r *run) mayGoOn() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.Tally.ended != nil {
		return errEnds("%v", r.Tally.ended)
	}
	return nil
}

// mayStart says what keeps a unit from being begun, or from being gone on with.
func (r *run) mayStart(ctx context.Context, t *task) error {
	if err := r.mayGoOn(); err != nil {
		return err
	}
	if err := t.options.hinders(ctx, &t.Unit); err != nil {
		return err
	}
	if t.waited && t.alone() && t.Fresh(t.records) { // others have overtaken it
		if err := r.keepsRules(ctx, []*task{t}); err != nil {
			return errEnds("%s: %v", t.Name, err)
		}
	}
	r.nights.Lock()
	defer r.nights.Unlock()
	err := r.night(ctx, t)
	r.mu.Lock()
	defer r.mu.Unlock()
	t.passed = err == nil
	return err
}

// mayDelete says why originals are not deleted now. Nothing is waited for, and nothing else
// ends for it but where somebody asks for that.
func (r *run) mayDelete(ctx context.Context, t *task) error {
	o, u := t.options, &t.Unit
	err := o.ask(ctx, o.servers(u))
	if h := (*hindrance)(nil); errors.As(err, &h) && h.asked {
		return err
	}
	if err = cmp.Or(err, o.inRole(ctx, u), o.watched(ctx, u)); err != nil {
		return &hindrance{why: err.Error() + "; the originals stay until a later interlace apply --resume --yes"}
	}
	return nil
}

// pass lets a unit that has begun go on where it may pause. When users are about to be
// kept out and may not be now, it is taken back for another time.
func (r *run) pass(ctx context.Context, t *task, step monitor.Step) error {
	if r.back {
		return nil
	}
	if t.settled() {
		return nil // the gate before it was passed, and nobody is kept out
	}
	if err := r.mayGoOn(); err != nil {
		return err
	}
	if step != t.course.Hold {
		return r.ask(ctx, t.options.servers(&t.Unit))
	}
	err := r.await(ctx, func(ctx context.Context) error {
		err := t.options.hinders(ctx, &t.Unit)
		if h := (*hindrance)(nil); errors.As(err, &h) && h.lasting {
			h.lasting = false
			return fmt.Errorf("%w: %s", host.ErrPostponed, h.why)
		}
		return err
	}, func(why string, until time.Time) {
		why += fmt.Sprintf("; until %s at most, then it is taken back for a later interlace apply --resume --yes", until.Local().Format(time.TimeOnly))
		r.tell(Progress{Unit: &t.Unit, Outcome: course.Waiting, Why: why})
	})
	if h := (*hindrance)(nil); errors.As(err, &h) && !h.ends {
		err = fmt.Errorf("%w: %s", host.ErrPostponed, h.why)
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

// night keeps a unit for another night; those that have passed, or come before it and are
// about to begin, count too.
func (r *run) night(ctx context.Context, t *task) error {
	var units []*course.Unit
	begins := map[*course.Unit]bool{}
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
		begins[&other.Unit] = other.passed && other.state == running
	}
	r.mu.Unlock()
	return r.Options.night(ctx, &t.Unit, units, func(u *course.Unit) bool { return begins[u] })
}

// barred says why a unit of which this is written down must not be begun, whatever the servers
// say: its plan, or that more users go together than may move in a night. Empty: it may be.
func (o *Options) barred(u *course.Unit, records []monitor.StepRecord) string {
	limit := o.Limits.UsersPerNight
	switch {
	case !u.Fresh(records):
		return ""
	case u.Barred == "" && limit > 0 && len(u.Moves) > limit:
		return fmt.Sprintf("it moves %d users, who go together, and no more than %d may move a night: --users-per-night %d begins it", len(u.Moves), limit, len(u.Moves))
	}
	return u.Barred
}

// night keeps a unit for another night when so many users have begun to move in this one
// as may, in whatever apply. Of the other units of this one some are about to begin.
func (o *Options) night(ctx context.Context, u *course.Unit, others []*course.Unit, begins func(*course.Unit) bool) error {
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
		if at, there := course.Last(records, monitor.StepCheck, monitor.StepBegan); begins(other) || there && !at.Before(night) {
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
