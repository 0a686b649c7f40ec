package main

import (
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/course"
)

// forGood reports whether a result is a change of a layout that was to be taken back and is
// done, which is for good.
func (j *job) forGood(r *course.Result) bool {
	return j.backwards && r.Unit.Do != nil && r.Outcome == course.Finished
}

// planBack says how a layout is changed back.
const planBack = "interlace layout --plan FILE makes a plan from how it is now, with --drain server:NAME one that empties a server, and interlace apply FILE carries that out"

// sayForGood says which changes of layouts were to be taken back and are done.
func (c *applying) sayForGood(j *job, results []course.Result) {
	var names []string
	for i := range results {
		if r := &results[i]; j.forGood(r) {
			names = append(names, inventory.Printable(r.Unit.Name))
		}
	}
	if len(names) > 0 {
		c.app.note("NOT taken back, since it is done: %s; %s", strings.Join(names, ", "), planBack)
	}
}

// notTakenBack says why nothing is undone of a unit that is to be taken back. Users are
// moved back by units of their own, which are listed behind it.
func notTakenBack(u *course.Unit, o course.Outcome) string {
	switch {
	case o == course.Back:
		return "it was taken back"
	case o != course.Moved && o != course.Finished:
		return "nothing of it was begun"
	case u.Do != nil:
		return "it is done, and not taken back: " + planBack
	}
	return "it is done; its users are moved back, as below"
}
