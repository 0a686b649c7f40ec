package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/rules"
)

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

// mayBegin waits until what of a wave is not begun may be, and says why it may not: it would
// break a rule as the fleet is now, even when nothing is waited for that it may overtake. What
// must not be begun in any case breaks none.
func (r *run) mayBegin(ctx context.Context, wave []*task) (fresh []*task, why error) {
	for _, t := range wave {
		if t.Fresh(t.records) && r.barred(&t.Unit, t.records) == "" {
			fresh = append(fresh, t)
		}
	}
	for {
		why = r.keepsRules(ctx, fresh)
		if why == nil || !r.waitBefore(fresh[0]) {
			return fresh, why
		}
	}
}

// waitBefore waits for tasks that come before another one and wait, and reports whether there
// was one.
func (r *run) waitBefore(t *task) (waited bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, b := range r.units[:slices.Index(r.units, t)] {
		for b.state != over {
			waited = true
			r.changed.Wait()
		}
	}
	return waited
}

// after waits until all that comes before a task is done, or is left waiting where the task
// does not depend on it, and fails where it is not.
func (r *run) after(t *task) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, b := range r.units[:slices.Index(r.units, t)] {
		for b.state != over && !b.overtaken(t) {
			r.changed.Wait()
		}
		if b.state == over && !b.done() && !b.overtaken(t) && !b.gaveUp(t) {
			return t.behind(b)
		}
	}
	return nil
}

// behind says why a task is not begun when another one before it is not done.
func (t *task) behind(before *task) error {
	if t.Wave > before.Wave && before.Wave > 0 {
		return fmt.Errorf("%s, of wave %d, comes before and is not done: the waves of a schedule are an order in which every state on the way keeps the rules, so each waits for all of the one before", before.Name, before.Wave)
	}
	return fmt.Errorf("%s comes before and is not done", before.Name)
}

// done reports whether nothing but originals is left of the task.
func (t *task) done() bool { return t.outcome == course.Moved || t.outcome == course.Finished }

// overtaken reports whether another task need not wait for this one, which waits itself: both
// change layouts, in no order of a schedule, and of different stores.
func (t *task) overtaken(by *task) bool {
	var h *hindrance
	waits := t.state == waiting || t.state == over && !t.done() && errors.As(t.why, &h) && !h.ends
	return waits && t.alone() && by.alone() && t.Do.Store != by.Do.Store
}

// gaveUp reports whether another task need not wait for this one, which somebody has given up:
// it builds on no change of its store.
func (t *task) gaveUp(by *task) bool {
	return t.GivenUp && t.Fresh(t.records) && (t.Do == nil || !slices.Contains(by.Stores(), t.Do.Store))
}

// alone reports whether nothing is done at the same time as the task, and only the rules say
// what comes before it.
func (t *task) alone() bool { return t.Do != nil && t.Wave == 0 }

// keepsRules fails where tasks of a wave would break a rule as the fleet is now: after all that
// is begun, which has come before or goes on.
func (r *run) keepsRules(ctx context.Context, fresh []*task) error {
	if r.Groups == nil || len(fresh) == 0 {
		return nil
	}
	var before, after []*course.Unit
	r.mu.Lock()
	for _, t := range r.units {
		if t.done() || t.state != over && !t.Fresh(t.records) {
			before = append(before, &t.Unit)
		}
	}
	r.mu.Unlock()
	for _, t := range fresh {
		after = append(after, &t.Unit)
	}
	if text, err := r.worse(ctx, before, after); err != nil || text != "" {
		return errors.Join(err, fmt.Errorf("it would break rules that are kept now: %s", text))
	}
	return nil
}

// worse tells which rules are broken by more when further units are carried out after others.
func (r *run) worse(ctx context.Context, before, fresh []*course.Unit) (string, error) {
	from := course.Carried(r.Inventory, before)
	to := course.Carried(from, fresh)
	roomy(to, fresh)
	old, _, err := rules.Check(ctx, from, r.Groups, rules.Options{From: from})
	if err != nil {
		return "", err
	}
	now, _, err := rules.Check(ctx, to, r.Groups, rules.Options{From: from})
	return violations(rules.Worse(old, now)), err
}

// violations says what breaks rules.
func violations(list []planner.Violation) string {
	var texts []string
	for _, v := range list {
		texts = append(texts, v.String())
	}
	return strings.Join(texts, "; ")
}

// dependent reports whether a task has to wait for one before it.
func dependent(t *task, before []*task) bool {
	return slices.ContainsFunc(before, func(b *task) bool { return b.state != over && t.follows(b) })
}

// undone returns a task of the same wave that comes before another one, which depends on it, and is
// over and not done; nil: there is none. What must not be left where it is, or has nothing but
// originals to delete, depends on nothing.
func (r *run) undone(t *task, before []*task) *task {
	if r.back || t.held(r.back) || t.settled() {
		return nil
	}
	at := slices.IndexFunc(before, func(b *task) bool {
		return b.state == over && !b.done() && !b.settled() && !b.gaveUp(t) && t.follows(b)
	})
	if at < 0 {
		return nil
	}
	return before[at]
}

// follows reports whether a task depends on one before it: of changes of a store one follows the
// other.
func (t *task) follows(before *task) bool {
	shares := slices.ContainsFunc(before.Stores(), func(s inventory.StoreID) bool { return slices.Contains(t.Stores(), s) })
	return shares && (before.Do != nil || t.Do != nil)
}
