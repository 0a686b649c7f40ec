package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/alert"
	"github.com/interlacemail/interlace/monitor/history"
)

// fillAlerts is a command for stories: it fills a database with what a watcher
// found on the first of February 2026, with one alert that ended an hour ago, and
// with a look of a minute ago.
func fillAlerts() {
	if err := fill(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(exitFailed)
	}
}

var filled = time.Date(2026, 2, 1, 8, 0, 0, 0, time.UTC)

// toldOf is what is found: hostile texts, too.
var toldOf = []monitor.Finding{
	{
		Probe: monitor.ProbeProcesses, Kind: monitor.ClientMissing, Severity: monitor.Critical, Server: "imap1", Store: "s1", Channel: "default", Since: monitor.Time(filled.Add(-time.Hour)),
		Text:    "store s1 has no rolling client for channel default: nothing is replicated. Start it with the service of the store; until then changes wait in the log and would be lost with this server",
		Command: inventory.Paste("/usr/sbin/sync_client", "-C", "/etc/cyrus/it's s1.conf", "-r", "-n", "default", "-v", "-v", "-f", "/var/lib/cyrus/a directory whose name is so long that no terminal is as wide as it is/sync/log-4711"),
	},
	{
		Probe: monitor.ProbeProcesses, Kind: monitor.ReplicaUnreachable, Severity: monitor.Critical, Server: "imap1", Store: "s2", Channel: "default", Subject: "10.0.0.3:2005",
		Text: "the sync server 10.0.0.3:2005 does not answer: connection refused",
	},
	{
		Probe: monitor.ProbeBacklog, Kind: monitor.BacklogGrown, Severity: monitor.Warning, Server: "imap2", Store: "s3", Channel: "default", Value: inventory.Known(420),
		Text: "store s3 is behind: 1.2 MB in the log, the oldest 7 m",
	},
	{
		Probe: monitor.ProbeLogs, Kind: monitor.LogLine, Severity: monitor.Warning, Server: "imap2", Subject: "\x1b[31mIOERROR\u202e <n>\n",
		Text: "twice: \x1b]0;owned\x07 IOERROR: reading\u202e index\nimap1 all is well", Command: "echo \x1b[2J; rm -rf /",
	},
	{Probe: monitor.ProbeUsage, Kind: monitor.ExpireOverdue, Severity: monitor.Info, Server: "imap2", Store: "s3", Text: "cyr_expire has not run for 3 d"},
	{Probe: monitor.ProbeUsage, Kind: monitor.AutocreateOn, Severity: monitor.Warning, Server: "imap5", Store: "it's; $(touch reached)", Text: "mailboxes appear by themselves"},
}

func fill(path string) error {
	ctx := context.Background()
	h, err := history.Open(ctx, path, history.Options{})
	if err != nil {
		return err
	}
	defer h.Close()
	opts := alert.Options{Routes: []string{"mail:ops@example.org"}, Host: "imap1", Hosts: map[string]inventory.ServerID{"10.0.0.3": "imap3"}}
	round := func(now time.Time, findings ...monitor.Finding) {
		looks := map[monitor.Probe]*monitor.Look{}
		for _, f := range findings {
			if looks[f.Probe] == nil {
				looks[f.Probe] = &monitor.Look{Probe: f.Probe, Watcher: "imap1"}
			}
			looks[f.Probe].Findings = append(looks[f.Probe].Findings, f)
		}
		var list []monitor.Look
		for _, probe := range []monitor.Probe{monitor.ProbeBacklog, monitor.ProbeProcesses, monitor.ProbeLogs, monitor.ProbeUsage} {
			if looks[probe] != nil {
				list = append(list, *looks[probe])
			}
		}
		if err == nil {
			err = h.StepAlerts(ctx, now, func(s monitor.AlertState) (monitor.AlertState, []monitor.Message) {
				return alert.Step(s, list, now, opts)
			})
		}
	}
	for minute := range 12 {
		round(filled.Add(time.Duration(minute)*time.Minute), toldOf...)
	}
	fresh, less := toldOf[2], toldOf[2]
	fresh.Store, fresh.Value, fresh.Text = "s4", inventory.Known(70), "store s4 is behind"
	less.Value = inventory.Known(90)
	round(filled.Add(12*time.Minute), toldOf[0], toldOf[1], less, toldOf[3], toldOf[4], toldOf[5], fresh)
	if err != nil {
		return err
	}
	if err := giveUp(ctx, h); err != nil {
		return err
	}
	return endOne(ctx, h)
}

// giveUp tries to send what there is: the first is refused, the second cannot be
// sent, the third is.
func giveUp(ctx context.Context, h *history.History) error {
	const route = "mail:ops@example.org"
	now := time.Now()
	for n := range 3 {
		m, err := h.ClaimMessage(ctx, route, now, now.Add(time.Hour), now.Add(time.Hour))
		if err != nil || m == nil {
			return fmt.Errorf("no message is due: %w", err)
		}
		switch n {
		case 0:
			m.Dropped, m.Trouble = now, "550 no such user"
		case 1:
			m.Trouble = "call localhost:25: connection \x1b[1mrefused"
		default:
			m.Sent = filled.Add(time.Hour)
		}
		if err := h.EndMessage(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

// endOne keeps an alert that was over an hour ago, and the look of a minute ago.
func endOne(ctx context.Context, h *history.History) error {
	now := time.Now().UTC().Truncate(time.Second)
	err := h.StepAlerts(ctx, now, func(s monitor.AlertState) (monitor.AlertState, []monitor.Message) {
		s.Last++
		over := monitor.Alert{
			Number: s.Last, Key: "over", Stage: monitor.Resolved, Watcher: "imap1", Told: monitor.Critical, Closed: true,
			Began: now.Add(-3 * time.Hour), Seen: now.Add(-time.Hour), Fired: now.Add(-3 * time.Hour), Resolved: now.Add(-time.Hour),
			Finding: monitor.Finding{Probe: monitor.ProbeProcesses, Kind: monitor.MasterDown, Severity: monitor.Critical, Server: "imap4", Store: "s9", Text: "Cyrus did not run"},
		}
		s.Alerts = append(append([]monitor.Alert{}, s.Alerts...), over)
		return s, nil
	})
	if err != nil {
		return err
	}
	look := monitor.Backlog{Server: "imap1", Store: "s1", Role: inventory.Master, Channel: "default", Kind: monitor.Replication, At: now.Add(-time.Minute)}
	return h.SaveBacklog(ctx, []monitor.Backlog{look})
}

// mailedCommands is a command for stories: it writes the command lines that are in
// the messages of a database.
func mailedCommands() {
	h, err := history.Open(context.Background(), os.Args[1], history.Options{Existing: true})
	if err != nil {
		panic(err)
	}
	defer h.Close()
	messages, err := h.Messages(context.Background(), time.Time{})
	if err != nil {
		panic(err)
	}
	for _, m := range messages {
		for line := range strings.Lines(m.Body) {
			if strings.HasPrefix(line, "  interlace ") {
				fmt.Print(line)
			}
		}
	}
}
