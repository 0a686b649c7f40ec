package compare

import (
	"context"
	"time"

	"github.com/interlacemail/interlace/inventory/cyrus"
)

// stood tells of a suspect whether its counters stood still between two looks.
type stood struct {
	suspect
	still bool
}

// settle looks at suspects again until they agree, stand still, or the tries are
// over. It returns those that do not agree. The replica is looked at first.
func (p *pair) settle(ctx context.Context, found []suspect) ([]stood, error) {
	waiting := make([]stood, len(found))
	for i := range found {
		waiting[i] = stood{suspect: found[i]}
	}
	var settled []stood
	for try := 0; try < p.options.Tries && len(waiting) > 0; try++ {
		if err := pause(ctx, p.options.Pause); err != nil {
			return nil, err
		}
		names := make([]cyrus.InternalName, len(waiting))
		for i := range waiting {
			names[i] = waiting[i].name
		}
		replica, err := p.replica.details(ctx, names)
		if err != nil {
			return nil, err
		}
		master, err := p.master.details(ctx, names)
		if err != nil {
			return nil, err
		}
		left := waiting[:0]
		for _, had := range waiting {
			now := stood{suspect: suspect{name: had.name, master: master[had.name], replica: replica[had.name]}}
			now.still = unmoved(had.master, now.master) && unmoved(had.replica, now.replica)
			switch {
			case now.master == nil && now.replica == nil:
			case now.master != nil && now.replica != nil && p.same(now.master, now.replica):
			case now.still:
				settled = append(settled, now)
			default:
				left = append(left, now)
			}
		}
		waiting = left
	}
	return append(settled, waiting...), nil
}

// unmoved tells whether nothing was written between two looks.
func unmoved(before, after *cyrus.Mailbox) bool {
	if before == nil || after == nil {
		return before == nil && after == nil
	}
	return before.Status.HighestModSeq == after.Status.HighestModSeq &&
		before.Status.UIDNext == after.Status.UIDNext &&
		(before.FolderModSeq == 0 || before.FolderModSeq == after.FolderModSeq)
}

func pause(ctx context.Context, d time.Duration) error {
	clock := time.NewTimer(d)
	defer clock.Stop()
	select {
	case <-clock.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
