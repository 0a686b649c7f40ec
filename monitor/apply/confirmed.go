package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/planner"
)

// errUnmet says that originals are kept though their time is over.
var errUnmet = errors.New("not confirmed")

// confirmed fails where not all of what was moved is what it was promised to be, which
// includes that each message was read whole on every copy, and tells what was read.
func (m *move) confirmed(ctx context.Context, step monitor.Step) (read string, err error) {
	if m.Live.Confirmed == nil {
		return "", fmt.Errorf("%w: nobody has confirmed that all is as it was planned", errRests)
	}
	unit, err := m.present(ctx)
	if err != nil || len(unit.Moves) == 0 {
		return "", err
	}
	read, err = m.Live.Confirmed(ctx, m.standing(), unit, func(text string) { m.tell(Progress{Unit: m.unit, Verb: course.Do, Step: step, Far: text}) })
	if err != nil {
		return "", fmt.Errorf("%w: %w: %w", errRests, errUnmet, err)
	}
	return read, nil
}

// present is the unit without users who are not where they were moved to any more: of these
// nothing can be confirmed.
func (m *move) present(ctx context.Context) (*course.Unit, error) {
	living, err := m.living(ctx)
	if err != nil {
		return nil, err
	}
	unit := *m.unit
	unit.Moves = slices.DeleteFunc(slices.Clone(unit.Moves), func(c planner.UserChange) bool {
		return m.kindOf(c.User) != inventory.Shared && !living[cyrus.Owner{Name: string(c.User)}]
	})
	return &unit, nil
}

// lately is how long before the original is deleted all must have been confirmed.
const lately = time.Hour

// confirmedLately confirms what is about to be deleted anew where that was long ago, since
// the process was killed in between.
func (m *move) confirmedLately(ctx context.Context, records []monitor.StepRecord) (read string, err error) {
	if kept, _ := course.Ended(records, monitor.StepKeep); m.rehearsed || m.Now().Sub(kept) <= lately {
		return "", nil
	}
	for _, s := range m.sources {
		switch back, err := m.movedBack(ctx, s); {
		case err != nil:
			return "", err
		case back == notBack:
			return m.confirmed(ctx, monitor.StepDeleteSource)
		}
	}
	return "", nil // there is no original but of what is in use again
}
