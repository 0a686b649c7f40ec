package apply

import (
	"context"
	"errors"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
)

// errUnsealed says that the proof has left nothing to go by.
var errUnsealed = errors.New("nothing is written down of what the original was when it was copied")

// unsealed returns which mailboxes of a source are not as they were when the copy was
// proven to be the same.
func (m *move) unsealed(ctx context.Context, s *source, sealed seal) ([]cyrus.InternalName, error) {
	if sealed == nil {
		return nil, errUnsealed
	}
	now, err := m.sealOf(ctx, s)
	return sealed.differences(now), err
}

func (m *move) sealOf(ctx context.Context, s *source) (seal, error) {
	c, err := m.dialAdmin(ctx, s.master())
	if err != nil {
		return nil, err
	}
	defer c.Close()
	has, err := hold(ctx, c, s.owners)
	if err != nil {
		return nil, err
	}
	return has.seal(), nil
}

// seal holds HIGHESTMODSEQ of each mailbox, which grows with every write.
type seal map[cyrus.InternalName]uint64

func (h *holding) seal() seal {
	s := seal{}
	for name, m := range h.mailboxes {
		s[name] = m.Status.HighestModSeq
	}
	return s
}

// differences returns the mailboxes that are not the same, sorted.
func (s seal) differences(now seal) []cyrus.InternalName {
	var names []cyrus.InternalName
	for name, modseq := range now {
		if was, there := s[name]; !there || was != modseq {
			names = append(names, name)
		}
	}
	for name := range s {
		if _, there := now[name]; !there {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// sealsOf returns the seals of the sources, after what came late was brought along.
func sealsOf(records []monitor.StepRecord) map[inventory.StoreID]seal {
	seals := map[inventory.StoreID]seal{}
	course.Read(records, monitor.StepProveTarget, &seals)
	course.Read(records, monitor.StepRoute, &seals)
	course.Read(records, monitor.StepCanary, &seals)
	return seals
}
