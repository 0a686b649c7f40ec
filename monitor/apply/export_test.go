package apply

import (
	"context"
	"runtime"

	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
)

// Carry carries one unit on. A journal that panics with an error is the end of the process.
func (o *Options) Carry(ctx context.Context, u *course.Unit, back bool) (outcome course.Outcome, err error) {
	defer killed(&outcome, &err)
	m, err := o.newMove(ctx, u)
	if err != nil {
		return course.Stopped, err
	}
	r := &carrying{Options: o, unit: u, course: &course.OfMove, work: m, gate: &gate{pass: func(context.Context, monitor.Step) error { return nil }}, back: back}
	return r.on(ctx)
}

func killed(outcome *course.Outcome, err *error) {
	switch end := recover().(type) {
	case nil:
	case runtime.Error:
		panic(end)
	case error:
		*outcome, *err = course.Stopped, end
	}
}

// Check returns what a unit's check says, and what speaks against the move.
func (o *Options) Check(ctx context.Context, u *course.Unit) (string, error) {
	m, err := o.newMove(ctx, u)
	if err != nil {
		return "", err
	}
	text, _, err := m.check(ctx)
	return text, err
}

// Parts of a move that are functions of what they are given.
var (
	Addressable = addressable
	Inside      = inside
	Recipients  = recipients
)
