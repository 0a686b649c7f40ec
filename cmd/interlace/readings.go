package main

import (
	"context"
	"sync"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/compare"
)

// readings are how many instances of each server are read whole, or compared, just now.
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

// compareNew compares a replica that the inventory need not name yet with its master, over the
// connections that their servers have to give when it begins.
func (a *app) compareNew(ctx context.Context, store inventory.StoreID, master, replica inventory.Instance, o compare.Options) (*monitor.Comparison, error) {
	p := compare.Pair{Store: store}
	o.Connections = a.config.Connections
	asker := newAsker(a.config)
	for _, s := range []struct {
		in inventory.Instance
		to *compare.Side
	}{{master, &p.Master}, {replica, &p.Replica}} {
		options, err := asker.options(ctx, s.in, 0)
		if err != nil {
			return nil, err
		}
		*s.to = a.config.sideOf(s.in, options)
		connections, end := a.readings.begin(s.in.Server, a.config.Connections)
		defer end()
		o.Connections = min(o.Connections, connections())
	}
	return compare.Store(ctx, p, o)
}
