package alert

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// Trial is what became of a message that was sent to see whether a route works.
type Trial struct {
	Route string
	Err   error // nil: it was taken
}

// Try sends a message over every route, past the ledger. An Alertmanager is told
// an alert, which it takes for over after some minutes.
func (d *Desk) Try(ctx context.Context, now time.Time) []Trial {
	opts := d.Options.filled()
	a := monitor.Alert{
		Finding: monitor.Finding{
			Probe: monitor.ProbeWatch, Kind: "test", Severity: monitor.Info, Server: inventory.Text(opts.Host),
			Text: "This is a test: somebody on this server asked interlace whether alerts reach you. Nothing is to be done.",
		},
		Stage: monitor.Firing, Began: now, Fired: now,
	}
	a.Key = Key(&a.Finding)
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(d.Timeout, time.Minute))
	defer cancel()
	if d.Alertmanager != nil {
		return []Trial{{"alertmanager", d.Alertmanager.Push(ctx, []monitor.Alert{a}, opts.Host, now)}}
	}
	n := &notice{
		id:   opts.id("test", strconv.FormatInt(now.UnixMicro(), 10)),
		news: []*monitor.Alert{&a}, now: now, opts: &opts,
	}
	var trials []Trial
	for _, route := range slices.Sorted(maps.Keys(d.Routes)) {
		trials = append(trials, Trial{Route: route})
	}
	var all sync.WaitGroup
	for i := range trials {
		all.Go(func() { trials[i].Err = d.Routes[trials[i].Route].Deliver(ctx, n.past(trials[i].Route, &a)) })
	}
	all.Wait()
	return trials
}

// past is the message of a notice about one alert that goes past the ledger.
func (n *notice) past(route string, a *monitor.Alert) *monitor.Message {
	m := &monitor.Message{Route: route, ID: n.id, Subject: n.subject(), Made: n.now}
	if isMail(route) {
		m.Body = line(a.Text, longestText) + "\n"
	} else {
		m.Body = n.webhook(route)
	}
	return m
}
