package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// Outcome is where a unit is when nothing is done about it for now.
type Outcome string

// Outcomes.
const (
	Waiting   Outcome = "waiting"   // nothing has begun
	Moved     Outcome = "moved"     // all is done, but the original is kept for its time
	Finished  Outcome = "finished"  // all is done
	Back      Outcome = "back"      // all is as it was before
	Postponed Outcome = "postponed" // likewise, since its users would be denied for too long
	Stuck     Outcome = "stuck"     // it can't go back, and does not go on
	Broken    Outcome = "broken"    // it can't be taken back now, and why says who is let in where
	Blocked   Outcome = "blocked"   // the fleet is not as it was when it began, and somebody has to look
	Stopped   Outcome = "stopped"   // in the middle
)

// tries is how often a step that can't be undone, or an undoing, is tried in one go.
const tries = 3

// work does the steps of a unit.
type work interface {
	do(ctx context.Context, step monitor.Step, records []monitor.StepRecord) (text, data string, err error)
	undo(ctx context.Context, step monitor.Step, records []monitor.StepRecord) error
	// blocked says why a step may neither be done nor undone now and, with [ErrUnreached],
	// why one that leads on can't be done, and the unit is better taken back.
	blocked(ctx context.Context, a Action, records []monitor.StepRecord) error
	// wasLetIn says who may log in, or write, who has to be kept out as it is written down: it
	// was let in by somebody who could not write that down, or by hand.
	wasLetIn(ctx context.Context, records []monitor.StepRecord) (who string, err error)
	// hosts are the instances that the unit claims, with an error for those that can't be
	// asked.
	hosts(ctx context.Context) ([]*host, error)
	// rests reports whether the unit still rests before a step.
	rests(step monitor.Step, records []monitor.StepRecord) bool
}

// errPostponed says that a unit is better taken back for now.
var errPostponed = errors.New("it is better done at another time")

// gate says when a unit may go on.
type gate struct {
	// pass waits before a step until it may begin. The error says why it may not; of
	// [errPostponed] the unit is taken back.
	pass func(ctx context.Context, step monitor.Step) error
	// asked says that somebody has asked for the end, as often as poll passes.
	asked func(ctx context.Context) error
	poll  time.Duration
}

// carry carries a unit on until it ends, rests or can't go on, and returns where it is and
// what was first wrong with the last step that failed. With back it is taken back, if that
// can be done. Where the unit may pause it passes the gate first.
func (o *Options) carry(ctx context.Context, u *Unit, c *Course, w work, g *gate, back bool) (Outcome, error) {
	known, err := o.Journal.Steps(ctx, u.Plan, u.Name)
	if err != nil {
		return Stopped, err
	}
	wrong, err := o.mayGoOn(ctx, u, c, w, known, back)
	if err != nil {
		return Blocked, fmt.Errorf("%s: %w", u.Name, err)
	}
	back = back || wrong != nil
	var turned error // why it goes back
	var last Action
	for failures := 0; ; {
		records, err := o.stepsSoon(ctx, u)
		if err != nil {
			return Stopped, o.deaf(ctx, u, c, w, known, err)
		}
		a := c.Next(records, back)
		if a.Verb != last.Verb || a.Step != last.Step {
			if a.Back && !last.Back {
				turned = wrong
			}
			last, failures = a, 0
		}
		switch {
		case a.Verb == End && a.Back && errors.Is(turned, errPostponed):
			return Postponed, turned
		case a.Verb == End && a.Back:
			return Back, turned
		case a.Verb == End:
			return Finished, nil
		case a.Verb == Settle && w.rests(a.Step, records):
			return Moved, nil
		case failures >= tries && a.Back:
			return Broken, because(wrong, turned)
		case failures >= tries:
			return Stuck, wrong
		case a.Verb != Undo && c.pauses(a.Step) && !a.Again:
			err := g.pass(ctx, a.Step)
			if errors.Is(err, errPostponed) {
				wrong, back = err, true
				continue
			}
			if err != nil {
				return Stopped, err
			}
		}
		err = w.blocked(ctx, a, records)
		if err != nil && !errors.Is(err, ErrUnreached) {
			return Blocked, fmt.Errorf("%s: %w", u.Name, err)
		}
		failed := err
		if failed != nil {
			known, failed, err = o.fail(ctx, u, a.Step, records, failed)
		} else {
			known, failed, err = o.stepOrCut(ctx, u, c, w, g, a, records)
		}
		if err != nil {
			return Stopped, o.deaf(ctx, u, c, w, known, err)
		}
		if errors.Is(failed, errRests) {
			return Moved, failed
		}
		if failed == nil {
			continue
		}
		if failures++; failures == 1 {
			wrong = failed
		}
		if how := later(""); errors.As(failed, &how) {
			failures = tries
		}
		if failures < tries && (a.Back || c.past(a) || a.Step == c.Pivot) { // it is tried again
			if err := pause(ctx, time.Duration(failures*failures)*firstPause); err != nil {
				return Stopped, err
			}
		}
	}
}

