package apply

import (
	"context"
	"errors"
	"fmt"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/prove"
)

// backState is how far the users of a unit have been moved back.
type backState int

const (
	notBack backState = iota
	begunBack
	isBack
)

// wentBack reports whether all that a unit has moved is back where it was, but for what stays where
// it was moved to, since somebody has given its way back up.
func (o *Options) wentBack(ctx context.Context, u *course.Unit) (gone, stays bool, err error) {
	for _, b := range course.Reverse(u) {
		records, err := o.Journal.Steps(ctx, b.Plan, b.Name)
		switch {
		case err != nil:
			return false, false, err
		case b.WasGivenUp(records):
			stays = true
		case !b.Past(records):
			return false, false, nil
		}
	}
	return true, stays, nil
}

// movedBack looks whether what left a source is back there.
func (m *move) movedBack(ctx context.Context, s *source) (backState, error) {
	records, err := m.Journal.Steps(ctx, m.unit.Plan, course.BackName(m.unit, s.store.Name))
	if err != nil {
		return notBack, err
	}
	at := course.OfMove.Next(records, false)
	switch {
	case len(records) == 0 || at.Verb == course.End && at.Back:
		return notBack, nil
	case course.OfMove.Past(at):
		return isBack, nil
	}
	return begunBack, nil
}

// isKept reports whether what is on the target is the original of a move the other way
// that this unit takes back, or what is left of it: denied by nobody but the move, and not written
// to since.
func (m *move) isKept(ctx context.Context) error {
	records, err := m.Journal.Steps(ctx, m.unit.Plan, m.unit.Of)
	if err != nil {
		return err
	}
	at := course.OfMove.Next(records, false)
	if at.Step != monitor.StepKeep {
		return fmt.Errorf("%s has kept nothing there: it is before %s", m.unit.Of, at.Step)
	}
	if err := errors.Join(notDenied(ctx, m.target, m.users()), undenied(ctx, m.target, m.users(), m.keeps)); err != nil {
		return err
	}
	own, err := m.Journal.Steps(ctx, m.unit.Plan, m.unit.Name)
	if _, before := course.Last(own, monitor.StepCopy, monitor.StepBegan); before || err != nil {
		return err // an earlier attempt has written there
	}
	sealed := sealsOf(records)[m.target.store.Name]
	if sealed == nil {
		return errUnsealed
	}
	now, err := m.sealOf(ctx, m.target.master(), m.all())
	if err != nil {
		return err
	}
	if changed := sealed.Written(now); len(changed) > 0 {
		return m.written(ctx, changed[0], m.target.master(), m.target.hosts[0], "--rollback")
	}
	return m.removedThere(ctx, now)
}

// removedThere fails while a replica of the target still has what somebody has removed from its
// master, which has this: it would be merged into what comes back.
func (m *move) removedThere(ctx context.Context, now prove.Seal) error {
	gone := m.all()
	for name := range now {
		owner, _, _ := name.Owner()
		delete(gone, owner)
	}
	if len(gone) == 0 {
		return nil
	}
	for _, in := range m.target.store.Instances[1:] {
		left, err := m.leftOn(ctx, in, gone, removing)
		if err != nil {
			return err
		}
		if len(left) > 0 {
			return fmt.Errorf("%s is still on the replica on %s, and not on its master: see that the changes of the master reach it", inventory.Printable(string(left[0])), in.Server)
		}
	}
	return nil
}
