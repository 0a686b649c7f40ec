package main

import (
	"context"
	"errors"
	"io/fs"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/compare"
	"github.com/interlacemail/interlace/monitor/history"
)

// backlogKey names what a master sends to one of its replicas. Without a replica it
// is all that the master sends.
type backlogKey struct {
	store   inventory.StoreID
	replica inventory.ServerID
}

// backlogs returns what a watch has lately seen of what waits for replicas; nothing
// where no watch has recorded anything here.
func (a *app) backlogs(ctx context.Context) (map[backlogKey]compare.Backlog, error) {
	lags, err := a.lagsSeen(ctx)
	backlogs := map[backlogKey]compare.Backlog{}
	for i := range lags {
		backlogs[backlogKey{lags[i].Store, inventory.ServerID(lags[i].Peer)}] = compare.BacklogOf(&lags[i])
	}
	return backlogs, err
}

// lagsSeen returns how the channels stand that a watch has lately seen here.
func (a *app) lagsSeen(ctx context.Context) ([]monitor.Lag, error) {
	path, err := a.databaseFile()
	if err != nil {
		return nil, nil // there is no database, and none is needed
	}
	h, err := history.Open(ctx, path, toRead)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	}
	defer h.Close()
	return a.lagsNow(ctx, h)
}

// backlog returns what is known of what waits for the replica of a pair.
func (c *comparing) backlog(p *pairOf) compare.Backlog {
	if known, found := c.backlogs[backlogKey{p.store.Name, p.replica.Server}]; found {
		return known
	}
	return c.backlogs[backlogKey{store: p.store.Name}]
}
