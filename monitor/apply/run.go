package apply

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/host"
)

// run carries out units.
type run struct {
	*Options
	units []*task
	back  bool
	going sync.WaitGroup

	mu      sync.Mutex
	changed *sync.Cond           // something that somebody may wait for
	fleet   *inventory.Inventory // after what was carried out so far
	busy    map[inventory.ServerID]int
	running int
	cut     bool       // nothing goes on that may be ended in the middle
	nights  sync.Mutex // one unit after the other is counted
}

// task is a unit with what became of it in this run.
type task struct {
	course.Unit
	course  *course.Course
	records []monitor.StepRecord // when the run began
	options *Options             // with the fleet as it is when the task begins
	state   taskState
	outcome course.Outcome
	why     error
	waited  bool      // for what kept it from being begun
	passed  bool      // nothing keeps it from being begun
	still   bool      // nothing was done about it
	in      time.Time // when users were let in, where that could not be written down
	left    error     // why claims of it are left somewhere
}

type taskState int

const (
	idle    taskState = iota
	waiting           // for what keeps it from being begun to pass
	running
	over
)

// CarryOut carries units on, wave by wave, until all have ended, rest or can't go on, and
// returns what became of each. A unit that has come back is begun anew. With back units
// are taken back where that can be done, and the others are carried on.
//
// When the context ends nothing more begins, and units go on until users are let in
// again. An error means that nothing was done or, where there are results, that the journal
// could not be read in the end.
func CarryOut(ctx context.Context, units []course.Unit, back bool, o *Options) ([]course.Result, error) {
	now := *o
	now.Inventory, now.silent = course.Promising(o.Inventory, units), &host.Silent{}
	if now.Tally == nil {
		now.Tally = &Tally{}
	}
	r := &run{Options: &now, back: back, fleet: now.Inventory, busy: map[inventory.ServerID]int{}}
	r.changed = sync.NewCond(&r.mu)
	for i := range units {
		t := &task{Unit: units[i], outcome: course.Waiting}
		var err error
		if t.course, err = course.Of(&t.Unit); err != nil {
			return nil, err
		}
		if t.records, err = o.Journal.Steps(ctx, t.Plan, t.Name); err != nil {
			return nil, err
		}
		r.units = append(r.units, t)
	}
	stop := context.AfterFunc(ctx, r.interrupt)
	defer stop()
	r.carryAll(context.WithoutCancel(ctx))
	return r.results(context.WithoutCancel(ctx))
}

// carryAll carries on what must not be left where it is, and then the rest, wave by wave. What
// has originals to delete, and nothing else to do, comes with the first one.
func (r *run) carryAll(ctx context.Context) {
	r.together(ctx, r.chosen(func(t *task) bool { return t.held(r.back) }))
	settled := r.chosen((*task).settled)
	for _, wave := range waves(r.units) {
		if !r.mayDo(wave[0]) {
			r.leave(wave, nil)
			continue
		}
		r.together(ctx, slices.Concat(settled, r.ready(ctx, wave)))
		settled = nil
	}
	r.going.Wait()
}

// mayDo reports whether something may be done about a task in this run, by its wave.
func (r *run) mayDo(t *task) bool { return r.Limits.OnlyWave == 0 || t.Wave == r.Limits.OnlyWave }

// chosen are the tasks that come before all others.
func (r *run) chosen(first func(*task) bool) (list []*task) {
	for _, t := range r.units {
		if first(t) && r.mayDo(t) {
			list = append(list, t)
		}
	}
	return list
}

// ready are the tasks of a wave, without those that must not be begun: what comes before has
// left something undone, or they would break a rule.
func (r *run) ready(ctx context.Context, wave []*task) []*task {
	if r.back {
		return wave
	}
	if why := r.after(wave[0]); why != nil {
		r.leave(slices.DeleteFunc(slices.Clone(wave), (*task).settled), why)
		return nil
	}
	if fresh, why := r.mayBegin(ctx, wave); why != nil {
		r.leave(fresh, why)
	}
	return wave
}

// leave leaves tasks where they are.
func (r *run) leave(tasks []*task, why error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, t := range tasks {
		if t.state == idle {
			t.leave(why)
		}
	}
}

// leave leaves the task where it is. Nothing has to be said of one that is done.
func (t *task) leave(why error) {
	t.state, t.outcome, t.still = over, t.stood(), true
	if t.outcome != course.Moved && t.outcome != course.Finished {
		t.why = why
	}
}

// together carries tasks out at the same time, as far as servers have room for them, until
// none is left but such as wait and may be overtaken.
func (r *run) together(ctx context.Context, wave []*task) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for {
		t, wait := r.next(wave)
		switch {
		case t != nil:
			r.going.Go(func() { r.carryOn(ctx, t) })
		case wait:
			r.changed.Wait()
		default:
			return
		}
	}
}

// next returns the next task of the wave that may run, or whether one may later.
func (r *run) next(wave []*task) (t *task, wait bool) {
	for i, t := range wave {
		switch {
		case t.state != idle:
			wait = wait || t.state == running || t.state == waiting && !t.alone()
		case !r.back && r.barred(&t.Unit, t.records) != "":
			t.leave(errors.New(r.barred(&t.Unit, t.records)))
		case r.Tally.ended != nil && !t.held(r.back) && (!t.settled() || r.Tally.asked()):
			t.leave(r.Tally.ended)
		case r.undone(t, wave[:i]) != nil:
			t.leave(t.behind(r.undone(t, wave[:i])))
		case !r.free(t) || dependent(t, wave[:i]):
			wait = true
		default:
			r.take(t)
			return t, true
		}
	}
	return nil, wait
}