// because says why a unit could not be taken back, and why it was to be.
func because(wrong, turned error) error {
	if turned == nil {
		return wrong
	}
	return fmt.Errorf("%w (it is taken back since %s)", wrong, turned.Error())
}

// stepOrCut does or undoes a step, which is ended in the middle where somebody asks for the
// end and nobody is kept out.
func (o *Options) stepOrCut(ctx context.Context, u *Unit, c *Course, w work, g *gate, a Action, records []monitor.StepRecord) (known []monitor.StepRecord, failed, err error) {
	if a.Verb != Do || a.Step != c.Cut || g.asked == nil {
		return o.step(ctx, u, c, w, a, records)
	}
	doing, cut := context.WithCancelCause(ctx)
	defer cut(nil)
	go func() {
		for pause(doing, g.poll) == nil {
			if why := g.asked(doing); why != nil {
				cut(why)
			}
		}
	}()
	return o.step(doing, u, c, w, a, records)
}

// fail writes down that a step can't be done now, and returns that after what was written
// down before.
func (o *Options) fail(ctx context.Context, u *Unit, step monitor.Step, before []monitor.StepRecord, why error) (known []monitor.StepRecord, failed, err error) {
	r := monitor.StepRecord{Plan: u.Plan, Unit: u.Name, Step: step, State: monitor.StepFailed, At: o.Now(), Text: inventory.Text(why.Error())}
	if errors.As(why, &usersIn{}) {
		r.Data = areIn
	}
	return append(slices.Clone(before), r), fmt.Errorf("%s: %s: %w", u.Name, step, why), o.addSoon(ctx, &r)
}

// step does or undoes one step, and writes down that it begins and how it ended, which it
// returns after what was written down before. The error says that it could not be written
// down, or that the context has ended in the middle.
func (o *Options) step(ctx context.Context, u *Unit, c *Course, w work, a Action, records []monitor.StepRecord) (known []monitor.StepRecord, failed, err error) {
	r := monitor.StepRecord{Plan: u.Plan, Unit: u.Name, Step: a.Step, State: monitor.StepBegan, At: o.Now()}
	end := monitor.StepDone
	if a.Verb == Undo {
		r.State, end = monitor.StepUndoing, monitor.StepUndone
	}
	known = append(slices.Clone(records), r)
	if err := o.addSoon(ctx, &r); err != nil {
		return known, nil, err
	}
	o.tell(Progress{Unit: u, Verb: a.Verb, Step: a.Step})
	var text, data string
	if a.Verb == Undo {
		failed = o.undoClaimed(ctx, u, c, w, a.Step, records)
	} else {
		text, data, failed = o.doClaimed(ctx, u, c, w, &r, records)
	}
	if ctx.Err() != nil {
		return known, nil, context.Cause(ctx) // whether it is in effect is not known
	}
	if errors.Is(failed, errRests) {
		return known, failed, nil // it is begun again another day
	}
	if failed != nil {
		return o.fail(ctx, u, a.Step, known, failed)
	}
	r.State, r.At, r.Text, r.Data = end, o.Now(), inventory.Text(text), data
	return append(known, r), nil, o.addSoon(ctx, &r)
}
