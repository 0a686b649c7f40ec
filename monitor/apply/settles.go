package apply

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/interlacemail/interlace/monitor/host"
)

// settles waits until the processes of an instance are as they should be, or says what they are like.
func (o *Options) settles(ctx context.Context, h *host.Host, wrong func(*host.Activity) string) error {
	return o.awaits(ctx, func(ctx context.Context) (string, error) {
		r, err := h.Activity(ctx)
		if err != nil {
			return "", err
		}
		why := wrong(r)
		if why != "" {
			why = fmt.Sprintf("%s: %s on %s", why, h.Conf, h.Server)
		}
		return why, nil
	})
}

// awaits looks until nothing is wrong any more, for as long as an instance may take to start
// or to end, or says what is.
func (o *Options) awaits(ctx context.Context, look func(context.Context) (wrong string, err error)) error {
	if o.rehearsed {
		return nil // nothing was done that could come about
	}
	for begin := time.Now(); ; {
		why, err := look(ctx)
		switch {
		case err != nil:
			return err
		case why == "":
			return nil
		case time.Since(begin) > o.Layouts.settle():
			return errors.New(why)
		}
		if err := host.Pause(ctx, time.Second/4); err != nil {
			return err
		}
	}
}
