package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/rules"
)

// mayBegin fails where a plan that is to be carried out would break a rule, and names each.
// Who is kept out is let in all the same.
func (c *applying) mayBegin(ctx context.Context) error {
	_, held, err := c.ahead(ctx)
	if err != nil || held {
		return err
	}
	broken, _, err := c.breaks(ctx)
	if err != nil || len(broken) == 0 {
		return err
	}
	var wrong error
	for _, v := range broken[:min(len(broken), toldViolations)] {
		wrong = errors.Join(wrong, fmt.Errorf("nothing was changed, for it would break a rule: %s", report.ViolationText(v)))
	}
	if more := len(broken) - toldViolations; more > 0 {
		wrong = errors.Join(wrong, fmt.Errorf("and %s more", inventory.CountText(more)))
	}
	return hint(wrong, "make a plan that keeps the rules; interlace apply --rollback takes back what is begun already")
}

// breaks returns what would be broken by plans of which something is still to be done, and
// what they leave broken that is so today.
func (c *applying) breaks(ctx context.Context) (broken, left []planner.Violation, err error) {
	ahead, _, err := c.ahead(ctx)
	if err != nil {
		return nil, nil, err
	}
	for _, j := range c.jobs {
		if j.backwards || !slices.ContainsFunc(ahead, j.has) {
			continue
		}
		worse, same, err := j.breaks(ctx)
		if err != nil {
			return nil, nil, err
		}
		broken, left = append(broken, worse...), append(left, same...)
	}
	return broken, left, nil
}

// breaks returns the rules that are broken by more than before when the job is done, or on
// its way, and those that are broken then, but not by more than before: a plan may repair a
// part of what is broken.
func (j *job) breaks(ctx context.Context) (worse, left []planner.Violation, err error) {
	from, to := j.found.Inventory, j.found.Inventory
	o := rules.Options{From: from}
	for _, p := range j.changes() {
		to = carriedOut(p.Plan, to)
		switch p := p.Plan.(type) {
		case *planner.Layout:
			o.Drain = append(o.Drain, p.Options.Drain...)
			if n := p.Options.Scatter; n != nil {
				o.Scatter = *n
			}
		case *planner.Assignment:
			o.Drain = append(o.Drain, p.Options.Drain...)
		}
	}
	before, _, err := rules.Check(ctx, from, j.found.groups, o)
	if err != nil {
		return nil, nil, err
	}
	after, _, err := rules.Check(ctx, to, j.found.groups, o)
	if err != nil {
		return nil, nil, err
	}
	worse = rules.Worse(before, after)
	left = slices.DeleteFunc(after, func(v planner.Violation) bool {
		return slices.ContainsFunc(worse, func(w planner.Violation) bool { return w.Rule == v.Rule && w.Subject == v.Subject })
	})
	return append(worse, j.onTheWay()...), left, nil
}

// onTheWay is what the states between the changes break, as it was found when these were
// put into their order: that of the schedule or, without one, of the plan.
func (j *job) onTheWay() []planner.Violation {
	if s := j.schedule(); s != nil {
		return s.Plan.(*planner.Schedule).Violations
	}
	var list []planner.Violation
	for _, p := range j.files {
		switch p := p.Plan.(type) {
		case *planner.Layout:
			list = append(list, p.Violations...)
		case *planner.Assignment:
			list = append(list, p.Violations...)
		}
	}
	return slices.DeleteFunc(list, func(v planner.Violation) bool { return v.Rule != planner.Transient })
}
