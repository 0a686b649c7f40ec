package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/interlacemail/interlace/monitor/apply"
)

// layouts says how instances are made and changed: by the operator's own commands.
func (c *config) layouts() apply.Layouts {
	l := apply.Layouts{Streams: c.Apply.Streams}
	if words := c.Apply.InstanceHook; len(words) > 0 {
		l.Hook = func(ctx context.Context, order *apply.Order) (string, error) {
			late := fmt.Errorf("it has not ended after %s", formatDuration(hookTimeout))
			ctx, cancel := context.WithTimeoutCause(ctx, hookTimeout, late)
			defer cancel()
			return c.ordered(ctx, words, order)
		}
	}
	if words := c.Apply.SeedCommand; len(words) > 0 {
		l.Seed = func(ctx context.Context, order *apply.Order) error {
			_, err := c.ordered(ctx, words, order)
			return err
		}
	}
	return l
}

// hookTimeout is how long the operator's command may take to change an instance.
const hookTimeout = 10 * time.Minute

// ordered runs a command of the operator for an order, with a file that tells all of it,
// and returns what it prints. It holds a lock of the store for as long as it runs: after
// the end of an apply that was killed the next one waits for it.
func (c *config) ordered(ctx context.Context, words []string, order *apply.Order) (string, error) {
	f, err := os.CreateTemp("", "interlace-order-*.json")
	if err != nil {
		return "", err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(order.Details())
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return "", err
	}
	for _, place := range [][2]string{
		{"{action}", string(order.Act)}, {"{store}", string(order.Store)}, {"{server}", string(order.Server)}, {"{role}", string(order.Role)}, {"{file}", f.Name()},
	} {
		words = inPlace(words, place[0], place[1])
	}
	claim, err := openClaim(c.DB, "apply-"+string(order.Store))
	if err != nil {
		return "", err
	}
	claim.Close()
	text, err := answer(ctx, "", append([]string{"flock", claim.Name()}, words...))
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return text, err
}
