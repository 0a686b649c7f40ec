package main

import (
	"context"
	"errors"
	"io/fs"
	"sync"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/compare"
	"github.com/interlacemail/interlace/monitor/history"
	"github.com/interlacemail/interlace/monitor/instances"
	"github.com/interlacemail/interlace/monitor/synclag"
)

// carrying tells until when the changes of masters have reached their replicas: of the
// masters on this server as their sync logs show, of others as a watch has seen it that
// records here.
type carrying struct {
	app    *app
	server inventory.ServerID // this one; empty where that is not known

	mu   sync.Mutex
	read time.Time
	lags []monitor.Lag
}

func (a *app) carrying(inv *inventory.Inventory) *carrying {
	server, err := a.thisServer(inv, "")
	if err != nil {
		server = "" // it is no mail server, or nobody has said which one
	}
	return &carrying{app: a, server: server}
}

// of returns what tells it of a replica, for [compare.Options], and how long to wait
// for it: a watch looks at its interval only.
func (c *carrying) of(s *inventory.Store, replica inventory.ServerID) (func(context.Context) time.Time, time.Duration) {
	master := *s.Master()
	if master.Server == c.server {
		in := instances.Read(s.Name, &master)
		if in.Trouble == "" && !synclag.Carried(in, nil, time.Now()).IsZero() {
			return func(context.Context) time.Time { return synclag.Carried(in, nil, time.Now()) }, 0
		}
	}
	seen := func(ctx context.Context) time.Time {
		if l := c.lag(ctx, s.Name, master.Server, replica); l != nil {
			return compare.CarriedUntil(l)
		}
		return time.Time{}
	}
	const late = 15 * time.Second // it may be, when it has much to look at
	return seen, c.app.config.Monitor.Backlog + late
}

// lag returns how the channel stands through which a master sends to a replica, or to
// all of them.
func (c *carrying) lag(ctx context.Context, store inventory.StoreID, master, replica inventory.ServerID) *monitor.Lag {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := time.Now(); now.Sub(c.read) > time.Second {
		c.read = now
		if lags, err := c.app.lagsSeen(ctx); err == nil {
			c.lags = lags
		}
	}
	var all *monitor.Lag
	for i := range c.lags {
		switch l := &c.lags[i]; {
		case l.Store != store || l.Server != master:
		case inventory.ServerID(l.Peer) == replica:
			return l
		case l.Peer == "":
			all = l
		}
	}
	return all
}

// lagsSeen returns how the channels stand that a watch has lately seen here; nothing
// where no watch has recorded anything.
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
