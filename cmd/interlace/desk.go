package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/alert"
	"github.com/interlacemail/interlace/monitor/history"
)

// desk returns what tells alerts on a server, as the configuration says, with all
// that is wrong with that at once. It knows servers by the names in their
// addresses.
func (a *app) desk(ctx context.Context, h *history.History, server inventory.ServerID) (*alert.Desk, error) {
	c := a.config
	routes, wrong := c.mailRoutes(ctx)
	webhook, err := c.webhook(ctx)
	wrong = errors.Join(wrong, err)
	if webhook != nil {
		routes["webhook"] = webhook
	}
	d := &alert.Desk{Ledger: h, Options: c.alertOptions(nil, server)}
	if url := c.Monitor.Alerts.Alertmanager; url != "" {
		d.Alertmanager = &alert.Alertmanager{URL: url}
	}
	switch {
	case wrong != nil:
		return nil, fmt.Errorf("%w\nalerts cannot be told as the configuration says", wrong)
	case d.Alertmanager == nil:
		d.Routes = routes
	case len(routes) > 0:
		a.note("the Alertmanager is told all alerts, and nothing is sent by %s", strings.Join(slices.Sorted(maps.Keys(routes)), " and "))
	}
	if unheard := c.unheard(); unheard != "" && d.Alertmanager == nil {
		a.note("warning: %s", unheard)
	}
	return d, nil
}

// unheard says why interlace itself tells nobody of alerts, or nothing if it does.
func (c *config) unheard() string {
	m := &c.Monitor
	switch {
	case m.Alerts.Alertmanager != "":
		return "the Alertmanager is told all alerts, and passes them on"
	case len(m.Mail.To) == 0 && m.Alerts.Webhook == "":
		return "nobody is told of alerts: none of mail.to, alerts.webhook and alerts.alertmanager is set; interlace alerts shows them"
	}
	return ""
}

// alertOptions say when to tell what.
func (c *config) alertOptions(inv *inventory.Inventory, server inventory.ServerID) alert.Options {
	m := &c.Monitor
	o := alert.Options{
		For: m.Alerts.For, KeepFiring: m.Alerts.KeepFiring, GroupWait: m.Alerts.GroupWait, GroupInterval: m.Alerts.GroupInterval,
		RepeatInterval: m.Alerts.Repeat, Least: monitor.Severity(m.Alerts.Least), Heartbeats: m.Alerts.Heartbeat,
		Domain: m.Mail.From[strings.LastIndexByte(m.Mail.From, '@')+1:], Host: string(server), Hosts: hosts(inv),
	}
	if o.Heartbeats > 0 {
		for _, to := range slices.Compact(slices.Sorted(slices.Values(m.Mail.To))) {
			o.Beating = append(o.Beating, alert.MailTo+to)
		}
	}
	return o
}

// hosts returns the servers behind the addresses of instances, with and without
// their ports. An address that several servers share, such as localhost, says
// nothing.
func hosts(inv *inventory.Inventory) map[string]inventory.ServerID {
	list, shared := map[string]inventory.ServerID{}, map[string]bool{}
	enter := func(address string, server inventory.ServerID) {
		if known, ok := list[address]; ok && known != server {
			shared[address] = true
		}
		list[address] = server
	}
	if inv == nil {
		return list
	}
	for i := range inv.Stores {
		for _, in := range inv.Stores[i].Instances {
			for _, address := range []string{in.CSync, in.IMAP} {
				if host, _, err := net.SplitHostPort(address); err == nil {
					enter(address, in.Server)
					enter(host, in.Server)
				}
			}
		}
	}
	maps.DeleteFunc(list, func(address string, _ inventory.ServerID) bool { return shared[address] })
	return list
}
