package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor/host"
)

// clearReplicas makes sure that copies which were removed from the target's master are gone from
// its replicas too: that reaches them by the sync log, which may not have been writable when they
// were removed, or be that of another master than the one of today.
func (m *move) clearReplicas(ctx context.Context) error {
	var wrong error
	for _, in := range m.target.store.Instances[1:] {
		wrong = errors.Join(wrong, m.clearReplica(ctx, in))
	}
	return wrong
}

// logged is how long is waited for the sync log before a replica is told by itself.
const logged = 3 * time.Second

func (m *move) clearReplica(ctx context.Context, in inventory.Instance) error {
	left, err := m.leftOn(ctx, in, m.all(), logged)
	if err != nil {
		logs, unread := m.target.hosts[0].Logs(ctx)
		if unread == nil && len(logs) > 0 {
			return nil // it is told when it answers again
		}
		return fmt.Errorf("whether a copy is left on the replica on %s is not known: %w", in.Server, err)
	}
	if len(left) == 0 {
		return nil
	}
	var failed error
	for _, l := range m.target.hosts[0].ToReplicas() {
		failed = errors.Join(failed, l.Removed(ctx, m.users(), cyrus.OwnedBy(slices.Clone(left), m.trees())))
	}
	if left, err = m.leftOn(ctx, in, m.all(), removing); err != nil || len(left) == 0 {
		return err
	}
	wrong := fmt.Errorf("%s is still on the replica on %s, and its master does not reach it", inventory.Printable(string(left[0])), in.Server)
	for _, u := range m.users() {
		if len(cyrus.OwnedBy(slices.Clone(left), map[cyrus.Owner]bool{{Name: string(u)}: true})) > 0 {
			wrong = fmt.Errorf("%w; on %s: %s", wrong, in.Server, host.RemoveCommand(m.Tools, in.IMAPDConf, u))
		}
	}
	return errors.Join(wrong, failed)
}

// leftOn waits until nothing is on an instance of owners who move, and returns what is left there
// when that has taken too long.
func (m *move) leftOn(ctx context.Context, in inventory.Instance, owners map[cyrus.Owner]bool, patience time.Duration) ([]cyrus.InternalName, error) {
	for begin := time.Now(); ; {
		asking, cancel := context.WithTimeout(ctx, host.Greeting)
		left, err := m.names(asking, in, owners)
		cancel()
		if err != nil || len(left) == 0 || time.Since(begin) >= patience {
			return left, err
		}
		if err := host.Pause(ctx, time.Second/4); err != nil {
			return nil, err
		}
	}
}
