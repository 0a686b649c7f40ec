package users

import (
	"context"
	"errors"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/bounds"
	"github.com/interlacemail/interlace/planner/load"
	"github.com/interlacemail/interlace/planner/rules"
)

// Assign plans which users move to which store. The plan is whole but for what
// the caller knows: the reference to the inventory, and the id. When the context
// ends early the plan is the best so far, marked as cancelled. The error names
// all options that mean nothing, and the subjects in them that are not in the fleet.
func Assign(ctx context.Context, inv *inventory.Inventory, groups *inventory.ShareGroups, opts Options) (*planner.Assignment, error) {
	keep, unknown := newKept(inv, groups, opts.Keep)
	inv, closed := drained(inv, opts.Drain)
	if err := errors.Join(opts.check(), closed, unknown); err != nil {
		return nil, err
	}
	f := load.New(inv)
	a := bounds.NewAssignments(f, groups, bounds.AssignmentsOptions{Keeps: keep.stays(inv)})
	p := newProblem(a, groups, opts)
	s := &seeker{problem: p, ctx: ctx, today: newTally(p)}
	switch {
	case opts.Peak > 0:
		s.floor = min(a.HighestCeiling(), opts.Peak)
	case !opts.budgeted():
		s.floor = a.HighestCeiling()
	}
	return s.plan(), nil
}

// plan finds the best attempt and writes it down.
func (s *seeker) plan() *planner.Assignment {
	var best attempt
	if s.opts.budgeted() {
		best = s.lowest()
	} else {
		best = s.cheapest()
	}
	best = s.exact(best)
	s.mend(best.tally)
	plan := &planner.Assignment{
		Format: planner.Format, Kind: planner.KindUsers, Options: s.opts.record(), Before: s.today.promises(),
	}
	s.opts.report("checking the plan", s.tries, s.tries)
	var broken []planner.Violation
	plan.Changes, broken, plan.Warnings = best.verify()
	best = best.tally.judge()
	s.describe(plan, best.tally)
	violations, warnings := s.split(broken)
	plan.Violations = append(violations, append(s.missed(best.tally), best.blocked(best.queue)...)...)
	s.measure(plan, best)
	plan.Warnings = slices.Concat([]planner.Warning{}, warnings, plan.Warnings, s.warnings(plan, &best))
	if s.floor > 0 {
		best.limitStores(s.floor)
	}
	newcomers := best.newUsers(s.ctx, s.opts.Place)
	plan.NewUsers = newcomers.list(best.tally)
	plan.Warnings = append(plan.Warnings, newcomers.warnings(s.opts.Place)...)
	return plan
}

// split parts what is broken after the plan into violations and warnings. That
// groups are torn is nothing that a light plan is to repair, as little as a layout.
func (s *seeker) split(broken []planner.Violation) ([]planner.Violation, []planner.Warning) {
	if !s.opts.Light {
		return rules.Split(planner.KindUsers, broken)
	}
	var torn, others []planner.Violation
	for _, v := range broken {
		if v.Rule == planner.GroupWhole {
			torn = append(torn, v)
		} else {
			others = append(others, v)
		}
	}
	_, left := rules.Split(planner.KindLayout, torn)
	violations, warnings := rules.Split(planner.KindUsers, others)
	return violations, append(left, warnings...)
}

// question says over which assignments bounds are to hold: those that leave
// undone, and are above ceilings, as the attempt is.
func (s *seeker) question(a *attempt) bounds.UsersOptions {
	q := bounds.UsersOptions{
		Peak: s.floor, MaxBytes: s.opts.MaxBytes, MaxUsers: s.opts.MaxUsers, Torn: s.opts.Light,
		Undone: a.undone > 0, Above: a.peak > s.HighestCeiling(), Failing: a.failing > 0,
	}
	if a.peak > s.floor {
		q.Peak = 0
	}
	return q
}

// describe writes down what moves and what the stores then carry.
func (s *seeker) describe(plan *planner.Assignment, t *tally) {
	inv := s.Fleet.Inventory
	users := append([]int(nil), s.Fleet.Users...)
	for _, c := range plan.Changes {
		plan.BytesCopied += c.Bytes
		if inv.Users[inv.User(c.User)].Kind == inventory.Person {
			plan.UsersInterrupted++
			users[inv.Store(c.From)]--
			users[inv.Store(c.To)]++
		}
	}
	plan.Stores = t.stores(users)
	plan.Promises = t.promises()
}

// measure compares the plan with what no assignment of its sort can beat. After
// an interrupt that stays unknown: on large fleets it takes long to find out.
func (s *seeker) measure(plan *planner.Assignment, a attempt) {
	q := s.question(&a)
	if s.ctx.Err() == nil {
		plan.Bounds.PeakUtilisation = bounds.UsersPeak(s.Assignments, q)
	}
	if s.ctx.Err() == nil {
		plan.Bounds.BytesCopied = bounds.UsersBytes(s.Assignments, q)
	}
	plan.Gap = planner.AssignmentBounds{
		PeakUtilisation: planner.Gap(plan.Promises.PeakUtilisation, plan.Bounds.PeakUtilisation),
		BytesCopied:     planner.Gap(planner.Known(float64(plan.BytesCopied)), plan.Bounds.BytesCopied),
	}
	plan.Stopped = s.stopped(plan, a)
}

// stopped says why nothing better is planned. The bound that counts is that on
// bytes, or on the peak where that was to be lower; a plan that leaves rules
// broken is at none. A budget is spent if what is left of it is too little to move
// anything that should; else it was the search that ended.
func (s *seeker) stopped(plan *planner.Assignment, a attempt) planner.Stopped {
	const equal = 1e-9
	short := a.peak > s.floor || s.opts.budgeted() && a.undone > 0
	gap := plan.Gap.BytesCopied
	if short {
		gap = plan.Gap.PeakUtilisation
	}
	switch {
	case s.ctx.Err() != nil:
		return planner.Cancelled
	case a.undone == 0 && len(plan.Violations) == 0 && gap.Known && gap.Value <= equal:
		return planner.AtBound
	case short && s.opts.budgeted() && s.spent(&a):
		return planner.Budget
	case short && s.opts.budgeted() && !s.exhausted:
		return planner.Steps
	}
	return planner.LocalOptimum
}
