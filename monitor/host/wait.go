package host

import (
	"context"
	"fmt"
	"time"
)

// Soon gives a server no longer to answer than others can wait for it.
func Soon(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, Greeting, fmt.Errorf("it has not answered within %v", Greeting))
}

// Pause waits for a while, or until the context ends.
func Pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
