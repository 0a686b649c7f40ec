package apply

import (
	"context"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// CarryChange carries one change of a layout on.
func (o *Options) CarryChange(ctx context.Context, u *Unit) (Outcome, error) {
	w, c, err := o.newWork(ctx, u)
	if err != nil {
		return Stopped, err
	}
	return o.carry(ctx, u, c, w, func(context.Context, monitor.Step) error { return nil }, false)
}

// ProveAlike compares a replica with its master.
func (o *Options) ProveAlike(ctx context.Context, master, replica inventory.Instance) error {
	return o.proveAlike(ctx, master, replica)
}
