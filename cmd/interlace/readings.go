package main

import (
	"context"
	"sync"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor/compare"
)

// readings are how many instances of each server are read whole just now.
type readings struct {
	mu sync.Mutex
	on map[inventory.ServerID]int
}

// begin counts one more on a server, which has so many connections to give. It returns how many of
// those this one has at a time, for they share them, and how to end it.
func (r *readings) begin(server inventory.ServerID, each int) (connections func() int, end func()) {
	add := func(n int) {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.on == nil {
			r.on = map[inventory.ServerID]int{}
		}
		r.on[server] += n
	}
	add(1)
	connections = func() int {
		r.mu.Lock()
		defer r.mu.Unlock()
		return max(each/r.on[server], 1)
	}
	return connections, func() { add(-1) }
}

// readWhole has an instance read every message of some owners whole, over the connections that
// its server has to give.
func (a *app) readWhole(ctx context.Context, in inventory.Instance, owners map[cyrus.Owner]bool, o compare.WholeOptions) (*compare.Whole, error) {
	options, err := newAsker(a.config).options(ctx, in, 0)
	if err != nil {
		return nil, err
	}
	connections, end := a.readings.begin(in.Server, a.config.Connections)
	defer end()
	o.Connections = connections
	return compare.ReadWhole(ctx, a.config.sideOf(in, options), owners, o)
}
