package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/spf13/cobra"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/history"
	"github.com/interlacemail/interlace/monitor/logs"
	"github.com/interlacemail/interlace/monitor/processes"
	"github.com/interlacemail/interlace/monitor/watch"
)

type watchFlags struct {
	server  string
	once    bool
	recover string
}

func (a *app) watchCommand() *cobra.Command {
	var flags watchFlags
	c := &cobra.Command{
		Use:   "watch",
		Short: "Watch the Cyrus instances of this server",
		Long: `Watch the Cyrus instances that the inventory has on this server: how much waits in
their sync logs, whether their sync processes run, what their mail logs say, and
what they use. Samples and alerts are kept in the database, and alerts are told
as the configuration says, by mail for instance; interlace lag, interlace alerts
and interlace show loads show them.

It has to run on the mail server, as the account of Cyrus: others can't read the
sync logs and the processes' open files. It changes nothing but, with recover:
allow in the configuration, it works off sync logs that nobody works on. For that
the inventory, the routing and the replica must agree that this server has the
master: routing_query prints, or routing_file has behind each user and a comma,
the server or its address; the replica's processes are looked at through
runner.argv. What cannot be asked is a no.

Without --once it goes on until it is interrupted, and tells systemd when it is
ready (Type=notify). With --once it runs each probe once, prints what they find
and tells nobody; the exit status is 1 if they find anything.`,
		Example: `  interlace watch
  interlace watch --once
  interlace watch --recover s0214`,
		Args: noWords,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.watch(cmd.Context(), flags) },
	}
	c.Flags().Var(pathFlag(&flags.server), "server", "`name` of this server in the inventory (default server in the configuration, else the name of the host)")
	c.Flags().BoolVar(&flags.once, "once", false, "run each probe once and print what they find")
	c.Flags().Var(pathFlag(&flags.recover), "recover", "work off what lies in the sync logs of this `store`, and end")
	c.MarkFlagsMutuallyExclusive("once", "recover")
	return c
}

func (a *app) watch(ctx context.Context, flags watchFlags) error {
	f, err := a.facts(ctx)
	if err != nil {
		return err
	}
	server, err := a.thisServer(f.Inventory, flags.server)
	if err != nil {
		return err
	}
	local := &local{app: a, server: server}
	local.take(f)
	opts, err := a.watchOptions(ctx, local)
	if err != nil {
		return err
	}
	h, err := a.openHistory(ctx, false)
	if err != nil {
		return err
	}
	defer closeSoon(h)
	opts.Memory = h
	switch {
	case flags.recover != "":
		return a.recoverStore(ctx, opts, local, h, inventory.StoreID(flags.recover))
	case flags.once:
		return a.watchOnce(ctx, opts)
	}
	return a.watchOn(ctx, opts, local, h, f.Inventory)
}

// closeSoon closes a history, but does not wait for whoever hangs in it.
func closeSoon(h *history.History) {
	closed := make(chan struct{})
	go func() { defer close(closed); h.Close() }()
	select {
	case <-closed:
	case <-time.After(time.Second):
	}
}

// watchOptions are those that the configuration and the inventory give.
func (a *app) watchOptions(ctx context.Context, local *local) (watch.Options, error) {
	m := &a.config.Monitor
	opts := watch.Options{
		Server: local.server, Instances: local.instances, Neighbours: local.neighbours, Now: a.now,
		Backlog: m.Backlog, Processes: m.Processes, Usage: m.Usage,
		Lag:      m.judging(),
		Logs:     logs.Options{Files: m.LogFiles, Zone: time.Local},
		Complain: func(err error) { a.say("%v", err) },
	}
	if len(m.Journal) > 0 {
		opts.Logs.Journal = append([]string{"journalctl", "-o", "json"}, m.Journal...)
	}
	if m.Patterns != "" {
		text, err := readLimited(ctx, m.Patterns, maxConfig)
		if err != nil {
			return opts, fmt.Errorf("read the patterns: %w", err)
		}
		if opts.Logs.Patterns, err = logs.ReadPatterns(m.Patterns, string(text)); err != nil {
			return opts, fmt.Errorf("%w\nthe patterns of this file were not used", err)
		}
	}
	return opts, nil
}

