package main

import (
	"context"
	"fmt"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
)

// shortened says which originals are deleted sooner than was told when they were moved, since
// keep_source is shorter now; empty: none.
func (c *applying) shortened(ctx context.Context) (string, error) {
	if c.flags.rollback {
		return "", nil
	}
	now, keep := c.app.now(), c.app.config.KeepSource
	var told time.Duration
	var until time.Time
	units := 0
	for _, u := range c.units() {
		records, err := c.history.Steps(ctx, u.Plan, u.Name)
		if err != nil {
			return "", err
		}
		routed, _ := course.Ended(records, monitor.StepRoute)
		begun := course.BegunWith(records).Keep
		if !u.Settled(records) || now.Before(routed.Add(keep)) || !now.Before(routed.Add(begun)) {
			continue
		}
		units++
		told, until = max(told, begun), later(until, routed.Add(begun))
	}
	if units == 0 {
		return "", nil
	}
	return fmt.Sprintf("keep_source was %s when this was moved, so that originals of %s were to stay until %s, and is %s now: they are deleted as soon as all else allows it",
		formatDuration(told), inventory.Counted(units, "unit", "units"), monitor.Minute(until), formatDuration(keep)), nil
}
