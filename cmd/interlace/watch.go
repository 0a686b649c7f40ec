package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/spf13/cobra"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/alert"
	"github.com/interlacemail/interlace/monitor/compare"
	"github.com/interlacemail/interlace/monitor/history"
	"github.com/interlacemail/interlace/monitor/host"
	"github.com/interlacemail/interlace/monitor/logs"
	"github.com/interlacemail/interlace/monitor/processes"
	"github.com/interlacemail/interlace/monitor/watch"
)

type watchFlags struct {
	server  string
	once    bool
	recover string
	read    string
}

func (a *app) watchCommand() *cobra.Command {
	var flags watchFlags
	c := &cobra.Command{
		Use:   "watch",
		Short: "Watch the Cyrus instances of this server",
		Long: `Watch the Cyrus instances that the inventory has on this server, or interlace apply,
with the same database, has brought there since: how much waits in their sync logs,
whether their sync processes run, what their mail logs say, and what they use. Samples
and alerts are kept in the database, and alerts are told as the configuration says, by
mail for instance; interlace lag, interlace alerts and interlace show loads show them.

It has to run on the mail server, as the account of Cyrus: others can't read the
sync logs and the processes' open files. What it records is that account's, too, so
run it as no other in between. "interlace help monitor" sets it up as a service,
"interlace help logs" says which logs are read.

It changes nothing but, with recover: allow in the configuration, it works off sync
logs that nobody works on, and with --recover those of one store. For that the
inventory, the routing and the replica must agree that this server has the master:
"interlace help recovery" says how they are asked.

Without --once it goes on until it is interrupted, and tells systemd when it is
ready (Type=notify). With --once it runs each probe once, prints what they find
and tells nobody, and interlace alerts does not list it; samples are recorded all
the same, and logs are read from where they were read last. With --read it says what
would be found in a log, and records nothing: so patterns are tried. In both cases
the exit status is 1 if anything is found.`,
		Example: `  interlace watch
  interlace watch --once
  interlace watch --recover s0214
  interlace watch --read /var/log/mail.log`,
		Args: noWords,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			return a.configure(cmd, func(ctx context.Context) error {
				wrong := a.watchFiles(ctx, a.config.Monitor.Recover == "allow" || flags.recover != "")
				if flags.read != "" {
					return wrong
				}
				server := a.config.Monitor.Server
				if flags.server != "" {
					server = "" // the flag wins, and whether there is such a server is seen later
				}
				return errors.Join(wrong, a.named(ctx, server))
			})
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return a.watch(cmd.Context(), flags) },
	}
	c.Flags().Var(pathFlag(&flags.server), "server", "`name` of this server in the inventory (default server in the configuration, else the name of the host)")
	c.Flags().BoolVar(&flags.once, "once", false, "run each probe once and print what they find")
	c.Flags().Var(pathFlag(&flags.recover), "recover", "work off what lies in the sync logs of this `store`, and end")
	c.Flags().Var(pathFlag(&flags.read), "read", "say what would be found in this log `file` from its beginning, and end")
	for _, two := range [][2]string{{"once", "recover"}, {"once", "read"}, {"recover", "read"}} {
		apart(c, two[0], two[1], "each does something of its own, and ends")
	}
	return c
}

func (a *app) watch(ctx context.Context, flags watchFlags) error {
	if flags.read != "" {
		return a.readLog(ctx, flags.read, flags.server)
	}
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
	list, err := local.instances(ctx)
	if err != nil && list == nil {
		return err
	}
	if err := mayLook(server, list); err != nil {
		return err
	}
	opts, err := a.watchOptions(ctx, local)
	if err != nil {
		return err
	}
	h, err := a.openHistory(ctx, toWatch)
	if err != nil {
		return err
	}
	defer closeSoon(h)
	opts.Memory = h
	switch {
	case flags.recover != "":
		return a.recoverStore(ctx, opts, local, h, inventory.StoreID(flags.recover))
	case flags.once:
		return a.watchOnce(ctx, opts, h)
	}
	return a.watchOn(ctx, opts, local, list, h)
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
		Server: local.server, Instances: local.instances, Neighbours: local.neighbours, Routing: local.routing, Peer: local.peer, Now: a.now,
		Backlog: m.Backlog, Processes: m.Processes, Usage: m.Usage,
		Lag:      m.judging(),
		Logs:     logs.Options{Files: m.LogFiles, Zone: time.Local, Programs: programsOf(m.SyncClient)},
		Complain: func(err error) { a.say("%v", err) },
	}
	if len(m.Journal) > 0 {
		opts.Logs.Journal = append([]string{"journalctl", "-o", "json", "--all"}, m.Journal...) // all: else long lines are null
	}
	var err, wrong error
	opts.Logs.Patterns, err = a.patterns(ctx)
	opts.Compare, wrong = a.comparing(ctx, local)
	return opts, errors.Join(err, wrong)
}

// watchFiles says what is wrong with the files that the configuration names for
// watch; recovers says that the routing is read too.
func (a *app) watchFiles(ctx context.Context, recovers bool) error {
	c := a.config
	_, err := a.patterns(ctx)
	wrong := errors.Join(c.secrets(ctx), err)
	// A pipe gives what it holds only once, to whoever needs it.
	if m := &c.Monitor; recovers && !isPipe(m.RoutingFile) && m.RoutingFile != "" && len(m.RoutingQuery) == 0 {
		_, err := readRoutes(ctx, m.RoutingFile, nil)
		wrong = errors.Join(wrong, c.wrong("routing_file", err))
	}
	return wrong
}

func isPipe(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode()&os.ModeNamedPipe != 0
}

