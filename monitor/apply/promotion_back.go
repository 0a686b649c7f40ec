package apply

import (
	"context"
	"fmt"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/host"
)

// demote has the instance that was to be the new master be a replica again, whether or not
// it was promoted, so that the old master can be started. Where somebody has written to it
// that would be lost, and nothing is done.
func (p *promotion) demote(ctx context.Context) error {
	fresh, r, err := p.look(ctx, p.fresh())
	if err != nil {
		return err
	}
	if err := p.untouched(ctx, fresh, r.Sends); err != nil {
		return err
	}
	if r.Sends {
		if _, err := p.order(ctx, p.asked(ActStop, p.fresh(), inventory.Master, p.instances(true))); err != nil {
			return err
		}
		if err := p.settles(ctx, fresh, stillRuns); err != nil {
			return err
		}
		if err := p.untouched(ctx, fresh, true); err != nil {
			return err
		}
	}
	if _, err := p.order(ctx, p.asked(ActStart, p.fresh(), inventory.Replica, p.instances(false))); err != nil {
		return err
	}
	if _, err := p.greetSoon(ctx, p.fresh()); err != nil {
		return err
	}
	return p.settles(ctx, fresh, leadsStill)
}

// leadsStill says that a replica sends its changes on as a master does.
func leadsStill(r *host.Activity) string {
	if r.Sends {
		return "a rolling sync_client still runs"
	}
	return ""
}

// untouched fails where somebody has written to the new master, which its sync logs tell:
// nobody works off that for the old one. A replica that logs what it gets, for replicas of
// its own, has such logs too as long as it does not lead.
func (p *promotion) untouched(ctx context.Context, fresh *host.Host, leads bool) error {
	logs, err := fresh.Logs(ctx)
	if err != nil || len(logs) == 0 || !leads && fresh.Settings["sync_log_chain"] == "yes" {
		return err
	}
	return fmt.Errorf("%s was promoted and may have been written to, since it has sync logs: to start %s again would lose that. Promote %s by hand, and route the users of %s there",
		p.fresh().Server, p.old().Server, p.fresh().Server, p.store.Name)
}
