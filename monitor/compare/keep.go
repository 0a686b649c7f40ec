package compare

import (
	"context"
	"time"

	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
)

// Memory keeps what comparisons find.
type Memory interface {
	SaveOwners(ctx context.Context, c monitor.Copy, level monitor.CompareLevel, at time.Time, owners []monitor.Compared) error
	SaveCompared(ctx context.Context, r *monitor.ComparisonRun, c monitor.Copy, at time.Time, list []monitor.Compared) error
}

// Keep compares as [Store] does and keeps what is found as soon as it is, as of the
// time at which the comparison began.
func Keep(ctx context.Context, store Pair, o Options, memory Memory, r *monitor.ComparisonRun, now time.Time) (*monitor.Comparison, error) {
	c := monitor.Copy{Store: store.Store, Server: store.Replica.Server}
	choose, finished := o.Choose, o.Finished
	o.Choose = func(all []cyrus.Owner) ([]cyrus.Owner, error) {
		list := make([]monitor.Compared, len(all))
		for i, owner := range all {
			list[i] = monitor.Compared{Owner: owner.Name, Shared: owner.Shared}
		}
		if err := memory.SaveOwners(ctx, c, o.Level, now, list); err != nil || choose == nil {
			return all, err
		}
		return choose(all)
	}
	o.Finished = func(list []monitor.Compared) error {
		if err := memory.SaveCompared(ctx, r, c, now, list); err != nil || finished == nil {
			return err
		}
		return finished(list)
	}
	return Store(ctx, store, o)
}
