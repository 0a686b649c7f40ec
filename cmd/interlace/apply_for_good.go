package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/monitor/course"
)

// forGood reports whether a result is a change of a layout that is to be taken back in this run
// and is done, which is for good.
func (j *job) forGood(r *course.Result) bool {
	return j.backwards && !j.over && r.Unit.Do != nil && r.Outcome == course.Finished
}

// leavesForGood tells of each of the results of a job whether it is a change of a layout that the run has to
// say stays as it is, and to end with 1 for. Who goes on with a rollback has to say that of what was
// done before it only when the rollback is at its end.
func (c *applying) leavesForGood(j *job, results []course.Result) func(*course.Result) bool {
	goesOn := c.flags.resume && slices.ContainsFunc(results, func(r course.Result) bool { return j.unfinished(&r) })
	return func(r *course.Result) bool { return j.forGood(r) && !(r.Still && goesOn) }
}

// nothingLeft reports whether nothing is left to be taken back of a unit, by what is written down of
// units, by plan and name: a change of a layout that is done stays.
func nothingLeft(u *course.Unit, written map[string][]monitor.StepRecord) bool {
	records := written[u.Plan+u.Name]
	if u.Midway(records) {
		return false
	}
	return u.Do != nil || u.Fresh(records) || !slices.ContainsFunc(course.Reverse(u), func(b course.Unit) bool {
		back := written[b.Plan+b.Name]
		return !b.Past(back) && !b.WasGivenUp(back)
	})
}

// planBack says how a layout is changed back.
const planBack = "interlace layout --plan FILE makes a plan from how it is now, with --drain server:NAME one that empties a server, and interlace apply FILE carries that out"

// noWayBack says from which step on a change of a layout can't be taken back, that is past it
// and not done.
func noWayBack(r *course.Result) string {
	return fmt.Sprintf("from %s on there is no way back, since it may be in service; it is gone on with", r.Unit.Pivot())
}

// byHand says what becomes of a promotion that somebody has undone by hand.
const byHand = "somebody has taken it back by hand, and only that is written down"

// notTaken say which changes of layouts are not taken back that were to be, and why.
func (j *job) notTaken(results []course.Result) (texts []string) {
	var done, only []string
	for i := range results {
		r := &results[i]
		name := inventory.Printable(r.Unit.Name)
		switch {
		case j.forGood(r) && r.Still:
			done = append(done, name)
		case j.forGood(r):
			only = append(only, name)
		case j.backwards && r.Overtaken:
			texts = append(texts, name+": "+byHand)
		case j.backwards && r.Unit.Do != nil && r.Unit.OnlyOn(r.Records):
			texts = append(texts, fmt.Sprintf("NOT taken back: %s: %s; when it is done %s", name, noWayBack(r), planBack))
		}
	}
	if len(only) > 0 {
		texts = append(texts, fmt.Sprintf("NOT taken back, since there was no way back any more: %s; it was gone on with, and is done now; %s", strings.Join(only, ", "), planBack))
	}
	if len(done) > 0 {
		texts = append(texts, fmt.Sprintf("NOT taken back, since it is done: %s; %s", strings.Join(done, ", "), planBack))
	}
	return texts
}

// backText says what taking a unit back would do, or why nothing would be undone. Users are
// moved back by units of their own, which are listed behind it.
func backText(r *apply.Rehearsal) string {
	u, o := r.Unit, r.Outcome
	switch {
	case r.Overtaken:
		return byHand
	case u.Do != nil && u.OnlyOn(r.Records):
		return noWayBack(&course.Result{Unit: u}) + "; when it is done " + planBack
	case len(r.Steps) > 0:
		return "it is taken back"
	case len(r.Refused) > 0:
		return "what taking it back would do is not known, since not all that it needs answers"
	case o == course.Back:
		return "it was taken back"
	case o == course.GivenUp:
		return "nothing of it was begun, and it is given up"
	case o != course.Moved && o != course.Finished:
		return "nothing of it was begun"
	case u.Do != nil:
		return "it is done, and not taken back: " + planBack
	}
	return "it is done; its users are moved back, as below"
}
