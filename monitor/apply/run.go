package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/planner/rules"
)

// run carries out units.
type run struct {
	*Options
	units []*task
	back  bool

	mu       sync.Mutex
	fleet    *inventory.Inventory // after the changes of layouts so far
	busy     map[inventory.ServerID]int
	running  int
	failures int   // one after the other
	ended    error // nothing more begins
	cut      bool  // nor goes on that may be ended in the middle
	changed  chan struct{}
}

// task is a unit with what became of it in this run.
type task struct {
	Unit
	course  *Course
	records []monitor.StepRecord // when the run began
	options *Options             // with the fleet as it is when the task begins
	state   taskState
	outcome Outcome
	why     error
	in      time.Time // when users were let in, where that could not be written down
	left    error     // why claims of it are left somewhere
}

type taskState int

const (
	idle taskState = iota
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
func CarryOut(ctx context.Context, units []Unit, back bool, o *Options) ([]Result, error) {
	now := *o
	now.Inventory, now.silent = promising(o.Inventory, units), &silent{}
	r := &run{Options: &now, back: back, fleet: now.Inventory, busy: map[inventory.ServerID]int{}, changed: make(chan struct{}, len(units)+1)}
	for i := range units {
		t := &task{Unit: units[i], outcome: Waiting}
		var err error
		if t.course, err = courseOf(&t.Unit); err != nil {
			return nil, err
		}
		if t.records, err = o.Journal.Steps(ctx, t.Plan, t.Name); err != nil {
			return nil, err
		}
		r.units = append(r.units, t)
	}
	stop := context.AfterFunc(ctx, r.interrupt)
	defer stop()
	r.together(context.WithoutCancel(ctx), r.held())
	for _, wave := range waves(r.units) {
		if o.Limits.OnlyWave > 0 && wave[0].Wave != o.Limits.OnlyWave {
			for _, t := range wave {
				t.outcome = t.stood()
			}
			continue
		}
		r.wave(context.WithoutCancel(ctx), wave)
	}
	return r.results(context.WithoutCancel(ctx))
}

// waves are the tasks that may be carried out at the same time, one wave after the other.
// Without a schedule the changes of a layout follow one another.
func waves(tasks []*task) [][]*task {
	var list [][]*task
	for i, t := range tasks {
		if before := i - 1; before >= 0 && t.Wave == tasks[before].Wave && (t.Wave > 0 || t.Do == nil && tasks[before].Do == nil) {
			list[len(list)-1] = append(list[len(list)-1], t)
			continue
		}
		list = append(list, []*task{t})
	}
	return list
}

// held are the tasks that come before all others, since they must not be left where they are.
func (r *run) held() []*task {
	return slices.DeleteFunc(slices.Clone(r.units), func(t *task) bool {
		return !t.held(r.back) || r.Limits.OnlyWave > 0 && t.Wave != r.Limits.OnlyWave
	})
}

// wave carries out one wave. What the one before has left undone keeps it from beginning.
func (r *run) wave(ctx context.Context, wave []*task) {
	if !r.back {
		r.mayBegin(ctx, wave)
	}
	r.together(ctx, wave)
}

// together carries tasks out at the same time, as far as servers have room for them.
func (r *run) together(ctx context.Context, wave []*task) {
	var going sync.WaitGroup
	for {
		t, wait := r.next(wave)
		if t == nil && !wait {
			break
		}
		if t == nil {
			<-r.changed
			continue
		}
		going.Go(func() { r.carryOn(ctx, t) })
	}
	going.Wait()
}

// mayBegin ends the run where the wave before has left something undone, or this one
// would break a rule as the fleet is now.
func (r *run) mayBegin(ctx context.Context, wave []*task) {
	first := slices.Index(r.units, wave[0])
	for _, t := range r.units[:first] {
		if t.outcome != Moved && t.outcome != Finished {
			r.end(fmt.Errorf("%s comes before and is not done", t.Name))
			return
		}
	}
	if r.Groups == nil {
		return
	}
	var before, after []*Unit
	for i, t := range r.units[:first+len(wave)] {
		if after = append(after, &t.Unit); i < first {
			before = after
		}
	}
	if text, err := r.worse(ctx, before, after); err != nil || text != "" {
		r.end(errors.Join(err, fmt.Errorf("it would break rules that are kept now: %s", text)))
	}
}

// worse tells which rules are broken by more when further units are carried out.
func (r *run) worse(ctx context.Context, before, after []*Unit) (string, error) {
	from, to := Carried(r.Inventory, before), Carried(r.Inventory, after)
	old, _, err := rules.Check(ctx, from, r.Groups, rules.Options{From: from})
	if err != nil {
		return "", err
	}
	now, _, err := rules.Check(ctx, to, r.Groups, rules.Options{From: from})
	var texts []string
	for _, v := range rules.Worse(old, now) {
		texts = append(texts, v.String())
	}
	return strings.Join(texts, "; "), err
}

// end lets nothing more begin; the first reason is kept.
func (r *run) end(why error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended == nil {
		r.ended = why
	}
	r.wake()
}

// interrupt ends the run, and what may be ended in the middle.
func (r *run) interrupt() {
	r.mu.Lock()
	r.cut = true
	r.mu.Unlock()
	r.end(errors.New("interrupted"))
}

func (r *run) wake() {
	select {
	case r.changed <- struct{}{}:
	default:
	}
}

// next returns the next task of the wave that may run, or whether one may later.
func (r *run) next(wave []*task) (t *task, wait bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, t := range wave {
		switch {
		case t.state != idle:
			wait = wait || t.state == running
		case r.ended != nil && !t.held(r.back):
			t.state, t.why = over, r.ended
			t.outcome = t.stood()
		case !r.free(t) || dependent(t, wave[:i]):
			wait = true
		default:
			t.state = running
			o := *r.Options
			o.Inventory = r.fleet
			t.options = &o
			r.running++
			for _, s := range r.ends(&t.Unit) {
				r.busy[s]++
			}
			return t, true
		}
	}
	return nil, wait
}

// free reports whether all servers of a task have room for it.
func (r *run) free(t *task) bool {
	return r.running < r.Limits.atOnce() && !slices.ContainsFunc(r.ends(&t.Unit), func(s inventory.ServerID) bool { return r.busy[s] >= r.Limits.perServer() })
}

// dependent reports whether a task has to wait for one before it: of changes of a store
// one follows the other.
func dependent(t *task, before []*task) bool {
	return slices.ContainsFunc(before, func(b *task) bool {
		shares := slices.ContainsFunc(b.Stores(), func(s inventory.StoreID) bool { return slices.Contains(t.Stores(), s) })
		return b.state != over && shares && (b.Do != nil || t.Do != nil)
	})
}

// held reports whether the unit must not be left where it is.
func (t *task) held(back bool) bool { return t.Held(t.records, back) }

// carryOn carries one unit on, and notes what became of it.
func (r *run) carryOn(ctx context.Context, t *task) {
	outcome, err := r.carryOne(ctx, t)
	r.mu.Lock()
	defer r.mu.Unlock()
	if outcome == Finished && t.Do != nil {
		records, unread := r.Journal.Steps(ctx, t.Plan, t.Name)
		if unread != nil && r.ended == nil {
			r.ended = unread
		}
		r.fleet = Follow(r.fleet, &t.Unit, records)
	}
	t.state, t.outcome, t.why = over, outcome, err
	r.running--
	for _, s := range r.ends(&t.Unit) {
		r.busy[s]--
	}
	var h *hindrance
	switch {
	case outcome == Moved, outcome == Finished, outcome == Back && r.back:
		r.failures = 0
	case errors.As(err, &h):
		if h.ends && r.ended == nil {
			r.ended = h
		}
	case outcome == Postponed:
	case errors.Is(err, errDeaf):
		if r.ended == nil {
			r.ended = errDeaf
		}
	default:
		if r.failures++; r.ended == nil && (outcome == Stuck || outcome == Broken || outcome == Blocked || r.failures >= r.Limits.failures()) {
			r.ended = fmt.Errorf("nothing more begins after %s", inventory.Counted(r.failures, "failure", "failures in a row"))
		}
	}
	r.tell(Progress{Unit: &t.Unit, Outcome: outcome, Over: true, Why: textOf(err)})
	r.wake()
}

func (r *run) carryOne(ctx context.Context, t *task) (Outcome, error) {
	if a := t.course.Next(t.records, r.back); a.Verb == End && (!a.Back || r.back) {
		return endOf(a), nil
	}
	if !t.held(r.back) && !r.back && !r.resting(t.course, t.records) {
		if err := r.await(ctx, func(ctx context.Context) error { return r.mayStart(ctx, t) }, func(why string) {
			r.tell(Progress{Unit: &t.Unit, Outcome: Waiting, Why: why})
		}); err != nil {
			return t.stood(), err
		}
	}
	w, _, err := t.options.newWork(ctx, &t.Unit)
	if err != nil {
		return t.stood(), err
	}
	a := t.course.Next(t.records, false)
	if fresh := a.Verb == End && a.Back; fresh || len(t.records) == 0 {
		if err := t.options.mayBegin(ctx, &t.Unit, w); err != nil {
			return t.stood(), errEnds("%v", err)
		}
	}
	if a.Verb == End && a.Back { // it begins anew
		again := monitor.StepRecord{Plan: t.Plan, Unit: t.Name, Step: t.course.Steps[0], State: monitor.StepBegan, At: r.Now()}
		if err := r.Journal.AddStep(ctx, &again); err != nil {
			return Stopped, err
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

// endOf is the outcome of a unit of which nothing is left to be done.
func endOf(a Action) Outcome {
	if a.Back {
		return Back
	}
	return Finished
}

// stood is the outcome of a unit that stays where it was.
func (t *task) stood() Outcome { return t.Stands(t.records) }

// Stands is the outcome of a unit of which this is written down and nothing else is done.
func (u *Unit) Stands(records []monitor.StepRecord) Outcome {
	c, err := courseOf(u)
	if err != nil || len(records) == 0 {
		return Waiting
	}
	switch a := c.Next(records, false); {
	case a.Verb == Settle:
		return Moved
	case a.Verb == End:
		return endOf(a)
	}
	return Stopped
}

func textOf(err error) string {
	if err == nil {
		return ""
	}
	return strings.ReplaceAll(err.Error(), "\n", "; ") // of errors that are joined
}

// results are what became of the units. With an error, of some it is not known what is
// written down by now.
func (r *run) results(ctx context.Context) (list []Result, unread error) {
	for _, t := range r.units {
		records, err := r.Journal.Steps(ctx, t.Plan, t.Name)
		if err != nil {
			records, unread = t.records, err
		}
		var down *fallen
		list = append(list, Result{
			Unit: &t.Unit, Outcome: t.outcome, Why: textOf(t.why), Fallen: errors.As(t.why, &down), In: t.in, Claims: textOf(t.left), Records: records,
		})
	}
	return list, unread
}
