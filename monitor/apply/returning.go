package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/rules"
)

// Returning returns the rules that are broken again when those of the units that have not done
// so move users back, as they were before these were moved away: somebody has asked for that,
// and it keeps no unit from being begun. A unit that would break a rule by more than it would
// be without its plan is barred, and no other one for it.
func (o *Options) Returning(ctx context.Context, was *inventory.Inventory, back []course.Unit) (again []planner.Violation, err error) {
	var done, fresh, rest []*course.Unit
	for i := range back {
		u := &back[i]
		records, err := o.Journal.Steps(ctx, u.Plan, u.Name)
		switch {
		case err != nil:
			return nil, err
		case u.Executed(records):
			done = append(done, u)
		case u.Fresh(records):
			fresh = append(fresh, u)
		default:
			rest = append(rest, u)
		}
	}
	r := &returning{Options: o, from: course.Carried(o.Inventory, done), was: was}
	again, worse, err := r.breaks(ctx, slices.Concat(rest, fresh))
	if err != nil || len(worse) == 0 {
		return again, err
	}
	for _, u := range fresh {
		with := append(slices.Clone(rest), u)
		if _, worse, err = r.breaks(ctx, with); err != nil {
			return nil, err
		}
		if len(worse) == 0 {
			rest = with
			continue
		}
		u.Barred = fmt.Sprintf("it would break a rule that is kept without it: %s; mend that, or have its users stay: interlace apply with their plans and --yes", violations(worse))
	}
	again, _, err = r.breaks(ctx, rest)
	return again, err
}

// BrokenAgain returns the rules that are broken again since units have moved users back.
func (o *Options) BrokenAgain(ctx context.Context, was *inventory.Inventory, back []*course.Unit) (again []planner.Violation, err error) {
	again, _, err = (&returning{Options: o, from: o.Inventory, was: was}).breaks(ctx, back)
	return again, err
}

// returning is a fleet in which users are moved back.
type returning struct {
	*Options
	from *inventory.Inventory // in which they are on their new stores, or are back already
	was  *inventory.Inventory // before they were moved there
}

// breaks tells which rules units break again by moving users back, and which by more than they
// were broken before.
func (r *returning) breaks(ctx context.Context, back []*course.Unit) (again, worse []planner.Violation, err error) {
	if r.Groups == nil || len(back) == 0 {
		return nil, nil, nil
	}
	check := func(inv, from *inventory.Inventory) []planner.Violation {
		broken, _, unchecked := rules.Check(ctx, inv, r.Groups, rules.Options{From: from})
		err = errors.Join(err, unchecked)
		return broken
	}
	from := course.Before(r.from, back)
	to := course.Carried(from, back)
	roomy(to, back)
	broken := rules.Worse(check(from, from), check(to, from))
	if len(broken) == 0 || err != nil {
		return nil, nil, err
	}
	worse = rules.Worse(check(r.was, r.was), broken)
	again = slices.DeleteFunc(broken, func(v planner.Violation) bool {
		return slices.ContainsFunc(worse, func(w planner.Violation) bool { return w.Rule == v.Rule && w.Subject == v.Subject })
	})
	return again, worse, err
}

// roomy has users take no further room who are moved back to originals that are kept: these
// are on the disks already.
func roomy(inv *inventory.Inventory, units []*course.Unit) {
	disk := inv.Disk()
	for _, u := range units {
		for i := range u.Moves {
			if at := inv.User(u.Moves[i].User); u.Of != "" && at >= 0 && disk >= 0 {
				inv.Users[at].Load[disk] = 0
			}
		}
	}
}
