package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/history"
	"github.com/interlacemail/interlace/monitor/synclag"
)

type lagFlags struct {
	store, server string
	since         optional[time.Duration]
	users         optional[int]
	plot          string
}

func (a *app) lagCommand() *cobra.Command {
	flags := lagFlags{since: spanFlag(), users: moreFlag()}
	c := &cobra.Command{
		Use:   "lag",
		Short: "Say which stores are behind, and how much would be lost now",
		Long: `Say how the replication of each store stands, from what interlace watch has
recorded: which stores are behind, since when, how much would be lost if the
server of the master were lost now, and when the replica will have caught up.

The verdict comes from the course of a channel: stopped (no sync_client runs),
stalled (it runs and does nothing while changes arrive), behind (it works, but
the oldest change gets older), flapping, ok, or unknown. Open alerts of the store
stand in its row and correct the verdict: where the replica does not answer it is
stalled, however busy the sync_client looks. The level comes from thresholds, which
the configuration has below probes.

With --since the report is of a time up to now: how old the oldest change was, how
large the backlog, what part of the time something was not ok, what a batch, a
mailbox and a byte cost the sync_client of each store as far as batches tell that,
how it would do with fewer or more users, and how good the predictions were. Of more
than a month ago the sums of each hour are left.

It knows what was recorded in the database of the server on which it runs. Stores
whose masters are on other servers are unknown to it, and --server leaves them out.

The exit status is 1 if a verdict or a level is another than ok now.`,
		Example: `  interlace lag
  interlace lag --server imap01
  interlace lag --since 7d --plot lag.svg
  interlace lag --since 7d --store s001 --users -200`,
		Args: noWords,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.lag(cmd.Context(), flags)
		},
	}
	f := c.Flags()
	f.SortFlags = false
	f.Var(pathFlag(&flags.store), "store", "only this `store`")
	f.Var(pathFlag(&flags.server), "server", "only stores whose master is on this `server`")
	f.Var(&flags.since, "since", "report a `time` up to now, such as 12h or 7d")
	f.Var(&flags.users, "users", "with --since, say what so many users more or less on each store would do, such as +200 or -200 (default a tenth)")
	f.Var(plotFlag(&flags.plot), "plot", "with --since, draw the worst stores into this `file`, .svg or .png")
	return c
}

// moreFlag is a flag for how many things there are to be more or, below 0, fewer.
func moreFlag() optional[int] {
	f := countFlag(1, mostThings)
	f.kind = "change"
	f.format = func(n int) string { return fmt.Sprintf("%+d", n) }
	parse := f.parse
	f.parse = func(s string) (int, error) {
		for sign, factor := range map[string]int{"+": 1, "-": -1} {
			if digits, signed := strings.CutPrefix(s, sign); signed {
				if n, err := parse(digits); err == nil {
					return factor * n, nil
				}
			}
		}
		return 0, fmt.Errorf("%s is neither more, such as +200, nor less, such as -200", inventory.Quoted(s))
	}
	return f
}

func (f *lagFlags) check() error {
	if f.since.value != nil {
		return nil
	}
	var errs []error
	if f.users.value != nil {
		errs = append(errs, errors.New("--users is about --since, which is not given"))
	}
	if f.plot != "" {
		errs = append(errs, errors.New("--plot is about --since, which is not given"))
	}
	return hint(errors.Join(errs...), "add --since 7d, or leave it out")
}

// judging is how channels are judged.
func (m *monitorConfig) judging() synclag.Options {
	return synclag.Options{
		Behind:   synclag.Limit{Bytes: m.BehindBytes, Age: m.BehindAge},
		Alert:    synclag.Limit{Bytes: m.AlertBytes, Age: m.AlertAge},
		Interval: m.Backlog, Processes: m.Processes,
	}
}

