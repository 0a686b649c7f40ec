package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/alert"
	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/monitor/history"
	"github.com/interlacemail/interlace/monitor/synclag"
)

// gates tell what is known of the fleet now.
func (a *app) gates(h *history.History, w window) apply.Gates {
	plans := &movers{history: h, units: map[string]map[string]apply.Begun{}}
	g := apply.Gates{
		Lags:   func(ctx context.Context) ([]monitor.Lag, error) { return a.lagsNow(ctx, h) },
		Alerts: func(ctx context.Context) ([]monitor.Alert, error) { return a.alertsNow(ctx, h) },
		Night:  func(at time.Time) (began, ends time.Time) { return w.night(at.Local()) },
		Begun:  plans.begunSince,
		Closed: func(at time.Time) string {
			if w.holds(at.Local()) {
				return ""
			}
			return fmt.Sprintf("the window %s is closed (%s)", w, zone(at.Local()))
		},
	}
	return g
}

// lagsNow returns how the replication of all stores stands, as far as a watch has seen.
func (a *app) lagsNow(ctx context.Context, h *history.History) ([]monitor.Lag, error) {
	if !h.Watched() {
		return nil, nil
	}
	channels, err := h.Channels(ctx)
	if err != nil || len(channels) == 0 {
		return nil, err
	}
	v, err := a.lagView(ctx, h, lagFlags{})
	if err != nil {
		return nil, err
	}
	standings, err := synclag.Standings(ctx, h, v.span(v.now.Add(-v.opts.Course())), v.opts, nil, v.now)
	var lags []monitor.Lag
	for _, row := range v.rows(standings) {
		lags = append(lags, row.Lag)
	}
	return lags, err
}

// alertsNow returns the alerts that are not over and that no apply keeps quiet.
func (a *app) alertsNow(ctx context.Context, h *history.History) ([]monitor.Alert, error) {
	now := a.now()
	alerts, err := openAlerts(ctx, h, now)
	if err != nil {
		return nil, err
	}
	own, err := ownSilences(ctx, h, now)
	if err != nil {
		return nil, err
	}
	var list []monitor.Alert
	for i := range alerts {
		if alert.SilencedBy(&alerts[i], own, now, a.config.alertOptions(nil, "")) == nil {
			list = append(list, alerts[i])
		}
	}
	return list, nil
}

// roles fails where an instance of a store is not what it is here and, when all others are,
// where that is not known of one.
func (c *config) roles(ctx context.Context, s *inventory.Store) error {
	other, unknown := c.otherRoles(ctx, s)
	if len(other) > 0 {
		return fmt.Errorf("%w; let the fleet file say what is so, and interlace import it", errors.Join(other...))
	}
	return errors.Join(unknown...)
}

// otherRoles say which instances of a store are not what they are here, and of which that is not
// known: it does not answer, or it is the master, does not send just now, and no other one does in
// its place.
func (c *config) otherRoles(ctx context.Context, s *inventory.Store) (other, unknown []error) {
	if len(s.Instances) == 1 {
		return nil, nil // a master without a replica sends to nobody, as a replica does
	}
	roles, unasked := make([]inventory.Role, len(s.Instances)), make([]error, len(s.Instances))
	var asking sync.WaitGroup
	for i, in := range s.Instances {
		asking.Go(func() { roles[i], unasked[i] = c.roleOf(ctx, in.Server, in.IMAPDConf) })
	}
	asking.Wait()
	for i, in := range s.Instances {
		why := unasked[i]
		switch {
		case why == nil && roles[i] == in.Role:
		case why == nil && in.Role == inventory.Master && !slices.Contains(roles, inventory.Master):
			why = fmt.Errorf("no rolling sync_client with %s runs there, as it would for a master", in.IMAPDConf)
		case why == nil:
			other = append(other, fmt.Errorf("store %s has its %s on %s, as the processes there show, and not its %s", s.Name, roles[i], in.Server, in.Role))
		}
		if why != nil {
			unknown = append(unknown, fmt.Errorf("what store %s has on %s is not known: %w: %w", s.Name, in.Server, apply.ErrUnreached, why))
		}
	}
	return other, unknown
}

// live tells what the servers and their surroundings know.
func (a *app) live(h *history.History) apply.Live {
	c := a.config
	l := apply.Live{Roles: c.roles, Kick: c.kick, Confirmed: a.confirmUnit(h)}
	if c.knowsRoutes() {
		l.Served, l.Named = c.served, c.routes
	}
	l.Quiet = func(ctx context.Context, fleet *inventory.Inventory, in inventory.Instance, users []inventory.UserID) (quiet, known bool, last time.Time, err error) {
		return c.quiet(ctx, a.now(), fleet, in, users)
	}
	if c.Apply.LMTP != "" {
		l.LMTP = c.Apply.lmtpOf
	}
	return l
}

// served returns where users are routed, in a fleet as it stands.
func (c *config) served(ctx context.Context, inv *inventory.Inventory, users []inventory.UserID) (map[inventory.UserID]apply.Destination, error) {
	routes, err := c.routes(ctx, users)
	if err != nil {
		return nil, err
	}
	served := map[inventory.UserID]apply.Destination{}
	for user, name := range routes {
		served[user] = destinationOf(inv, name)
	}
	return served, nil
}

// destinationOf returns what a route means, or what it says where the inventory knows nothing of
// that. The name of a store says nothing of which instance leads it by now, and that of a server
// nothing of which of its instances is meant.
func destinationOf(inv *inventory.Inventory, name string) apply.Destination {
	for i := range inv.Stores {
		store := inv.Stores[i].Name
		for _, in := range inv.Stores[i].Instances {
			switch formAt(name, in, store) {
			case unformed:
			case byStore:
				return apply.Destination{Store: store}
			case byAddress:
				return apply.Destination{Store: store, Server: in.Server}
			default:
				return apply.Destination{Server: in.Server}
			}
		}
	}
	return apply.Destination{Server: inventory.ServerID(name)}
}
