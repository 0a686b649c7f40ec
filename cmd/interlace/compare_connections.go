package main

import (
	"context"

	"golang.org/x/sync/semaphore"

	"github.com/interlacemail/interlace/inventory"
)

// connections are those that each server has to give.
type connections map[inventory.ServerID]*semaphore.Weighted

func newConnections(inv *inventory.Inventory, each int) connections {
	c := connections{}
	for i := range inv.Servers {
		c[inv.Servers[i].Name] = semaphore.NewWeighted(int64(max(each, 1)))
	}
	return c
}

// take waits until two servers have so many connections each, and returns how to give
// them back. All take them in the order of names, so that none waits for another that
// waits for it. A store with two instances on one server shares a connection's place.
func (c connections) take(ctx context.Context, a, b inventory.ServerID, n int) (release func(), err error) {
	if err := c[min(a, b)].Acquire(ctx, int64(n)); err != nil {
		return nil, err
	}
	if a == b {
		return func() { c[a].Release(int64(n)) }, nil
	}
	if err := c[max(a, b)].Acquire(ctx, int64(n)); err != nil {
		c[min(a, b)].Release(int64(n))
		return nil, err
	}
	return func() { c[a].Release(int64(n)); c[b].Release(int64(n)) }, nil
}
