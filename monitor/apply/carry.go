package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/host"
)

// tries is how often a step that can't be undone, or an undoing, is tried in one go.
const tries = 3

// work does the steps of a unit.
type work interface {
	do(ctx context.Context, step monitor.Step, records []monitor.StepRecord) (text, data string, err error)
	undo(ctx context.Context, step monitor.Step, records []monitor.StepRecord) error
	// blocked says why a step may neither be done nor undone now and, with [ErrUnreached],
	// why one that leads on can't be done, and the unit is better taken back.
	blocked(ctx context.Context, a course.Action, records []monitor.StepRecord) error
	// await waits, while nobody is kept out for it, until something may be done or undone, and tells
	// for what. It fails only where the context ends.
	await(ctx context.Context, a course.Action, records []monitor.StepRecord, tell func(why string)) error
	// wasLetIn says who may log in, or write, who has to be kept out as it is written down: it
	// was let in by somebody who could not write that down, or by hand.
	wasLetIn(ctx context.Context, records []monitor.StepRecord) (who string, err error)
	// allIn reports whether all who have to be kept out, as it is written down, are known to be
	// let in where they are routed: that could not be written down, or was done by hand.
	allIn(ctx context.Context, records []monitor.StepRecord) bool
	// hosts are the instances that the unit claims, with an error for those that can't be
	// asked.
	hosts(ctx context.Context) ([]*host.Host, error)
	// rests reports whether the unit still rests before a step.
	rests(step monitor.Step, records []monitor.StepRecord) bool
}

// gate says when a unit may go on.
type gate struct {
	// pass waits before a step until it may begin. The error says why it may not; of
	// [errPostponed] the unit is taken back.
	pass func(ctx context.Context, step monitor.Step) error
	// asked says that somebody has asked for the end, as often as poll passes.
	asked func(ctx context.Context) error
	poll  time.Duration
}

// carrying is a unit that is carried on until it ends, rests or can't go on.
type carrying struct {
	*Options
	unit   *course.Unit
	course *course.Course
	work   work
	gate   *gate
	back   bool // it is taken back, if that can be done

	known    []monitor.StepRecord // what is written down of it
	last     course.Action
	failures int   // of that
	wrong    error // what was first wrong with the last step that failed
	turned   error // why it goes back

	// loose tells that users were let in before this began, and not when: that was not
	// written down. In is when they were let in here without that being written down.
	loose bool
	in    time.Time
	left  error // why claims of it are left somewhere, though it has ended
}

// on carries the unit on until it ends, rests or can't go on, and returns where it is and
// what was first wrong with the last step that failed. With back it is taken back, if that
// can be done. Where the unit may pause it passes the gate first.
func (r *carrying) on(ctx context.Context) (course.Outcome, error) {
	var err error
	if r.known, err = r.Journal.Steps(ctx, r.unit.Plan, r.unit.Name); err != nil {
		return course.Stopped, err
	}
	wrong, err := r.mayGoOn(ctx)
	if err != nil {
		return course.Blocked, fmt.Errorf("%s: %w", r.unit.Name, err)
	}
	r.wrong, r.back = wrong, r.back || wrong != nil
	for {
		if outcome, why := r.next(ctx); outcome != "" {
			return outcome, why
		}
	}
}

// next does what is to be done next. An outcome says that nothing is.
func (r *carrying) next(ctx context.Context) (course.Outcome, error) {
	records, err := r.stepsSoon(ctx)
	if err != nil {
		return course.Stopped, r.deaf(ctx, err)
	}
	r.known = records
	a := r.course.Next(records, r.back)
	r.follow(a)
	if outcome, why := r.over(a); outcome != "" {
		return outcome, why
	}
	if a.Verb != course.Undo && r.course.Pauses(a.Step) && !a.Again {
		switch err := r.gate.pass(ctx, a.Step); {
		case errors.Is(err, host.ErrPostponed):
			r.wrong, r.back = err, true
			return "", nil
		case err != nil:
			return course.Stopped, err
		}
	}
	if err := r.await(ctx, a); err != nil {
		return course.Stopped, err
	}
	failed := r.work.blocked(ctx, a, records)
	var by *overtaken
	switch {
	case failed == nil:
		failed, err = r.stepOrCut(ctx, a)
	case errors.Is(failed, ErrUnreached):
		failed, err = r.fail(ctx, a.Step, failed)
	case errors.As(failed, &by) && r.unit.Recalled(records) != nil:
		failed, err = nil, r.yield(ctx, by)
	default:
		return course.Blocked, fmt.Errorf("%s: %w", r.unit.Name, failed)
	}
	switch {
	case err != nil:
		return course.Stopped, r.deaf(ctx, err)
	case errors.Is(failed, errRests):
		return course.Moved, failed
	case failed != nil && a.Verb == course.Do && slices.Contains(r.course.Stay, a.Step):
		return course.Stopped, failed
	case failed == nil:
		return "", nil
	}
	return r.failed(ctx, a, failed)
}

// follow counts the failures of each action anew.
func (r *carrying) follow(a course.Action) {
	if a.Verb == r.last.Verb && a.Step == r.last.Step {
		return
	}
	if a.Back && !r.last.Back {
		r.turned = r.wrong
	}
	r.last, r.failures = a, 0
}

// over returns the outcome where nothing is to be done now.
func (r *carrying) over(a course.Action) (course.Outcome, error) {
	switch {
	case a.Verb == course.End && a.Back && errors.Is(r.turned, host.ErrPostponed):
		return course.Postponed, r.turned
	case a.Verb == course.End && a.Back:
		return course.Back, r.turned
	case a.Verb == course.End:
		return course.Finished, nil
	case a.Verb == course.Settle && r.work.rests(a.Step, r.known):
		return course.Moved, nil
	case r.failures >= tries && a.Back:
		return course.Broken, because(r.wrong, r.turned)
	case r.failures >= tries:
		return course.Stuck, r.wrong
	}
	return "", nil
}

// failed counts a failure, and waits where the same is tried again.
func (r *carrying) failed(ctx context.Context, a course.Action, why error) (course.Outcome, error) {
	if r.failures++; r.failures == 1 {
		r.wrong = why
	}
	if how := later(""); errors.As(why, &how) || errors.As(why, &inVain{}) {
		r.failures = tries
	}
	if r.failures < tries && (a.Back || r.course.Past(a) || a.Step == r.course.Pivot) {
		if err := host.Pause(ctx, time.Duration(r.failures*r.failures)*firstPause); err != nil {
			return course.Stopped, err
		}
	}
	return "", nil
}

// inVain is why something failed that is not tried again in this run.
type inVain struct{ error }

// Unwrap returns what is wrong.
func (i inVain) Unwrap() error { return i.error }

// because says why a unit could not be taken back, and why it was to be.
func because(wrong, turned error) error {
	if turned == nil {
		return wrong
	}
	return fmt.Errorf("%w (it is taken back since %s)", wrong, turned.Error())
}
