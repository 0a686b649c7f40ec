package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/course"
)

// keptOut says who is kept out when an apply ends, since when and why, and what to do about
// it; nil: nobody is. Where the database can't be used it says how to let them in by hand.
func (c *applying) keptOut(results []course.Result, deaf bool) error {
	var out error
	for i := range results {
		r := &results[i]
		since := r.Out()
		if since.IsZero() {
			continue
		}
		text := fmt.Sprintf("users of %s are KEPT OUT", inventory.Printable(r.Unit.Name))
		if do := r.Unit.Do; do != nil {
			text = fmt.Sprintf("store %s is OFFLINE: its master on %s is stopped", do.Store, do.From)
		}
		text += fmt.Sprintf(", since %s, at step %s", since.Local().Format(time.RFC3339), r.Step())
		if r.Why != "" {
			text += ": " + r.Why
		}
		if commands := c.byHand(r.Unit); deaf && commands != "" {
			text += "\nto let them in by hand, on the store to which they are routed and on no other:\n" + commands
		}
		out = errors.Join(out, errors.New(text))
	}
	out = hint(out, "interlace apply --rollback --yes lets them in where they were, as long as nobody was routed anew")
	return hint(out, "interlace apply --resume --yes goes on with it, the way that it goes already")
}
