package main

import (
	"context"
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
		Look:  compare.Options{Level: monitor.CompareLevel(c.Level), Connections: a.config.Connections, Rate: float64(c.Rate)},
		Pairs: func(ctx context.Context) ([]compare.Pair, error) { return l.pairs(ctx, asker) },
		Claim: func(of monitor.Copy) (func(), error) { return claimPair(path, of) },
	}, nil
}

// pairs returns the pairs of the masters on this server that can be asked.
func (l *local) pairs(ctx context.Context, asker *asker) ([]compare.Pair, error) {
	l.mu.Lock()
	stores, down, mailboxes := l.stores, maps.Clone(l.down), maps.Clone(l.mailboxes)
	l.mu.Unlock()
	programs := programsOf(l.app.config.Monitor.SyncClient)
	var pairs []compare.Pair
	for i := range stores.Stores {
		s := &stores.Stores[i]
		master := s.Master()
		if master == nil || master.Server != l.server || master.IMAP == "" {
			continue
		}
		for _, in := range slices.DeleteFunc(slices.Clone(s.Instances), func(in inventory.Instance) bool { return in.Role == inventory.Master }) {
			if in.IMAP == "" || down[in.Server] {
				continue
			}
			options, err := asker.options(ctx, *master, mailboxes[s.Name])
			if err != nil {
				return nil, err
			}
			p := compare.Pair{Store: s.Name, Master: compare.Side{Server: master.Server, Conf: master.IMAPDConf, Programs: programs, IMAP: options}}
			if options, err = asker.options(ctx, in, mailboxes[s.Name]); err != nil {
				return nil, err
			}
			p.Replica = compare.Side{Server: in.Server, Conf: in.IMAPDConf, Programs: programs, IMAP: options}
			pairs = append(pairs, p)
		}
	}
	return pairs, nil
}
