package main

import (
	"context"
	"time"

	"github.com/interlacemail/interlace/monitor/apply"
)

// layouts says how instances are made and changed: by the operator's own commands.
func (c *config) layouts() apply.Layouts {
	l := apply.Layouts{Streams: c.Apply.Streams}
	if words := c.Apply.InstanceHook; len(words) > 0 {
		l.Hook = func(ctx context.Context, order *apply.Order) (string, error) {
			return c.ordered(ctx, hookTimeout, words, order, answer)
		}
	}
	if words := c.Apply.SeedCommand; len(words) > 0 {
		l.Seed = func(ctx context.Context, order *apply.Order) error {
			_, err := c.ordered(ctx, seedTimeout, words, order, lastWords)
			return err
		}
	}
	return l
}

// How long the operator's commands may take to change an instance, and to copy one.
const hookTimeout, seedTimeout = 10 * time.Minute, 7 * 24 * time.Hour

// ordered runs a command of the operator for an order, with a file that tells all of it,
// and returns what of its words is wanted.
func (c *config) ordered(ctx context.Context, limit time.Duration, words []string, order *apply.Order, run executor) (string, error) {
	return c.hooked(ctx, "apply-"+string(order.Store), limit, orderWords(words, order), order.Details(), run)
}

// orderWords are the words of a command with those of an order.
func orderWords(words []string, order *apply.Order) []string {
	for _, place := range [][2]string{
		{"{action}", string(order.Act)}, {"{store}", string(order.Store)}, {"{server}", string(order.Server)}, {"{role}", string(order.Role)},
	} {
		words = inPlace(words, place[0], place[1])
	}
	return words
}
