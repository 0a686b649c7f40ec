package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/monitor/course"
)

// isGivenUp keeps a unit from being begun that somebody has given up.
const isGivenUp = "it is given up, as it was asked to be: interlace apply with its plan begins it anew"

// isLeft keeps a unit from moving users back that somebody has given up.
const isLeft = "it is given up, as it was asked to be: interlace apply --rollback begins it anew"

// giveUp writes down, and says, that units of a job are given up which something keeps from being
// begun, or from their end: nobody waits for them any more.
func (c *applying) giveUp(ctx context.Context, j *job) error {
	units, err := c.hopeless(ctx, j)
	if err != nil {
		return err
	}
	if err := apply.WriteRecall(ctx, units, j.Number, "what was not begun", c.options); err != nil {
		return err
	}
	for _, u := range units {
		if u.Barred, u.GivenUp = isGivenUp, true; u.Back {
			j.left[u.Plan+u.Name] = true
		}
		c.app.note("%s: given up", inventory.Printable(u.Name))
	}
	return nil
}

// sayGiveUp says which units would be given up.
func (c *applying) sayGiveUp(ctx context.Context) error {
	for _, j := range c.jobs {
		units, err := c.hopeless(ctx, j)
		if err != nil {
			return err
		}
		for _, u := range units {
			c.app.note("%s: would be given up", inventory.Printable(u.Name))
		}
	}
	return nil
}

// hopeless are the units of a job that are not begun, and that something keeps from that, as their
// check which has failed before; and the promotions that somebody has taken back by hand; with what is
// not begun and builds on one of these.
func (c *applying) hopeless(ctx context.Context, j *job) (list []*course.Unit, err error) {
	lost := map[inventory.StoreID]bool{}
	for i := range j.units {
		u := &j.units[i]
		records, err := c.history.Steps(ctx, u.Plan, u.Name)
		if err != nil {
			return nil, err
		}
		hopeless := u.GivenUp && u.Fresh(records)
		if !u.GivenUp {
			builds := slices.ContainsFunc(u.Stores(), func(s inventory.StoreID) bool { return lost[s] })
			if hopeless, err = c.isHopeless(ctx, u, records, builds); err != nil {
				return nil, err
			}
			if hopeless {
				list = append(list, u)
			}
		}
		if hopeless && u.Do != nil {
			lost[u.Do.Store] = true
		}
	}
	ways, err := c.lost(ctx, j)
	return append(list, ways...), err
}

// lost are the units that would move users of a job back of whom some were not found, and are not by
// now.
func (c *applying) lost(ctx context.Context, j *job) (list []*course.Unit, err error) {
	if !j.backwards {
		return nil, nil
	}
	for i := range j.units {
		for _, u := range course.Reverse(&j.units[i]) {
			records, err := c.history.Steps(ctx, u.Plan, u.Name)
			if err != nil {
				return nil, err
			}
			if j.left[u.Plan+u.Name] || u.Unfound(records) == nil {
				continue
			}
			if is, err := c.isHopeless(ctx, &u, records, false); err != nil {
				return nil, err
			} else if is {
				list = append(list, &u)
			}
		}
	}
	return list, nil
}

// isHopeless reports whether a unit of which this is written down, and which builds on one that is
// hopeless or not, is one itself.
func (c *applying) isHopeless(ctx context.Context, u *course.Unit, records []monitor.StepRecord, builds bool) (bool, error) {
	switch {
	case !u.Fresh(records):
		return apply.Overtaken(ctx, u, records, c.options) != "", nil
	case u.Barred != "", builds:
		return true, nil
	case !u.Refused(records):
		return false, nil
	}
	again, err := apply.Rehearse(ctx, u, nil, false, c.options)
	if err != nil {
		return false, err
	}
	return len(again.Refused) > 0, nil
}

// held reports whether something keeps a unit of a plan, of which nothing is begun, from that at all,
// and nobody has given it up.
func held(r *course.Result) bool {
	return r.Unit.Barred != "" && !r.Unit.GivenUp && !r.Unit.Back && r.Unit.Fresh(r.Records)
}

// heldNote says what becomes of those of results that can't be begun; empty: there are none.
func heldNote(results []course.Result) string {
	var names []string
	for i := range results {
		if r := &results[i]; held(r) {
			names = append(names, inventory.Printable(r.Unit.Name))
		}
	}
	if len(names) == 0 {
		return ""
	}
	return fmt.Sprintf("%s not begun, and can't be: %s; interlace apply --resume --give-up --yes gives that up, and a new plan may take its place",
		inventory.Counted(len(names), "unit is", "units are"), course.Few(names))
}

// gaveUp reports whether a result is a unit that somebody has given up, and of which nothing is
// in effect.
func gaveUp(r *course.Result) bool { return r.Unit.GivenUp && r.Unit.Fresh(r.Records) }

// isBack reports whether a result is a unit of which all is as it was before.
func isBack(r *course.Result) bool { return r.Outcome == course.Back || r.Outcome == course.GivenUp }
