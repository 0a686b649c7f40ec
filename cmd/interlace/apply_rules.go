package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/rules"
)

// mayBegin fails where a plan of which nothing is begun would break a rule, and names each.
func (c *applying) mayBegin() error {
	if len(c.broken) == 0 {
		return nil
	}
	var wrong error
	for _, v := range c.broken[:min(len(c.broken), toldViolations)] {
		wrong = errors.Join(wrong, fmt.Errorf("nothing was changed, for it would break a rule: %s", report.ViolationText(v)))
	}
	if more := len(c.broken) - toldViolations; more > 0 {
		wrong = errors.Join(wrong, fmt.Errorf("and %s more", inventory.CountText(more)))
	}
	return hint(wrong, "make a plan that keeps the rules")
}

// keepRules notes what would be broken by a plan of which nothing is begun, and what plans
// leave broken that is so today. What is not begun of a plan that is gone on with is barred
// where it would break a rule: the rest goes on.
func (c *applying) keepRules(ctx context.Context) error {
	s, err := c.stands(ctx)
	if err != nil {
		return err
	}
	for _, j := range c.jobs {
		fresh, err := c.fresh(ctx, j)
		if err != nil {
			return err
		}
		if len(fresh) == 0 {
			continue
		}
		if gone := j.gone(c.was(j)); len(gone) > 0 {
			for _, u := range fresh {
				u.Barred = fmt.Sprintf("its plan leaves instances on %s, which the inventory does not have any more; make another plan", course.Few(gone))
			}
			continue
		}
		worse, same, err := j.breaks(ctx, c.was(j), s.groups)
		switch {
		case err != nil:
			return err
		case len(worse) > 0 && (j.begun || c.flags.resume):
			var broken []string
			for _, v := range worse {
				broken = append(broken, report.ViolationText(v))
			}
			barBy(fresh, broken)
			continue
		}
		c.broken, c.left = append(c.broken, worse...), append(c.left, same...)
	}
	return nil
}

// gone are servers on which a job leaves instances, and which the inventory does not have: those that
// have left it, or have another name there, since the job was begun.
func (j *job) gone(inv *inventory.Inventory) (servers []inventory.ServerID) {
	to := inv
	for _, p := range j.changes() {
		to = carriedOut(p.Plan, to)
	}
	for i := range to.Stores {
		for _, in := range to.Stores[i].Instances {
			if inv.Server(in.Server) < 0 && !slices.Contains(servers, in.Server) {
				servers = append(servers, in.Server)
			}
		}
	}
	slices.Sort(servers)
	return servers
}

// breaks returns the rules that are broken by more than before when the job is done, or on
// its way, which begins with this inventory, and those that are broken then, but not by more
// than before: a plan may repair a part of what is broken.
func (j *job) breaks(ctx context.Context, from *inventory.Inventory, groups *inventory.ShareGroups) (worse, left []planner.Violation, err error) {
	to := from
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
	before, _, err := rules.Check(ctx, from, groups, o)
	if err != nil {
		return nil, nil, err
	}
	after, _, err := rules.Check(ctx, to, groups, o)
	if err != nil {
		return nil, nil, err
	}
	worse = rules.Worse(before, after)
	left = slices.DeleteFunc(after, func(v planner.Violation) bool {
		return slices.ContainsFunc(worse, func(w planner.Violation) bool { return w.Rule == v.Rule && w.Subject == v.Subject })
	})
	return append(worse, j.onTheWay()...), left, nil
}

// returning notes which rules would be broken again by moving users back, and bars what would
// break others.
func (c *applying) returning(ctx context.Context, j *job, back []course.Unit) error {
	again, err := c.options.Returning(ctx, c.was(j), back)
	c.again = append(c.again, again...)
	return err
}

// returned notes which rules are broken again since users were moved back now.
func (c *applying) returned(ctx context.Context, j *job, results []course.Result) error {
	var back []*course.Unit
	for i := range results {
		if r := &results[i]; !r.Still && r.Unit.Executed(r.Records) {
			back = append(back, r.Unit)
		}
	}
	again, err := c.options.BrokenAgain(ctx, c.was(j), back)
	c.again = append(c.again, again...)
	return err
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
