package main

import (
	"errors"
	"fmt"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/course"
)

// fallen says of which stores instances do not run, or do not answer, after a change, and
// what to do about it; nil: of none. What keptOut tells of is not told twice.
func fallen(results []course.Result) error {
	var down error
	for i := range results {
		r := &results[i]
		if !r.Fallen || !r.Out().IsZero() {
			continue
		}
		down = errors.Join(down, fmt.Errorf("store %s does NOT STAND as it has to, at step %s of %s: %s", r.Unit.Do.Store, r.Step(), inventory.Printable(r.Unit.Name), r.Why))
	}
	return hint(down, "see there why; interlace apply --resume --yes has instance_hook start what does not run, and looks again")
}
