package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// Reverse returns the units that move users back whom a unit has moved, one for each store
// that they came from, with all mail that came since. They may be carried out as long as
// the originals are kept, which they bring up to date.
func Reverse(u *Unit) []Unit {
	var units []Unit
	for _, c := range u.Moves {
		c.From, c.To = c.To, c.From
		i := slices.IndexFunc(units, func(b Unit) bool { return b.Moves[0].To == c.To })
		if i < 0 {
			i = len(units)
			units = append(units, Unit{Plan: u.Plan, Name: backName(u, c.To), Of: u.Name})
		}
		units[i].Moves = append(units[i].Moves, c)
	}
	return units
}

func backName(u *Unit, to inventory.StoreID) string { return fmt.Sprintf("%s, back to %s", u.Name, to) }

// backState is how far the users of a unit have been moved back.
type backState int

const (
	notBack backState = iota
	begunBack
	isBack
)

// wentBack reports whether all that a unit has moved is back where it was.
func (o *Options) wentBack(ctx context.Context, u *Unit) (bool, error) {
	for _, b := range Reverse(u) {
		records, err := o.Journal.Steps(ctx, b.Plan, b.Name)
		if err != nil || len(records) == 0 || !ofMove.past(ofMove.Next(records, false)) {
			return false, err
		}
	}
	return true, nil
}

// movedBack looks whether what left a source is back there.
func (m *move) movedBack(ctx context.Context, s *source) (backState, error) {
	records, err := m.Journal.Steps(ctx, m.unit.Plan, backName(m.unit, s.store.Name))
	if err != nil {
		return notBack, err
	}
	at := ofMove.Next(records, false)
	switch {
	case len(records) == 0 || at.Verb == End && at.Back:
		return notBack, nil
	case ofMove.past(at):
		return isBack, nil
	}
	return begunBack, nil
}

// isKept reports whether what is on the target is the original of a move the other way
// that this unit takes back: denied by nobody but the move, and not written to since.
func (m *move) isKept(ctx context.Context) error {
	records, err := m.Journal.Steps(ctx, m.unit.Plan, m.unit.Of)
	if err != nil {
		return err
	}
	at := ofMove.Next(records, false)
	if at.Step != monitor.StepKeep {
		return fmt.Errorf("%s has kept nothing there: it is before %s", m.unit.Of, at.Step)
	}
	if err := errors.Join(notDenied(ctx, m.target, m.users()), undenied(ctx, m.target, m.users(), m.keeps)); err != nil {
		return err
	}
	own, err := m.Journal.Steps(ctx, m.unit.Plan, m.unit.Name)
	if _, before := last(own, monitor.StepCopy, monitor.StepBegan); before || err != nil {
		return err // an earlier attempt has written there
	}
	there := &source{place: *m.target, owners: m.all()}
	changed, err := m.unsealed(ctx, there, sealsOf(records)[m.target.store.Name])
	if err == nil && len(changed) > 0 {
		err = fmt.Errorf("%s on %s was written to since it was copied: save what is new there, then remove it", inventory.Printable(string(changed[0])), m.target.hosts[0].server)
	}
	return err
}
