package main

import (
	"cmp"
	"context"
	"errors"
	"io"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/history"
	"github.com/interlacemail/interlace/monitor/synclag"
)

// chartSteps is how many steps the chart of a time has.
const chartSteps = 60

// lagSince reports how channels did in a time up to now.
func (a *app) lagSince(ctx context.Context, h *history.History, v *lagView, flags lagFlags) error {
	if flags.plot != "" {
		if _, err := placeOf("draw the lag", flags.plot, []string{a.config.DB, history.SamplesPath(a.config.DB)}); err != nil {
			return err
		}
	}
	if flags.users.value != nil && v.inventory == nil {
		return hint(errors.New("--users wants to know how many users each store has, and there is no inventory"), "interlace import FILE brings one into the database")
	}
	past := &lagPast{lagView: v, since: v.now.Add(-*flags.since.value), more: flags.users.value}
	past.steps(*flags.since.value)
	found, err := past.history(ctx, h, a.progress("lag"))
	if err != nil {
		return err
	}
	full := a.config.Monitor.AlertAge.Seconds()
	if err := a.savePicture(flags.plot, "draw the lag", func(w io.Writer, format string) error {
		return report.PlotLag(w, found, a.config.Monitor.BehindAge.Seconds(), full, format)
	}); err != nil {
		return err
	}
	told := *found
	told.Since, told.Until, told.Begins = told.Since.UTC().Truncate(time.Second), told.Until.UTC().Truncate(time.Second), told.Begins.UTC()
	err = a.print(result{screen: report.LagSince(found, full), table: report.LagPasts(found), json: object(told)})
	notFine := func(p report.LagPast) bool { return p.Verdict != monitor.OK || p.Level != monitor.LevelOK }
	if err == nil && slices.ContainsFunc(found.Stores, notFine) {
		err = errFound
	}
	return err
}

// lagPast is what the report of a time is made from.
type lagPast struct {
	*lagView
	since time.Time
	begin time.Time // of the first step
	step  time.Duration
	n     int
	more  *int // users to add to each store; nil: a tenth, added and taken away
}

// steps parts a time so that every step has looks in it. Where they begin does not
// depend on the minute at which somebody asks, so that each stays what it was.
func (p *lagPast) steps(of time.Duration) {
	p.step = max(p.opts.Interval, of/chartSteps, time.Second).Truncate(time.Second)
	p.begin = p.since.Truncate(p.step)
	p.n = int(p.now.Sub(p.begin)/p.step) + 1
}

// history reads what was seen, one store after the other, as many at a time as there
// are processors: a month of a server is more than should lie in memory.
func (p *lagPast) history(ctx context.Context, h *history.History, bar *progress) (*report.LagHistory, error) {
	defer bar.end()
	found := &report.LagHistory{Since: p.since, Until: p.now, Begins: p.begin, Step: p.step.Seconds(), Stores: []report.LagPast{}}
	masters := p.instances()
	lists := make([][]report.LagPast, len(masters))
	var reading errgroup.Group
	reading.SetLimit(runtime.GOMAXPROCS(0))
	for i, at := range masters {
		bar.at(i, len(masters), string(at.store))
		reading.Go(func() (err error) {
			lists[i], err = p.of(ctx, h, at)
			return err
		})
	}
	if err := reading.Wait(); err != nil {
		return nil, err
	}
	for _, list := range lists {
		found.Stores = append(found.Stores, list...)
	}
	slices.SortStableFunc(found.Stores, func(a, b report.LagPast) int {
		return cmp.Or(
			-cmp.Compare(a.Oldest.P95.Value, b.Oldest.P95.Value), -cmp.Compare(a.Oldest.Max.Value, b.Oldest.Max.Value),
			cmp.Compare(a.Store, b.Store), cmp.Compare(a.Server, b.Server), cmp.Compare(a.Channel, b.Channel),
		)
	})
	return found, nil
}

// instances are those that were watched and replicated, with no channel named.
func (p *lagPast) instances() []channelKey {
	var list []channelKey
	for i := range p.watched {
		if w := &p.watched[i]; replicated(w) && p.wants(w.Server, w.Store) {
			list = append(list, channelKey{server: w.Server, store: w.Store})
		}
	}
	slices.SortFunc(list, func(a, b channelKey) int {
		return cmp.Or(cmp.Compare(a.server, b.server), cmp.Compare(a.store, b.store))
	})
	return slices.Compact(list)
}