// take gives a task its place on its servers.
func (r *run) take(t *task) {
	t.state = running
	o := *r.Options
	o.Inventory, o.changed = r.fleet, r.standing
	t.options = &o
	r.running++
	for _, s := range r.ends(&t.Unit) {
		r.busy[s]++
	}
}

// standing is the fleet after what was carried out so far.
func (r *run) standing() *inventory.Inventory {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.fleet
}

// release takes the place from a task that is given one.
func (r *run) release(t *task, state taskState) {
	if t.state == running {
		r.running--
		for _, s := range r.ends(&t.Unit) {
			r.busy[s]--
		}
	}
	t.state = state
	r.changed.Broadcast()
}

// again gives a task that waits its place back, as soon as there is room.
func (r *run) again(t *task) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for t.state == waiting {
		if r.Tally.ended != nil || r.free(t) {
			r.take(t)
			return
		}
		r.changed.Wait()
	}
}

// free reports whether all servers of a task have room for it.
func (r *run) free(t *task) bool {
	if t.alone() && r.running > 0 {
		return false
	}
	return r.running < r.Limits.atOnce() && !slices.ContainsFunc(r.ends(&t.Unit), func(s inventory.ServerID) bool { return r.busy[s] >= r.Limits.perServer() })
}

// held reports whether the unit must not be left where it is.
func (t *task) held(back bool) bool { return t.Held(t.records, back) }

// settled reports whether nothing is to be done about the unit but to delete originals.
func (t *task) settled() bool { return t.Settled(t.records) }

// carryOn carries one unit on, and notes what became of it.
func (r *run) carryOn(ctx context.Context, t *task) {
	outcome, err := r.carryOne(ctx, t)
	records, unread := r.Journal.Steps(ctx, t.Plan, t.Name)
	r.mu.Lock()
	defer r.mu.Unlock()
	if unread != nil {
		r.endFor(unread)
	}
	if outcome == course.Finished && t.Do != nil || t.Do == nil && t.Executed(records) { // so do the facts
		r.fleet = course.Follow(r.fleet, &t.Unit, records)
	}
	t.outcome, t.why = outcome, err
	t.still = err == nil && unread == nil && len(records) == len(t.records)
	r.count(t)
	r.tell(Progress{Unit: &t.Unit, Outcome: outcome, Over: true, Still: t.still, Why: textOf(err)})
	r.release(t, over)
}

func (r *run) carryOne(ctx context.Context, t *task) (course.Outcome, error) {
	if a := t.course.Next(t.records, r.back); a.Verb == course.End && (!a.Back || r.back) {
		if t.stood() == course.GivenUp {
			return course.GivenUp, nil
		}
		return course.EndOf(a), nil
	}
	switch {
	case r.back && t.Rests(t.records):
		gone, stays, err := r.wentBack(ctx, &t.Unit)
		if gone && stays && !r.resting(t.course, t.records) {
			err = r.mayDelete(ctx, t)
		}
		if err != nil || !gone {
			return t.stood(), err // its originals may be needed yet
		}
	case t.held(r.back), r.back, r.resting(t.course, t.records):
	case t.settled():
		if err := r.mayDelete(ctx, t); err != nil {
			return t.stood(), err
		}
	default:
		if err := r.start(ctx, t); err != nil {
			return t.stood(), err
		}
	}
	w, _, err := t.options.newWork(ctx, &t.Unit)
	if err != nil {
		return t.stood(), err
	}
	a := t.course.Next(t.records, false)
	if fresh := a.Verb == course.End && a.Back; fresh || len(t.records) == 0 {
		if err := t.options.mayBegin(ctx, &t.Unit, w); err != nil {
			return t.stood(), errEnds("%v", err)
		}
	}
	if a.Verb == course.End && a.Back { // it begins anew
		again := monitor.StepRecord{Plan: t.Plan, Unit: t.Name, Step: t.course.Steps[0], State: monitor.StepBegan, At: r.Now()}
		if err := r.Journal.AddStep(ctx, &again); err != nil {
			return course.Stopped, err
		}
	}
	c := &carrying{Options: t.options, unit: &t.Unit, course: t.course, work: w, back: r.back, gate: &gate{
		pass:  func(ctx context.Context, step monitor.Step) error { return r.pass(ctx, t, step) },
		asked: func(ctx context.Context) error { return r.stopped(ctx, t) },
		poll:  r.Limits.poll(),
	}}
	outcome, err := c.on(ctx)
	t.in, t.left = c.in, c.left
	return outcome, err
}

// stood is the outcome of a unit that stays where it was.
func (t *task) stood() course.Outcome { return t.Stands(t.records) }

func textOf(err error) string {
	if err == nil {
		return ""
	}
	return strings.ReplaceAll(err.Error(), "\n", "; ") // of errors that are joined
}

// results are what became of the units. With an error, of some it is not known what is
// written down by now.
func (r *run) results(ctx context.Context) (list []course.Result, unread error) {
	for _, t := range r.units {
		records, err := r.Journal.Steps(ctx, t.Plan, t.Name)
		if err != nil {
			records, unread = t.records, err
		}
		var down *fallen
		var by *overtaken
		list = append(list, course.Result{
			Unit: &t.Unit, Outcome: t.outcome, Why: textOf(t.why), Still: t.still, Unmet: errors.Is(t.why, errUnmet), Fallen: errors.As(t.why, &down), Overtaken: errors.As(t.why, &by), In: t.in, Claims: textOf(t.left), Records: records,
		})
	}
	return list, unread
}