// watchOn watches until it is interrupted.
func (a *app) watchOn(ctx context.Context, opts watch.Options, local *local, h *history.History, inv *inventory.Inventory) error {
	release, err := a.claimWatch(local.server)
	if err != nil {
		return err
	}
	defer release()
	desk, err := a.desk(ctx, h, inv, local.server)
	if err != nil {
		return err
	}
	opts.Desk = desk
	if a.config.Monitor.Recover == "allow" {
		opts.Recover = a.recoverer(local, h, false)
	}
	opts.Service = func(state string) {
		if _, err := daemon.SdNotify(false, state); err != nil {
			a.say("tell systemd: %v", err)
		}
	}
	if opts.Watchdog, err = daemon.SdWatchdogEnabled(false); err != nil {
		return fmt.Errorf("the watchdog of systemd: %w", err)
	}
	list, err := local.instances(ctx)
	if err != nil {
		return err
	}
	a.note("watching %s on %s; interlace lag and interlace alerts show what is found", inventory.Counted(len(list), "instance", "instances"), local.server)
	return watch.New(opts).Run(ctx)
}

// watchOnce runs each probe once. Where a watch runs, that one follows the logs.
func (a *app) watchOnce(ctx context.Context, opts watch.Options) error {
	withLogs := true
	switch release, err := a.claimWatch(opts.Server); {
	case errors.Is(err, errWatched):
		withLogs = false
		a.note("the logs are followed by the watch that runs; interlace alerts shows what it has found in them")
	case err != nil:
		return err
	default:
		defer release()
	}
	found, err := watch.New(opts).Once(ctx, withLogs)
	if err != nil {
		return err
	}
	if found == nil {
		found = []monitor.Finding{}
	}
	err = a.print(result{
		screen: report.Watched(opts.Server, found), table: report.WatchFindings(found),
		json: object(map[string][]monitor.Finding{"findings": found}),
	})
	if err == nil && len(found) > 0 {
		err = errFound
	}
	return err
}

// recoverStore works off what lies in the logs of a store, since the operator says
// so here and now.
func (a *app) recoverStore(ctx context.Context, opts watch.Options, local *local, h *history.History, store inventory.StoreID) error {
	opts.Recover = a.recoverer(local, h, true)
	actions, err := watch.New(opts).RecoverStore(ctx, store)
	if err != nil {
		return fmt.Errorf("recover %s: %w", store, err)
	}
	if actions == nil {
		a.note("nothing lies in the sync logs of %s on %s", store, opts.Server)
	}
	if err := a.print(tableOnly("actions", report.Actions(actions))); err != nil {
		return err
	}
	for i := range actions {
		switch actions[i].Outcome {
		case processes.Failed:
			return fmt.Errorf("recover %s: %s", store, actions[i].Text)
		case processes.Refused:
			a.say("%s", actions[i].Text)
			err = errFound
		}
	}
	return err
}

// recoverer works logs off, by itself or because the operator has asked for it.
func (a *app) recoverer(local *local, h *history.History, asked bool) func(context.Context, processes.Job) (monitor.Action, error) {
	by := account() + ", interlace watch"
	if asked {
		by += " --recover"
	}
	return func(ctx context.Context, job processes.Job) (monitor.Action, error) {
		promoted, err := local.promoted(ctx, h, job.Instance.Store, asked)
		if err != nil {
			return monitor.Action{}, err
		}
		return processes.Recover(ctx, job, processes.RecoverOptions{
			Allowed: true, By: by, Routing: local.routing, Peer: local.peer, SyncDir: syncDir, Promoted: promoted, Journal: h,
			Client: syncClient(a.config.Monitor.SyncClient), Service: local.restart(job.Instance.Store), Now: a.now,
		})
	}
}

// syncClient returns the path of sync_client: the one that is configured, else the
// one in a directory where distributions and Cyrus itself put it.
func syncClient(configured string) string {
	if configured != "" {
		return configured
	}
	for _, dir := range []string{"/usr/lib/cyrus/bin", "/usr/libexec/cyrus-imapd", "/usr/lib/cyrus-imapd", "/usr/cyrus/libexec", "/usr/cyrus/bin", "/usr/local/libexec"} {
		path := filepath.Join(dir, "sync_client")
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path
		}
	}
	return ""
}

// hostname is the name of this host; tests give it another one.
var hostname = os.Hostname
