package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/inventory/database"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/alert"
	"github.com/interlacemail/interlace/monitor/history"
)

func (a *app) alertsCommand() *cobra.Command {
	s := alertsFlags{since: spanFlag()}
	c := &cobra.Command{
		Use:   "alerts",
		Short: "List what is wrong, and who was told of it",
		Long: `List the alerts that interlace watch keeps: what is pending, because it was found
but has not lasted for long enough to be told, and what fires. Below each stand
for how long it has been so, whether it was told, what is wrong, and what to run
against it, ready to paste. Silences follow, and messages that could not be sent.

Nobody sees a fault begin that two looks enclose: it began between since, the last
look at which it was not yet so, and since_by, the first that saw it; began is that
one. Where since_by is null it began at since, and where since is, at since_by or
before. An alert is told when a message about it was sent (told_at); waiting are
the ways by which none was sent yet.

The exit status is 1 if any of the alerts that are listed fires, also one that a
silence or an acknowledgement keeps quiet: it is wrong nevertheless.

` + alertsManual,
		Example: `  interlace alerts
  interlace alerts --since 7d --server imap03
  interlace alerts acknowledge 2
  interlace alerts silence --for 2h --comment 'new disks' server=imap3`,
		Args: a.knownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.alerts(cmd.Context(), &s)
		},
	}
	f := c.Flags()
	f.Var(&s.since, "since", "also what ended within this `time`, such as 7d")
	f.BoolVar(&s.all, "all", false, "also all that ended and is still kept")
	f.StringVar(&s.server, "server", "", "only what this `server` is about")
	f.StringVar(&s.store, "store", "", "only what this `store` is about")
	f.StringVar(&s.kind, "kind", "", "only alerts of this `kind`, such as backlog")
	c.AddCommand(a.silenceCommand(), a.acknowledgeCommand(), a.alertsTestCommand())
	return c
}

// alertsFlags say which alerts are shown.
type alertsFlags struct {
	since               optional[time.Duration]
	all                 bool
	server, store, kind string
}

// from returns since when alerts that ended are shown.
func (s *alertsFlags) from(now time.Time) time.Time {
	switch {
	case s.all:
		return time.Time{}
	case s.since.value != nil:
		return now.Add(-*s.since.value)
	}
	return openOnly
}

// openOnly is the time since which no alert has ended.
var openOnly = time.UnixMicro(math.MaxInt64)

// part reports whether some alerts are left out.
func (s *alertsFlags) part() bool { return s.server != "" || s.store != "" || s.kind != "" }

func (s *alertsFlags) shows(al *monitor.Alert) bool {
	return (s.server == "" || s.server == string(al.Server)) && (s.store == "" || s.store == string(al.Store)) && (s.kind == "" || s.kind == string(al.Kind))
}

func (a *app) alerts(ctx context.Context, s *alertsFlags) error {
	if s.all && s.since.value != nil {
		return hint(errors.New("--all and --since both say how far back to go"), "name one of them")
	}
	h, err := a.openHistory(ctx, toRead)
	if err != nil {
		return err
	}
	defer h.Close()
	if err := s.check(ctx, a, h); err != nil {
		return err
	}
	b, err := a.board(ctx, h, s, a.now())
	if err != nil {
		return err
	}
	err = a.print(result{screen: report.Alerts(b), table: report.AlertTable(b), json: object(boardAnswer(b))})
	if err == nil && slices.ContainsFunc(b.Alerts, func(al report.Alert) bool { return al.Stage == monitor.Firing }) {
		err = errFound
	}
	return err
}

// optionsFor returns when what is told. Which servers are behind addresses is
// looked up only where an alert names an address, since a fleet may be large; if
// that fails, alerts are shown all the same.
func (a *app) optionsFor(ctx context.Context, alerts []monitor.Alert) (alert.Options, error) {
	named := slices.ContainsFunc(alerts, func(al monitor.Alert) bool { return al.Kind == monitor.ReplicaUnreachable })
	if !named {
		return a.config.alertOptions(nil, ""), nil
	}
	f, err := a.facts(ctx)
	switch {
	case ctx.Err() != nil:
		return alert.Options{}, ctx.Err()
	case err == nil:
		return a.config.alertOptions(f.Inventory, ""), nil
	case !errors.Is(err, database.ErrEmpty):
		a.note("warning: servers are known by their addresses only: %s", inShort(err))
	}
	return a.config.alertOptions(nil, ""), nil
}

// board gathers what is known of the alerts that are asked for.
func (a *app) board(ctx context.Context, h *history.History, s *alertsFlags, now time.Time) (*report.Board, error) {
	from := s.from(now)
	alerts, err := h.Alerts(ctx, from)
	groups, groupsErr := h.AlertGroups(ctx)
	silences, silencesErr := h.Silences(ctx, now)
	messages, messagesErr := h.Messages(ctx, firstTold(alerts, now.Add(-givenUpSince)))
	b := &report.Board{Now: now, Unwatched: !h.Watched(), Part: s.part(), Silences: silences, Outbox: unsent(messages, now), Lookback: 3 * max(a.config.Monitor.Backlog, a.config.Monitor.Usage), Unheard: a.config.unheard()}
	looked, lookedErr := lastLook(ctx, h, now.Add(-b.Lookback))
	if err := errors.Join(err, groupsErr, silencesErr, messagesErr, lookedErr); err != nil {
		return nil, err
	}
	opts, err := a.optionsFor(ctx, alerts)
	if err != nil {
		return nil, err
	}
	b.Looked = looked
	outgoing := newOutgoing(messages, groups)
	for i := range alerts {
		al := &alerts[i]
		if !s.shows(al) || al.Stage == monitor.Resolved && al.Resolved.Before(from) {
			continue
		}
		shown := report.Alert{Alert: al, Quiet: quiet(al, silences, now, opts)}
		if al.Told != "" {
			shown.Telling = outgoing.of(al, opts.Group(&al.Finding))
		}
		b.Alerts = append(b.Alerts, shown)
	}
	report.SortAlerts(b.Alerts)
	return b, nil
}

// quiet says what keeps an alert quiet: a silence that began or ended after the
// last round counts already.
func quiet(al *monitor.Alert, silences []monitor.Silence, now time.Time, opts alert.Options) string {
	if al.Stage == monitor.Resolved {
		return ""
	}
	if s := alert.SilencedBy(al, silences, now, opts); s != nil {
		return fmt.Sprintf("silence %d", s.Number)
	}
	switch {
	case al.Acknowledged != nil:
		return "acknowledged"
	case strings.HasPrefix(al.Withheld, "silence "):
		return ""
	}
	return al.Withheld
}

// lastLook returns when a server was looked at last, or the zero time if that was
// before from.
func lastLook(ctx context.Context, h *history.History, from time.Time) (time.Time, error) {
	var last time.Time
	backlog, err := h.Backlog(ctx, monitor.Span{From: from})
	for _, s := range backlog {
		last = later(last, s.Until)
	}
	usage, usageErr := h.Usage(ctx, monitor.Span{From: from})
	for _, u := range usage {
		last = later(last, u.At)
	}
	return last, errors.Join(err, usageErr)
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
