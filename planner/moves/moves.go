package moves

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/bounds"
	"github.com/interlacemail/interlace/planner/load"
	"github.com/interlacemail/interlace/planner/transit"
)

// Schedule orders the changes of the plans, taken in the order given. The
// schedule has violations if no order was found in which every state keeps the
// rules, or if a change does not apply to the state that it meets; the latter is
// left out. The caller fills in the reference to the inventory and seals it.
func Schedule(ctx context.Context, inv *inventory.Inventory, groups *inventory.ShareGroups, plans []planner.Plan, opts Options) planner.Schedule {
	p := read(load.New(inv), groups, plans, opts)
	c, worse := newChooser(p)
	s := newScheduler(ctx, c)
	if opts.Continuous {
		s = s.withoutWaves()
	} else {
		s = s.inWaves()
	}
	s.audit()
	return s.schedule(worse)
}

// schedule writes down what was found.
func (s *scheduler) schedule(worse transit.Breaches) planner.Schedule {
	out := planner.Schedule{
		Format: planner.Format, Kind: planner.KindMoves, Options: s.opts.record(),
		Of: []string{}, Changes: s.changes(), Waves: s.summary(),
		TransientFullest: s.fullest.place(s.during),
		Violations:       []planner.Violation{}, Warnings: s.warnings(),
	}
	for _, p := range s.plans {
		out.Of = append(out.Of, p.PlanID())
	}
	for _, c := range out.Changes {
		out.MakespanSeconds = max(out.MakespanSeconds, c.EndSeconds)
	}
	out.BoundSeconds = s.bound(out.MakespanSeconds)
	out.Gap = planner.Gap(planner.Known(out.MakespanSeconds), planner.Known(out.BoundSeconds))
	for _, r := range s.refused {
		out.Violations = append(out.Violations, r.violation())
	}
	out.Violations = append(out.Violations, s.thin...)
	out.Violations = append(out.Violations, worse.Violations(s.fleet.Inventory)...)
	for _, v := range s.forced.Violations(s.fleet.Inventory) {
		v.Rule = planner.Transient
		out.Violations = append(out.Violations, v)
	}
	out.Stopped = s.stopped(out.Gap)
	return out
}

func (s *scheduler) stopped(gap planner.Number) planner.Stopped {
	switch {
	case s.ctx.Err() != nil:
		return planner.Cancelled
	case gap.Known && gap.Value == 0:
		return planner.AtBound
	}
	return planner.LocalOptimum
}

// changes returns all changes in the order in which they start; of those that
// start together, in the order of their plans.
func (s *scheduler) changes() []planner.ScheduledChange {
	var order []int32
	for i := range s.tasks {
		if !s.tasks[i].isGate() {
			order = append(order, int32(i))
		}
	}
	slices.SortStableFunc(order, func(a, b int32) int {
		ta, tb := s.times[a], s.times[b]
		return cmp.Or(cmp.Compare(ta.wave, tb.wave), cmp.Compare(ta.start, tb.start))
	})
	out := make([]planner.ScheduledChange, 0, len(order))
	for _, i := range order {
		t := s.times[i]
		c := s.scheduled(&s.tasks[i])
		c.StartSeconds, c.EndSeconds = t.start, t.end
		if !s.opts.Continuous {
			c.Wave = &t.wave
		}
		out = append(out, c)
	}
	return out
}

// scheduled returns the change of a task without its times.
func (p *problem) scheduled(t *task) planner.ScheduledChange {
	switch plan := p.plans[t.plan].(type) {
	case *planner.Layout:
		c := &plan.Changes[t.change]
		return planner.ScheduledChange{
			Plan: plan.ID, ID: c.ID, Do: c.Do, Store: planner.Text(c.Store), Server: planner.Text(c.Server), From: c.From, Bytes: c.Bytes,
		}
	case *planner.Assignment:
		c := &plan.Changes[t.change]
		return planner.ScheduledChange{
			Plan: plan.ID, ID: c.ID, Do: c.Do, User: planner.Text(c.User), From: planner.Text(c.From), To: planner.Text(c.To), Bytes: c.Bytes,
		}
	}
	return planner.ScheduledChange{}
}

// bound returns what no schedule beats. Both times are sums of the same
// durations in different orders: what differs by rounding only is made equal.
func (s *scheduler) bound(makespan float64) float64 {
	steps := s.allSteps()
	if len(s.forced) == 0 {
		s.addWaits(steps)
	}
	b := bounds.Makespan(s.units, steps)
	if math.Abs(b-makespan) <= 1e-9*makespan {
		return makespan
	}
	return b
}

// violation says that the change cannot be carried out.
func (r refusal) violation() planner.Violation {
	v := planner.Violation{Rule: planner.Transient, Subject: r.subject, Failed: []string{}}
	switch kind, name := r.subject.Split(); kind {
	case "store":
		v.Store = planner.Text(name)
	case "user":
		v.User = planner.Text(name)
	}
	return v
}
