package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/host"
)

// stepOrCut does or undoes a step, which is ended in the middle where somebody asks for the
// end and nobody is kept out.
func (r *carrying) stepOrCut(ctx context.Context, a course.Action) (failed, err error) {
	if a.Verb != course.Do || !slices.Contains(r.course.Cut, a.Step) {
		return r.step(ctx, a)
	}
	doing, end := r.untilAsked(ctx)
	defer end()
	return r.step(doing, a)
}

// untilAsked returns a context that ends, too, where somebody asks for the end.
func (r *carrying) untilAsked(ctx context.Context) (context.Context, func()) {
	until, cut := context.WithCancelCause(ctx)
	if r.gate.asked != nil {
		go func() {
			for host.Pause(until, r.gate.poll) == nil {
				if why := r.gate.asked(until); why != nil {
					cut(why)
				}
			}
		}()
	}
	return until, func() { cut(nil) }
}

// await waits until something may be done or undone, or somebody asks for the end.
func (r *carrying) await(ctx context.Context, a course.Action) error {
	waiting, end := r.untilAsked(ctx)
	defer end()
	if r.work.await(waiting, a, r.known, func(why string) {
		r.tell(Progress{Unit: r.unit, Outcome: course.Waiting, Why: why})
	}) != nil {
		return context.Cause(waiting)
	}
	return nil
}

// fail writes down that a step can't be done now, and returns that.
func (r *carrying) fail(ctx context.Context, step monitor.Step, why error) (failed, err error) {
	record := monitor.StepRecord{Plan: r.unit.Plan, Unit: r.unit.Name, Step: step, State: monitor.StepFailed, At: r.Now(), Text: inventory.Text(why.Error())}
	var none untaken
	switch {
	case errors.As(why, &usersIn{}):
		record.Data = r.letIn(course.AreIn)
	case errors.As(why, &nobodyIn{}):
		record.Data = course.AreOut
	case errors.As(why, &none):
		record.Data = none.data
	}
	return fmt.Errorf("%s: %s: %w", r.unit.Name, step, why), r.write(ctx, record)
}

// write writes something down. What is done is known even where that fails.
func (r *carrying) write(ctx context.Context, record monitor.StepRecord) error {
	r.known = append(slices.Clone(r.known), record)
	return r.addSoon(ctx, &record)
}

// step does or undoes one step, and writes down that it begins and how it ended. The error
// says that it could not be written down, or that the context has ended in the middle.
func (r *carrying) step(ctx context.Context, a course.Action) (failed, err error) {
	records := r.known
	record := monitor.StepRecord{Plan: r.unit.Plan, Unit: r.unit.Name, Step: a.Step, State: monitor.StepBegan, At: r.Now()}
	end := monitor.StepDone
	if a.Verb == course.Undo {
		record.State, end = monitor.StepUndoing, monitor.StepUndone
	}
	if err := r.write(ctx, record); err != nil {
		return nil, err
	}
	r.tell(Progress{Unit: r.unit, Verb: a.Verb, Step: a.Step})
	var text, data string
	if a.Verb == course.Undo {
		failed = r.undoClaimed(ctx, a.Step, records)
		if a.Step == r.course.Hold {
			data = r.letIn("")
		}
	} else {
		text, data, failed = r.doClaimed(ctx, a.Step, record.At, records)
	}
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx) // whether it is in effect is not known
	case errors.Is(failed, errRests):
		return failed, nil // it is begun again another day
	case failed != nil:
		return r.fail(ctx, a.Step, failed)
	}
	record.State, record.At, record.Text, record.Data = end, r.Now(), inventory.Text(text), data
	return nil, r.write(ctx, record)
}

// letIn is what is written down where users are let in: this, or that they were before.
func (r *carrying) letIn(data string) string {
	if r.loose {
		return course.WereIn
	}
	return data
}
