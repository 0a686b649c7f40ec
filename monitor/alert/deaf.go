package alert

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/interlacemail/interlace/inventory"
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
	a := d.deafAlert(monitor.Firing)
	a.Text = line("interlace"+on(opts.Host)+" cannot keep alerts, and tells none: "+inventory.OneLine(failed)+remedy(failed), longestText)
	a.Fired = now
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(d.Timeout, time.Minute))
	defer cancel()
	if d.Alertmanager != nil {
		err := d.Alertmanager.Push(ctx, []monitor.Alert{*a}, opts.Host, now)
		if err == nil {
			d.deaf.told = now
		}
		return err
	}
	n := &notice{id: d.deafID(&opts, a), news: []*monitor.Alert{a}, now: now, opts: &opts}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(d.Routes)) {
		errs = append(errs, d.Routes[name].Deliver(ctx, n.past(name, a)))
	}
	if slices.Contains(errs, nil) {
		d.deaf.told = now
		d.deaf.count++
	}
	return errors.Join(errs...)
}

// hearing are the messages to those who heard of a ledger that kept nothing: by
// now it does.
func (d *Desk) hearing(routes []string, now time.Time) []monitor.Message {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if d.deaf.told.IsZero() {
		return nil
	}
	opts := d.Options.filled()
	a := d.deafAlert(monitor.Resolved)
	a.Text = "interlace" + on(opts.Host) + " keeps alerts again, and tells those that are still there"
	a.Resolved, a.Told = now, a.Severity
	n := &notice{id: d.deafID(&opts, a), over: []*monitor.Alert{a}, now: now, opts: &opts}
	var messages []monitor.Message
	for _, route := range routes {
		m := n.past(route, a)
		m.Host, m.Thread, m.Due = opts.Host, a.Key, now
		messages = append(messages, *m)
	}
	return messages
}

// outlived returns looks that were taken while the ledger kept nothing, which has been
// told, without what they say of the watch's own database: if they can be kept now that
// is over, and what is not is found again.
func outlived(looks []monitor.Look) []monitor.Look {
	looks = slices.Clone(looks)
	for i := range looks {
		if looks[i].Probe == monitor.ProbeWatch {
			looks[i].Findings = slices.DeleteFunc(slices.Clone(looks[i].Findings), func(f monitor.Finding) bool { return f.Kind == monitor.OwnDatabase })
		}
	}
	return looks
}

func (d *Desk) deafID(opts *Options, a *monitor.Alert) string {
	return opts.id("deaf", string(a.Stage), strconv.FormatInt(d.deaf.since.UnixMicro(), 10), strconv.Itoa(d.deaf.count))
}

func (d *Desk) deafAlert(stage monitor.Stage) *monitor.Alert {
	a := &monitor.Alert{
		Finding: monitor.Finding{Probe: monitor.ProbeWatch, Kind: monitor.OwnDatabase, Severity: monitor.Critical, Subject: "alerts"},
		Stage:   stage, Began: d.deaf.since,
	}
	a.Key = Key(&a.Finding)
	return a
}

// remedy is what an error says can be done.
func remedy(err error) string {
	var advised interface{ Remedy() string }
	if errors.As(err, &advised) && advised.Remedy() != "" {
		return "; " + advised.Remedy()
	}
	return ""
}
