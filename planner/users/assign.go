package users

import (
	"context"
	"fmt"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/bounds"
	"github.com/interlacemail/interlace/planner/load"
	"github.com/interlacemail/interlace/planner/rules"
)

// Assign plans which users move to which store. The plan is whole but for what
// the caller knows: the reference to the inventory, and the id. When the context
// ends early the plan is the best so far, marked as cancelled. The error names
// subjects in the options that are not in the fleet.
func Assign(ctx context.Context, inv *inventory.Inventory, groups *inventory.ShareGroups, opts Options) (*planner.Assignment, error) {
	inv, err := drained(inv, opts.Drain)
	if err != nil {
		return nil, err
	}
	keep, err := newKept(inv, groups, opts.Keep)
	if err != nil {
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
	s.bound = bounds.UsersPeak(s.Assignments, s.question(false)).Value
	var best attempt
	if s.opts.budgeted() {
		best = s.lowest()
	} else {
		best = s.cheapest()
	}
	plan := &planner.Assignment{
		Format: planner.Format, Kind: planner.KindUsers, Options: s.opts.record(), Before: s.today.promises(),
	}
	s.opts.report("checking the plan", s.tries, s.tries)
	var broken []planner.Violation
	plan.Changes, broken, plan.Warnings = best.verify()
	s.describe(plan, best.tally)
	s.measure(plan, best.tally.judge())
	violations, warnings := rules.Split(planner.KindUsers, broken)
	plan.Violations = append(violations, s.missed(best.tally)...)
	plan.Warnings = append(append(warnings, plan.Warnings...), s.warnings(best.tally)...)
	var left int
	plan.NewUsers, left = best.newUsers(s.opts.Place)
	if left > 0 {
		plan.Warnings = append(plan.Warnings, planner.Warning{
			Text: fmt.Sprintf("%d of %d new users of average load fit nowhere", left, s.opts.Place),
		})
	}
	return plan
}

// question says over which assignments bounds are to hold; partial ones may
// leave rules broken.
func (s *seeker) question(partial bool) bounds.UsersOptions {
	return bounds.UsersOptions{
		Peak: s.floor, MaxBytes: s.opts.MaxBytes, MaxUsers: s.opts.MaxUsers, Torn: s.opts.Light, Partial: partial,
	}
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

// measure compares the plan with the bounds: with those for partial plans where
// it leaves undone what the others take for done.
func (s *seeker) measure(plan *planner.Assignment, a attempt) {
	q := s.question(a.undone > 0 || a.peak > s.HighestCeiling())
	if a.peak > s.floor {
		q.Peak = s.HighestCeiling()
	}
	plan.Bounds = planner.AssignmentBounds{
		PeakUtilisation: bounds.UsersPeak(s.Assignments, q),
		BytesCopied:     bounds.UsersBytes(s.Assignments, q),
	}
	plan.Gap = planner.AssignmentBounds{
		PeakUtilisation: planner.Gap(plan.Promises.PeakUtilisation, plan.Bounds.PeakUtilisation),
		BytesCopied:     planner.Gap(planner.Known(float64(plan.BytesCopied)), plan.Bounds.BytesCopied),
	}
	plan.Stopped = s.stopped(plan, a)
}

// stopped says why nothing better is planned.
func (s *seeker) stopped(plan *planner.Assignment, a attempt) planner.Stopped {
	const equal = 1e-9
	gap := plan.Gap.BytesCopied
	lowest := s.opts.budgeted() && a.peak > s.floor
	if lowest {
		gap = plan.Gap.PeakUtilisation
	}
	switch {
	case s.ctx.Err() != nil:
		return planner.Cancelled
	case gap.Known && gap.Value <= equal:
		return planner.AtBound
	case lowest:
		return planner.Budget
	}
	return planner.LocalOptimum
}
