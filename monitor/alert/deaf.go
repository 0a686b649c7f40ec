package alert

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/interlacemail/interlace/monitor"
)

// deafness is what is known of a ledger that keeps nothing.
type deafness struct {
	since time.Time
	told  time.Time
	count int
}

// tellDeafness tells the operators, past the ledger, that alerts cannot be kept
// and so are not told: once it has lasted for a minute, and then as often as any
// alert is repeated. A restart may tell it once more.
func (d *Desk) tellDeafness(ctx context.Context, failed error, now time.Time) error {
	if d.deaf.since.IsZero() || d.deaf.since.After(now) {
		d.deaf.since = now
	}
	opts := d.Options.filled()
	if now.Sub(d.deaf.since) < time.Minute || !d.deaf.told.IsZero() && now.Sub(d.deaf.told) < opts.RepeatInterval {
		return nil
	}
	a := monitor.Alert{
		Finding: monitor.Finding{
			Probe: monitor.ProbeWatch, Kind: monitor.OwnDatabase, Severity: monitor.Critical, Subject: "alerts",
			Text: line("interlace"+on(opts.Host)+" cannot keep alerts, and tells none: "+failed.Error(), longestText),
		},
		Stage: monitor.Firing, Began: d.deaf.since, Fired: now,
	}
	a.Key = Key(&a.Finding)
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(d.Timeout, time.Minute))
	defer cancel()
	if d.Alertmanager != nil {
		err := d.Alertmanager.Push(ctx, []monitor.Alert{a}, opts.Host, now)
		if err == nil {
			d.deaf.told = now
		}
		return err
	}
	n := &notice{
		id:   opts.id("deaf", strconv.FormatInt(d.deaf.since.UnixMicro(), 10), strconv.Itoa(d.deaf.count)),
		news: []*monitor.Alert{&a}, now: now, opts: &opts,
	}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(d.Routes)) {
		errs = append(errs, d.Routes[name].Deliver(ctx, n.past(name, &a)))
	}
	if slices.Contains(errs, nil) {
		d.deaf.told = now
		d.deaf.count++
	}
	return errors.Join(errs...)
}
