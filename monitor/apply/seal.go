package apply

import (
	"context"
	"errors"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/prove"
)

// errUnsealed says that the proof has left nothing to go by.
var errUnsealed = errors.New("nothing is written down of what the original was when it was copied")

// unsealed returns which mailboxes of a source are not as they were when the copy was
// proven to be the same.
func (m *move) unsealed(ctx context.Context, s *source, sealed prove.Seal) ([]cyrus.InternalName, error) {
	if sealed == nil {
		return nil, errUnsealed
	}
	now, err := m.sealOf(ctx, s.master(), s.owners)
	return sealed.Differences(now), err
}

// sealOf seals what an instance has of owners.
func (m *move) sealOf(ctx context.Context, in inventory.Instance, owners map[cyrus.Owner]bool) (prove.Seal, error) {
	has, err := m.holds(ctx, in, owners)
	if err != nil {
		return nil, err
	}
	return has.Seal(), nil
}

// sealsOf returns the seals of the sources, after what came late was brought along.
func sealsOf(records []monitor.StepRecord) map[inventory.StoreID]prove.Seal {
	seals := map[inventory.StoreID]prove.Seal{}
	course.Read(records, monitor.StepProveTarget, &seals)
	course.Read(records, monitor.StepRoute, &seals)
	course.Read(records, monitor.StepCanary, &seals)
	return seals
}
