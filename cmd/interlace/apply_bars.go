package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/planner"
)

// bar keeps units from being begun that touch facts which have changed since their plan was
// made, and names these. Of a change that none of them touches it is not known whom it
// concerns: it concerns all.
func (j *job) bar() {
	for _, p := range j.files {
		drift := drifted(p.Plan, j.found)
		touched := map[planner.Subject]bool{}
		for i := range j.units {
			for _, s := range touches(&j.units[i], j.found.Inventory) {
				touched[s] = true
			}
		}
		for i := range j.units {
			u := &j.units[i]
			if p != j.schedule() && p.PlanID() != u.Plan {
				continue
			}
			own := touches(u, j.found.Inventory)
			var changed []string
			for _, s := range drift {
				if !touched[s] || slices.Contains(own, s) {
					changed = append(changed, s.Words()+" "+driftWords(j.found.Inventory, s))
				}
			}
			if len(changed) > 0 && u.Barred == "" {
				u.Barred = "facts have changed since its plan was made: " + strings.Join(changed, ", ") + "; make a new plan of it"
			}
		}
	}
}

// barRecalled keeps units from being begun, anew or at all, that were asked to be taken back or
// given up.
func (j *job) barRecalled() {
	for i := range j.units {
		if u := &j.units[i]; j.recalled[u.Plan+u.Name] {
			u.Barred, u.GivenUp = isGivenUp, true
		}
	}
}

// barredOf says, by plan and name, why units of plans would not be begun now: facts have changed
// since.
func barredOf(ctx context.Context, journal apply.Journal, f *facts, plans []planner.Plan) (map[string]string, error) {
	j := &job{}
	for _, p := range plans {
		j.files = append(j.files, &planFile{Plan: p})
	}
	j.sort()
	if err := j.look(ctx, journal, f); err != nil {
		return nil, err
	}
	j.bar()
	why := map[string]string{}
	for i := range j.units {
		why[j.units[i].Plan+j.units[i].Name] = j.units[i].Barred
	}
	return why, nil
}

// touches are the subjects of a plan that a unit touches: its share group, its stores, and the
// servers of these.
func touches(u *course.Unit, inv *inventory.Inventory) (list []planner.Subject) {
	for i := range u.Moves {
		list = append(list, planner.GroupSubject(u.Moves[i].Group))
	}
	if do := u.Do; do != nil {
		list = append(list, planner.ServerSubject(do.Server), planner.ServerSubject(inventory.ServerID(do.From)))
	}
	for _, name := range u.Stores() {
		list = append(list, planner.StoreSubject(name))
		if at := inv.Store(name); at >= 0 {
			for _, in := range inv.Stores[at].Instances {
				list = append(list, planner.ServerSubject(in.Server))
			}
		}
	}
	return list
}

// fresh are the units of a job of which nothing is begun, in the wave that is asked for, and
// that nothing keeps from that yet.
func (c *applying) fresh(ctx context.Context, j *job) (list []*course.Unit, err error) {
	for _, u := range c.units() {
		if !j.backwards && j.has(u) && u.Barred == "" {
			list = append(list, u)
		}
	}
	return c.notBegun(ctx, list)
}

// notBegun are those of units of which nothing is begun.
func (c *applying) notBegun(ctx context.Context, units []*course.Unit) (list []*course.Unit, err error) {
	for _, u := range units {
		records, err := c.history.Steps(ctx, u.Plan, u.Name)
		if err != nil {
			return nil, err
		}
		if u.Fresh(records) {
			list = append(list, u)
		}
	}
	return list, nil
}

// barBy keeps units from being begun that would break rules.
func barBy(units []*course.Unit, broken []string) {
	text := broken[0]
	if more := len(broken) - 1; more > 0 {
		text += fmt.Sprintf(" (and %s more)", inventory.CountText(more))
	}
	for _, u := range units {
		u.Barred = "its plan would break a rule: " + text + "; make a plan that keeps the rules"
	}
}
