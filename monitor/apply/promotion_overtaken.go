package apply

import (
	"context"
	"fmt"

	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/host"
)

// blocked says that another instance leads the store than the one to which its users were routed:
// somebody has promoted that since, as where the new master was lost. No hook is asked for
// anything then, which would take it for the old master that has to stop.
func (p *promotion) blocked(ctx context.Context, a course.Action, _ []monitor.StepRecord) error {
	if !course.OfPromote.Past(a) {
		return nil
	}
	ctx, cancel := host.Soon(ctx)
	defer cancel()
	fresh := p.fresh().Server
	if _, r, err := p.look(ctx, p.fresh()); err == nil && r.Sends {
		return nil
	}
	for _, in := range p.living() {
		if in.Server == fresh {
			continue
		}
		if _, r, err := p.look(ctx, in); err == nil && r.Sends {
			return fmt.Errorf("%s leads store %s now, as the rolling sync_client there shows, and %s does not, to which this has routed its users: somebody has changed the roles since. Nothing is done until %s leads it again",
				in.Server, p.store.Name, fresh, fresh)
		}
	}
	return nil
}
