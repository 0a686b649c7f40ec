package apply

import (
	"context"

	"github.com/interlacemail/interlace/monitor"
)

// Carry carries one unit on.
func (o *Options) Carry(ctx context.Context, u *Unit, back bool) (Outcome, error) {
	m, err := o.newMove(ctx, u)
	if err != nil {
		return Stopped, err
	}
	return o.carry(ctx, u, &ofMove, m, func(context.Context, monitor.Step) error { return nil }, back)
}