func (a *app) lag(ctx context.Context, flags lagFlags) error {
	if err := flags.check(); err != nil {
		return err
	}
	h, err := a.openSamples(ctx, lookedAt)
	if err != nil {
		return err
	}
	defer h.Close()
	v, err := a.lagView(ctx, h, flags)
	if err != nil {
		return err
	}
	if flags.since.value != nil {
		return a.lagSince(ctx, h, v, flags)
	}
	standings, err := synclag.Standings(ctx, h, v.span(v.now.Add(-v.opts.Course())), v.opts, nil, v.now)
	if err != nil {
		return err
	}
	rows := v.rows(standings)
	if a.flags.output.value == "text" {
		if err := v.addHours(ctx, h, report.Drawn(rows)); err != nil {
			return err
		}
	}
	stores, fine := make([]monitor.Lag, len(rows)), true
	for i := range rows {
		stores[i] = rows[i].Lag
		fine = fine && rows[i].Fine()
	}
	err = a.print(result{
		screen: report.Lag(rows, a.config.Monitor.AlertAge.Seconds(), v.now),
		table:  report.Lags(rows),
		json:   object(lags{stores}),
	})
	if err == nil && !fine {
		err = errFound
	}
	return err
}

// lags is the answer of lag as JSON.
type lags struct {
	Stores []monitor.Lag `json:"stores"`
}

// openSamples opens the history, which must have samples in it: of what, an error says.
func (a *app) openSamples(ctx context.Context, what string) (*history.History, error) {
	path, err := a.databaseFile()
	if err != nil {
		return nil, err
	}
	h, err := history.Open(ctx, path, toRead)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nothingRecorded(what, path, "there is no such file")
	case err == nil && !h.Watched():
		return nil, errors.Join(nothingRecorded(what, path, "no watch has written there yet"), h.Close())
	}
	for _, file := range []string{path, history.SamplesPath(path)} {
		if owner := ownerOf(file); err != nil && owner != "" && !mayRead(file) {
			return nil, hint(err, "what is recorded belongs to %s: run it as that account", inventory.Printable(owner))
		}
	}
	return h, err
}

// mayRead reports whether a file is not closed to this account.
func mayRead(path string) bool {
	f, err := os.Open(path)
	if err == nil {
		f.Close()
	}
	return !errors.Is(err, fs.ErrPermission)
}

// lookedAt is what lag tells of.
const lookedAt = "look at a sync log"

// nothingRecorded is the error that nobody has watched anything.
func nothingRecorded(what, path, why string) error {
	err := fmt.Errorf("no %s is recorded in %s", what, inventory.Printable(path))
	if why != "" {
		err = fmt.Errorf("%w: %s", err, why)
	}
	return hint(err, "run interlace watch on each mail server; each keeps what it sees in a database of its own, which --db names")
}

// lagView returns what the rows are made from, narrowed as the flags say.
func (a *app) lagView(ctx context.Context, h *history.History, flags lagFlags) (*lagView, error) {
	v := &lagView{
		now: a.now(), opts: a.config.Monitor.judging(),
		store: inventory.StoreID(flags.store), server: inventory.ServerID(flags.server),
	}
	var err error
	if v.watched, err = h.Channels(ctx); err != nil {
		return nil, err
	}
	if len(v.watched) == 0 {
		return nil, nothingRecorded(lookedAt, a.config.DB, "")
	}
	if v.inventory, v.users, err = a.storesKnown(ctx); err != nil {
		return nil, err
	}
	alerts, err := h.Alerts(ctx, openOnly)
	if err != nil {
		return nil, err
	}
	v.alerts = map[inventory.StoreID][]monitor.Alert{}
	for i := range alerts {
		if store := inventory.StoreID(alerts[i].Store); alerts[i].Stage != monitor.Resolved {
			v.alerts[store] = append(v.alerts[store], alerts[i])
		}
	}
	return v, v.known()
}

// known refuses names that neither the inventory nor the history knows.
func (v *lagView) known() error {
	stores, servers := []inventory.StoreID{}, []inventory.ServerID{}
	for i := range v.watched {
		stores, servers = append(stores, v.watched[i].Store), append(servers, v.watched[i].Server)
	}
	if v.inventory != nil {
		stores, servers = append(stores, storeNames(v.inventory)...), append(servers, serverNames(v.inventory)...)
	}
	return errors.Join(oneOfThese("--store", v.store, stores), oneOfThese("--server", v.server, servers))
}

// oneOfThese refuses a name that is given and not among those that are known.
func oneOfThese[ID ~string](flag string, name ID, known []ID) error {
	if name == "" || slices.Contains(known, name) {
		return nil
	}
	slices.Sort(known)
	return hint(fmt.Errorf("%s %s: there is no such thing in the fleet, and none was watched", flag, inventory.Quoted(string(name))), "%s", nearest(string(name), slices.Compact(known)))
}
