package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/monitor/course"
)

// keptOut says who is kept out when an apply ends, since when and why, and what to do about
// it; nil: nobody is. Where the database can't be used it says how to let them in by hand.
func (c *applying) keptOut(results []course.Result, deaf bool) error {
	var out error
	back := false
	for i := range results {
		r := &results[i]
		c.told[r.Unit.Plan+r.Unit.Name] = true
		since := r.Out()
		if since.IsZero() {
			continue
		}
		text := outWords(r, since)
		if r.Why != "" {
			text += ": " + r.Why
		}
		if commands := c.byHand(r.Unit); deaf && commands != "" {
			text += "\nto let them in by hand, on the store to which they are routed and on no other:\n" + commands
		}
		out, back = errors.Join(out, errors.New(text)), back || !r.Unit.OnlyOn(r.Records)
	}
	return wayOn(out, back)
}

// outWords say who is kept out, since when and where it stands.
func outWords(r *course.Result, since time.Time) string {
	text := fmt.Sprintf("users of %s are KEPT OUT", inventory.Printable(r.Unit.Name))
	switch do := r.Unit.Do; {
	case do == nil:
	case r.Unit.OnlyOn(r.Records):
		text = fmt.Sprintf("store %s is OFFLINE for those who are not routed to its new master on %s yet: the old one on %s is stopped", do.Store, do.Server, do.From)
	default:
		text = fmt.Sprintf("store %s is OFFLINE: its master on %s is stopped", do.Store, do.From)
	}
	return text + fmt.Sprintf(", since %s, at step %s", since.Local().Format(time.RFC3339), r.Step())
}

// wayOn adds to an error about who is kept out how they are let in, with back also where they were.
func wayOn(out error, back bool) error {
	if back {
		out = hint(out, "interlace apply --rollback --yes lets them in where they were, as long as nobody was routed anew")
	}
	return hint(out, "interlace apply --resume --yes goes on with it, the way that it goes already")
}

// withOthers adds to how an apply has ended who is kept out by units of which it has not told,
// such as those of another plan: nobody else may think of them. A rehearsal only says it.
func (c *applying) withOthers(ctx context.Context, ended error) error {
	out := c.othersOut(context.WithoutCancel(ctx))
	switch {
	case out == nil:
		return ended
	case !c.flags.yes:
		c.app.tell(out)
		return ended
	case ended != nil && c.app.tells(ended):
		c.app.tell(ended)
	}
	return out
}

// othersOut says who is kept out by units of which it was not told yet; nil: nobody is, or another
// apply is about it.
func (c *applying) othersOut(ctx context.Context) error {
	if !c.flags.yes && c.app.applies() {
		return nil
	}
	units, _ := c.outByJournal(ctx) // what can't be read is told already
	var out error
	back := false
	for _, u := range units {
		text := outWords(&course.Result{Unit: u.Unit, Records: u.records}, u.since)
		out, back = errors.Join(out, fmt.Errorf("%s, by plan %s, which is not done", text, inventory.Printable(u.Plan))), back || !u.OnlyOn(u.records)
	}
	return wayOn(out, back)
}

// outUnit is a unit whose users are kept out since a time.
type outUnit struct {
	*course.Unit
	records []monitor.StepRecord
	since   time.Time
}

// outByJournal returns the units of plans that are not done by which somebody is kept out, as it is
// written down and the servers do not deny, and of which it was not told yet. Beside an error come
// those that could be read.
func (c *applying) outByJournal(ctx context.Context) (list []outUnit, wrong error) {
	units, err := journalled(ctx, c.history, false)
	if err != nil {
		return nil, err
	}
	for i := range units {
		for _, u := range append(course.Reverse(&units[i]), units[i]) {
			records, err := c.history.Steps(ctx, u.Plan, u.Name)
			if err != nil {
				wrong = err
				continue
			}
			if c.told[u.Plan+u.Name] {
				continue
			}
			c.told[u.Plan+u.Name] = true
			if since := c.outSince(ctx, &u, records); !since.IsZero() {
				list = append(list, outUnit{&u, records, since})
			}
		}
	}
	return list, wrong
}

// outSince returns since when users of a unit are kept out; zero: they are not.
func (c *applying) outSince(ctx context.Context, u *course.Unit, records []monitor.StepRecord) time.Time {
	since := (&course.Result{Unit: u, Records: records}).Out()
	if since.IsZero() {
		return since
	}
	if c.options == nil {
		if err := c.equip(ctx); err != nil {
			return since
		}
	}
	return apply.KeptOut(ctx, u, records, c.options)
}
