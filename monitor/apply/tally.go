package apply

import (
	"errors"
	"fmt"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/course"
)

// Tally is what runs that follow one another have in common. Its zero value is that of the
// first one.
type Tally struct {
	failures int   // one after the other
	ended    error // nothing more begins
}

// asked reports whether nothing is to be gone on with either.
func (t *Tally) asked() bool { return endsAll(t.ended) }

// endsAll reports whether nothing may be gone on with for this reason: somebody has asked for
// the end, or nothing can be written down.
func endsAll(why error) bool {
	var h *hindrance
	return errors.As(why, &h) && h.asked || errors.Is(why, errDeaf)
}

// end lets nothing more begin.
func (r *run) end(why error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.endFor(why)
	r.changed.Broadcast()
}

// endFor lets nothing more begin; the first reason is kept, but for one that ends all.
func (r *run) endFor(why error) {
	if r.Tally.ended == nil || endsAll(why) && !r.Tally.asked() {
		r.Tally.ended = why
	}
}

// interrupt ends the run, and what may be ended in the middle.
func (r *run) interrupt() {
	r.mu.Lock()
	r.cut = true
	r.mu.Unlock()
	r.end(&hindrance{why: "interrupted", ends: true, asked: true})
}

// count counts failures, and ends the run where nothing more may begin after what became of
// a task. An original that can't be deleted is no reason.
func (r *run) count(t *task) {
	var h *hindrance
	switch {
	case errors.Is(t.why, errDeaf):
		r.endFor(errDeaf)
	case errors.As(t.why, &h) && (h.asked || h.ends && !t.settled()):
		r.endFor(h)
	case h != nil, t.settled(), t.outcome == course.Postponed, t.still, t.outcome == course.Back && t.returning():
	case t.done(), t.outcome == course.Back && (r.back || t.GivenUp):
		r.Tally.failures = 0
	case t.outcome == course.Stuck, t.outcome == course.Broken, t.outcome == course.Blocked:
		r.endFor(fmt.Errorf("nothing more begins: %s is %s", t.Name, t.outcome))
	default:
		if r.Tally.failures++; r.Tally.failures >= r.Limits.failures() {
			r.endFor(fmt.Errorf("nothing more begins after %s", inventory.Counted(r.Tally.failures, "failure", "failures in a row")))
		}
	}
}

// returning reports whether the unit was on its way back before the run began: that it is back then
// is no failure.
func (t *task) returning() bool { return t.course != nil && t.course.Next(t.records, false).Back }