// patterns reads the lines of logs that are known here, if there is a file of them.
func (a *app) patterns(ctx context.Context) ([]logs.Pattern, error) {
	path := a.config.Monitor.Patterns
	if path == "" {
		return nil, nil
	}
	text, err := readLimited(ctx, path, maxConfig)
	if err != nil {
		return nil, a.config.wrong("logs.patterns", fmt.Errorf("read the patterns: %w", err))
	}
	return logs.ReadPatterns(path, string(text))
}

// watchOn watches until it is interrupted.
func (a *app) watchOn(ctx context.Context, opts watch.Options, local *local, list []monitor.Instance, h *history.History) error {
	release, err := a.claimWatch(local.server)
	if err != nil {
		return err
	}
	defer release()
	desk, err := a.desk(ctx, h, local.server)
	if err != nil {
		return err
	}
	desk.Hosts = local.hosts
	if err := a.noteWaiting(ctx, h, local.server); err != nil {
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
	defer a.noteSecond(local.server, list)()
	a.note("watching %s on %s; interlace lag and interlace alerts show what is found", inventory.Counted(len(list), "instance", "instances"), local.server)
	return watch.New(opts).Run(ctx)
}

// noteWaiting says what the watch before could not send, or was sending when it was
// killed: that is not tried at once.
func (a *app) noteWaiting(ctx context.Context, h *history.History, server inventory.ServerID) error {
	now := a.now()
	messages, err := h.Messages(ctx, now)
	own := slices.DeleteFunc(messages, func(m monitor.Message) bool { return m.Host != string(server) })
	for _, o := range unsent(own, now) {
		if o.Waiting > 0 && !o.Next.IsZero() {
			a.note("%s", o.Waits())
		}
	}
	return err
}

// watchOnce runs each probe once, and looks at what a watch could not send. Where
// a watch runs, that one follows the logs.
func (a *app) watchOnce(ctx context.Context, opts watch.Options, h *history.History) error {
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
	messages, err := h.Messages(ctx, a.now())
	alerts, alertsErr := h.Alerts(ctx, time.Time{})
	if err := errors.Join(err, alertsErr); err != nil {
		return err
	}
	found = append(asTold(found, alerts), alert.Unsent(messages, string(opts.Server))...)
	if withLogs && len(found) > 0 {
		a.note("no watch runs on %s: nobody is told of this, and interlace alerts does not list it, until interlace watch runs", opts.Server)
	}
	return a.printFindings(report.Watched(opts.Server, found), found)
}

// printFindings prints findings; the exit status tells whether there are any.
func (a *app) printFindings(screen *report.Screen, found []monitor.Finding) error {
	if found == nil {
		found = []monitor.Finding{}
	}
	err := a.print(result{screen: screen, table: report.WatchFindings(found), json: object(map[string][]monitor.Finding{"findings": found})})
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
	table := report.Actions(actions)
	if err := a.print(result{screen: report.Recovered(store, opts.Server, actions), table: table, json: rows("actions", table)}); err != nil {
		return err
	}
	for i := range actions {
		switch actions[i].Outcome {
		case processes.Failed, processes.Interrupted:
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
	return local.needing(by, func(ctx context.Context, job processes.Job) (monitor.Action, error) {
		promoted, err := local.promoted(ctx, h, job.Instance.Store, asked)
		if err != nil {
			return monitor.Action{}, err
		}
		return processes.Recover(ctx, job, processes.RecoverOptions{
			Allowed: true, By: by, Routing: local.routing, Peer: local.peer, SyncDir: syncDir, Promoted: promoted, Journal: h,
			Client: syncClient(a.config.Monitor.SyncClient), Service: local.restart(job.Instance.Store), Now: a.now,
		})
	})
}

// syncClient returns the path of sync_client: the one that is configured, else the
// one among the programs of Cyrus.
func syncClient(configured string) string {
	if configured != "" {
		return configured
	}
	if dir := processes.Directory(); dir != "" {
		return filepath.Join(dir, "sync_client")
	}
	return ""
}

// programsOf returns the directory of Cyrus's programs, or nothing where it is not
// known. The servers of a fleet are taken to be alike.
func programsOf(syncClient string) string {
	if filepath.IsAbs(syncClient) {
		return filepath.Dir(syncClient)
	}
	return processes.Directory()
}

// sideOf is an instance as a comparison asks it, and as its repairs name it.
func (c *config) sideOf(in inventory.Instance, options cyrus.Options) compare.Side {
	return compare.Side{Server: in.Server, Conf: in.IMAPDConf, CSync: in.CSync, Programs: programsOf(c.Monitor.SyncClient), IMAP: options}
}

// channelTo says by which channel a store's master sends to a replica. It reads the master's
// imapd.conf, once, when it is asked: on this server here.
func (c *config) channelTo(ctx context.Context, here inventory.ServerID, s *inventory.Store, to inventory.Instance) func() (string, error) {
	return sync.OnceValues(func() (string, error) {
		from, run := *s.Master(), host.Run(c.run)
		if from.Server == here && from.IMAPDConf != "" {
			run = func(ctx context.Context, _ inventory.ServerID, input string, words ...string) (string, error) {
				return answer(ctx, input, words)
			}
		} else if err := c.reaches(from); err != nil {
			return "", err
		}
		h := &host.Host{Run: run, Server: from.Server, Tools: c.tools(), Conf: from.IMAPDConf}
		if err := h.Read(ctx); err != nil {
			return "", err
		}
		return h.ChannelTo(ctx, to)
	})
}

// hostname is the name of this host; tests give it another one.
var hostname = os.Hostname
