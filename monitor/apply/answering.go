package apply

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/host"
)

// whileAnswer does something that waits for instances for as long as it takes, and gives it
// up when one has not answered for a while: sync_client would try to reach it for ever.
func (m *move) whileAnswer(ctx context.Context, instances []inventory.Instance, do func(context.Context) error) error {
	doing, giveUp := context.WithCancelCause(ctx)
	defer giveUp(nil)
	for _, in := range instances {
		go func() { giveUp(m.unanswered(doing, in)) }()
	}
	err := do(doing)
	if why := (*gaveUp)(nil); err != nil && errors.As(context.Cause(doing), &why) {
		return why // what was ended for that has nothing to add
	}
	return err
}

// gaveUp says that an instance has not answered for so long that something was given up.
type gaveUp struct{ error }

func (g *gaveUp) Unwrap() error { return g.error }

// unanswered returns when an instance has not answered for a while, or the context has
// ended.
func (m *move) unanswered(ctx context.Context, in inventory.Instance) error {
	limit := m.Limits.silence()
	for since := time.Now(); ; {
		if err := host.Pause(ctx, limit/4); err != nil {
			return err
		}
		err := m.answers(ctx, in)
		switch silent := time.Since(since).Round(time.Second); {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil:
			since = time.Now()
		case silent >= limit:
			return &gaveUp{fmt.Errorf("given up after %v: %w", silent, err)}
		}
	}
}

func (l *Limits) silence() time.Duration {
	if l.Silence == 0 {
		return time.Minute
	}
	return l.Silence
}
