package apply

import (
	"context"
	"errors"
	"fmt"
	"time"

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
			t.waited = true
			r.mu.Unlock()
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
	if err == nil {
		err = o.unready(ctx, u)
	}
	if err != nil {
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
	if h := (*hindrance)(nil); errors.As(err, &h) && !h.ends && !h.stays {
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
