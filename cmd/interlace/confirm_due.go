package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/confirm"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/history"
	"github.com/interlacemail/interlace/planner"
)

// confirmDue checks the plans that were carried out and whose turn it is.
func (a *app) confirmDue(ctx context.Context) error {
	h, err := a.openHistory(ctx, toChange)
	if err != nil {
		return err
	}
	defer h.Close()
	sets, notes, err := a.dueSets(ctx, h)
	if err != nil {
		return err
	}
	notes = append(notes, a.outNotes(ctx, h)...)
	if len(sets) == 0 {
		return a.confirmed(nil, append(notes, "no plan is due"))
	}
	f, err := a.facts(ctx)
	if err != nil {
		return err
	}
	if err := a.somebody(ctx, f.Inventory); err != nil {
		return err
	}
	c := &confirming{app: a, facts: f, history: h}
	found, err := c.all(ctx, sets)
	if err != nil {
		return err
	}
	return a.confirmed(found, append(c.notes(), notes...))
}

// dueSets returns the plans whose turn it is, with those they were carried out with, and
// says which are not carried out yet.
func (a *app) dueSets(ctx context.Context, h *history.History) (sets []set, notes []string, err error) {
	applies, err := h.Applies(ctx, true)
	if err != nil {
		return nil, nil, err
	}
	seen := map[string]bool{}
	for i := range applies {
		j, err := keptJob(ctx, h, &applies[i])
		if err != nil {
			return nil, nil, err
		}
		plans := j.changing()
		byOccasion := map[monitor.Occasion]int{}
		for _, p := range plans {
			if seen[p.PlanID()] {
				continue
			}
			seen[p.PlanID()] = true
			on, open, err := a.dueNow(ctx, h, p)
			switch {
			case err != nil:
				return nil, nil, err
			case open != "":
				notes = append(notes, fmt.Sprintf("plan %s is not carried out yet: %s", p.PlanID(), open))
				continue
			case on == "":
				continue
			}
			at, known := byOccasion[on]
			if !known {
				at = len(sets)
				byOccasion[on] = at
				sets = append(sets, set{plans: plans, on: on})
			}
			sets[at].asked = append(sets[at].asked, p)
		}
	}
	return sets, notes, nil
}

// dueNow says on which occasion a plan is to be checked now, or why it is not carried out.
func (a *app) dueNow(ctx context.Context, h *history.History, p planner.Plan) (on monitor.Occasion, open string, err error) {
	earlier, err := h.Confirmations(ctx, p.PlanID())
	if err != nil {
		return "", "", err
	}
	return confirm.Due(ctx, course.Units([]planner.Plan{p}, nil), h, earlier, a.config.KeepSource, a.now())
}

// knownConfirmations shows what was found last of each plan and unit.
func (a *app) knownConfirmations(ctx context.Context) error {
	h, err := a.openHistory(ctx, toRead)
	if err != nil {
		return err
	}
	defer h.Close()
	last, err := h.LastConfirmations(ctx)
	if err != nil {
		return err
	}
	changed, err := h.LastSteps(ctx)
	if err != nil {
		return err
	}
	last = confirm.OfBegun(last, changed)
	var notes []string
	if len(last) == 0 {
		notes = []string{"no plan was checked yet: run interlace confirm PLAN"}
	}
	for i := range last {
		if c := &last[i]; changed[c.Plan].After(c.At) {
			notes = append(notes, fmt.Sprintf("plan %s was carried on or taken back on %s, after this was found: do nothing of what it says, and let interlace confirm ask again", c.Plan, changed[c.Plan].UTC().Format(time.RFC3339)))
		}
	}
	slices.Sort(notes)
	return a.confirmed(last, slices.Compact(notes))
}
