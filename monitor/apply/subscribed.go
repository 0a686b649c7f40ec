package apply

import (
	"context"
	"slices"
	"sync"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/host"
)

// copied is what was proven of users while nobody was let in anywhere.
type copied struct {
	Subscribed []inventory.UserID // who is subscribed on the new store to what he is on the old one
}

// subscribed returns who is seen to be subscribed on the new store to what he is on the old one. Who
// else is, and which server does not tell, is not known, and no reason to go back.
func (m *move) subscribed(ctx context.Context) (same []inventory.UserID) {
	ctx, cancel := host.Soon(ctx)
	defer cancel()
	for _, s := range m.sources {
		var sums [2]map[inventory.UserID]string
		var asking sync.WaitGroup
		for i, h := range []*host.Host{s.hosts[0], m.target.hosts[0]} {
			asking.Go(func() { sums[i], _ = h.Subscriptions(ctx, s.users) })
		}
		asking.Wait()
		for _, u := range s.users {
			if sum, told := sums[0][u]; told && sums[1][u] == sum {
				same = append(same, u)
			}
		}
	}
	return same
}

// wereSubscribed reports whether a user was subscribed on the new store, right before he was let in,
// to what he was on the old one: what is missing of that is his own doing.
func wereSubscribed(records []monitor.StepRecord, u inventory.UserID) bool {
	var c copied
	course.Read(records, monitor.StepProveReplica, &c)
	return slices.Contains(c.Subscribed, u)
}
