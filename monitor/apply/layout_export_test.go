package apply

import (
	"context"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
)

// CarryChange carries one change of a layout on.
func (o *Options) CarryChange(ctx context.Context, u *course.Unit) (outcome course.Outcome, err error) {
	defer killed(&outcome, &err)
	w, c, err := o.newWork(ctx, u)
	if err != nil {
		return course.Stopped, err
	}
	r := &carrying{Options: o, unit: u, course: c, work: w, gate: &gate{pass: func(context.Context, monitor.Step) error { return nil }}, back: false}
	return r.on(ctx)
}

// ProveAlike compares a replica with its master.
func (o *Options) ProveAlike(ctx context.Context, master, replica inventory.Instance) error {
	return o.proveAlike(ctx, master, replica)
}

// Place reads what the hook printed for an order.
func (o *Order) Place(printed string) (inventory.Instance, error) { return o.place(printed) }
