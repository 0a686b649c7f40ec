package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/compare"
	"github.com/interlacemail/interlace/monitor/watch"
)

// comparing says how watch compares the masters of this server with their replicas;
// nothing is said where it does not.
func (a *app) comparing(ctx context.Context, l *local) (watch.Comparing, error) {
	c := &a.config.Monitor.Compare
	if c.Every == 0 {
		return watch.Comparing{}, nil
	}
	path, err := a.databaseFile()
	if err != nil {
		return watch.Comparing{}, err
	}
	asker := newAsker(a.config)
	if err := asker.check(ctx, l.stores); err != nil {
		return watch.Comparing{}, a.config.wrong("probes.compare.every", err)
	}
	return watch.Comparing{
		Every: c.Every, Within: c.Within, For: c.For, Open: c.Window.holds,
		Look:   compare.Options{Level: monitor.CompareLevel(c.Level), Connections: a.config.Connections, Rate: float64(c.Rate)},
		Copies: l.copies,
		Pairs:  func(ctx context.Context) ([]compare.Pair, error) { return l.pairsNow(ctx, asker) },
		Claim:  func(of monitor.Copy) (func(), error) { return claimPair(path, of) },
	}, nil
}

// copies returns the copies of the masters on this server that have an address.
func (l *local) copies() []monitor.Copy {
	l.mu.Lock()
	defer l.mu.Unlock()
	return copiesFrom(l.server, l.stores)
}

// copiesFrom returns the copies of the masters on a server that have an address.
func copiesFrom(server inventory.ServerID, stores *inventory.Inventory) []monitor.Copy {
	var copies []monitor.Copy
	for i := range stores.Stores {
		s := &stores.Stores[i]
		if master := s.Master(); master == nil || master.Server != server || master.IMAP == "" {
			continue
		}
		for _, in := range s.Instances {
			if in.Role != inventory.Master && in.IMAP != "" {
				copies = append(copies, monitor.Copy{Store: s.Name, Server: in.Server})
			}
		}
	}
	return copies
}

// pairsNow returns the pairs of the masters on this server that can be asked, without the stores of
// which it is not known which instances they have: what is compared in the wrong direction finds
// what is not so.
func (l *local) pairsNow(ctx context.Context, asker *asker) ([]compare.Pair, error) {
	l.mu.Lock()
	doubts := l.doubts
	l.mu.Unlock()
	pairs, err := l.pairs(ctx, asker)
	pairs = slices.DeleteFunc(pairs, func(p compare.Pair) bool { return doubts[p.Store] != "" })
	for _, store := range slices.Sorted(maps.Keys(doubts)) {
		err = errors.Join(err, fmt.Errorf("store %s is not compared: %s", store, doubts[store]))
	}
	return pairs, err
}

// pairs returns the pairs of the masters on this server that can be asked.
func (l *local) pairs(ctx context.Context, asker *asker) ([]compare.Pair, error) {
	l.mu.Lock()
	stores, down, mailboxes := l.stores, maps.Clone(l.down), maps.Clone(l.mailboxes)
	l.mu.Unlock()
	side := func(in *inventory.Instance, of inventory.StoreID) (compare.Side, error) {
		options, err := asker.options(ctx, *in, mailboxes[of])
		return l.app.config.sideOf(*in, options), err
	}
	var pairs []compare.Pair
	for _, c := range copiesFrom(l.server, stores) {
		if down[c.Server] {
			continue
		}
		s := &stores.Stores[stores.Store(c.Store)]
		replica := slices.IndexFunc(s.Instances, func(in inventory.Instance) bool { return in.Server == c.Server })
		p := compare.Pair{Store: s.Name, Several: s.Several(), Channel: l.app.config.channelTo(ctx, l.server, s, s.Instances[replica])}
		var errs [2]error
		p.Master, errs[0] = side(s.Master(), s.Name)
		p.Replica, errs[1] = side(&s.Instances[replica], s.Name)
		if err := errors.Join(errs[:]...); err != nil {
			return nil, err
		}
		pairs = append(pairs, p)
	}
	return pairs, nil
}