// of reports the channels of an instance.
func (p *lagPast) of(ctx context.Context, h *history.History, at channelKey) ([]report.LagPast, error) {
	span := p.span(p.since)
	span.Server, span.Store = at.server, at.store
	hours, until, err := p.hours(ctx, h, span)
	if err != nil {
		return nil, err
	}
	span.From = until
	if until.Equal(p.since) {
		span.From = p.begin // so that the first step of the chart is whole
	}
	if course := p.now.Add(-p.opts.Course()); span.From.After(course) {
		span.From = course // for the verdict of now
	}
	opts := p.opts
	opts.LearnAll = true
	standings, err := synclag.Standings(ctx, h, span, opts, nil, p.now)
	if err != nil {
		return nil, err
	}
	masters := p.masters()
	var list []report.LagPast
	for i := range standings {
		s := &standings[i]
		w := monitor.Watched{Server: s.Lag.Server, Store: s.Lag.Store, Role: s.Last().Role, Channel: s.Lag.Channel, Kind: s.Last().Kind, Seen: s.Last().Until}
		if replicated(&w) && !p.gone(&w, masters) {
			list = append(list, p.past(s, hours[channelKey{w.Server, w.Store, w.Channel}]))
		}
	}
	return list, nil
}

// hours returns what is left of the time before that of which every look is kept,
// and when that begins.
func (p *lagPast) hours(ctx context.Context, h *history.History, span monitor.Span) (map[channelKey][]monitor.Hour, time.Time, error) {
	span.Until = p.now.Add(-history.KeepWhole).Truncate(time.Hour)
	if !span.From.Before(span.Until) {
		return nil, span.From, nil
	}
	list, err := h.Hours(ctx, span)
	hours := map[channelKey][]monitor.Hour{}
	for i := range list {
		k := channelKey{list[i].Server, list[i].Store, list[i].Channel}
		hours[k] = append(hours[k], list[i])
	}
	return hours, span.Until, err
}

// past reports a channel.
func (p *lagPast) past(s *synclag.Standing, hours []monitor.Hour) report.LagPast {
	course := s.Course
	for len(course) > 0 && course[0].Until.Before(p.since) {
		course = course[1:]
	}
	sum, now := synclag.Summarize(course, hours, p.opts), p.heeded(s.Lag, s.Course)
	most := synclag.MostAges(s.Course, hours, p.begin, p.step, p.n)
	return report.LagPast{
		Store: now.Store, Server: now.Server, Channel: now.Channel, Peer: now.Peer, Verdict: now.Verdict, Level: now.Level,
		Looks: sum.Looks, Blind: sum.Blind, NotOK: sum.NotOK, Oldest: sum.Age, Bytes: sum.Bytes,
		Most:      p.due(most, p.step),
		Model:     p.model(s),
		Forecasts: report.LagForecasts{Number: s.Errors.Forecasts, Median: s.Errors.Median, Within: s.Errors.Within},
	}
}

// model says what the sync_client of a channel can bear, now and with other
// numbers of users.
func (p *lagPast) model(s *synclag.Standing) *report.LagModel {
	m := s.Model
	if m == nil {
		return nil
	}
	told := &report.LagModel{
		Batches: m.Batches, Batch: m.Batch, Mailbox: m.Mailbox, Byte: m.Byte, Trip: m.Trip, Assumed: []string{},
		Now: outlook(m.Outlook()), WhatIf: []report.LagWhatIf{},
	}
	for _, cost := range m.Assumed {
		told.Assumed = append(told.Assumed, string(cost))
	}
	users, known := p.users[s.Lag.Store]
	if known {
		told.Users = inventory.Known(float64(users))
	}
	switch {
	case p.more == nil:
		for _, percent := range []int{-10, 10} {
			told.WhatIf = append(told.WhatIf, report.LagWhatIf{Part: inventory.Known(float64(percent) / 100), LagOutlook: outlook(m.WhatIf(100, percent))})
		}
	case users == 0:
		told.WhatIf = append(told.WhatIf, report.LagWhatIf{Users: inventory.Known(float64(*p.more))})
	default:
		told.WhatIf = append(told.WhatIf, report.LagWhatIf{
			Part: inventory.Known(float64(*p.more) / float64(users)), Users: inventory.Known(float64(*p.more)), LagOutlook: outlook(m.WhatIf(users, *p.more)),
		})
	}
	return told
}

func outlook(o synclag.Outlook) report.LagOutlook {
	return report.LagOutlook{Cycle: o.Cycle, Mean: o.Mean, Worst: o.Worst, ByteMargin: o.ByteMargin, MailboxMargin: o.MailboxMargin}
}
