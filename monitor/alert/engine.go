package alert

import (
	"cmp"
	"slices"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// Step returns what is known after some looks, and what is to be told. It is to
// be called after each look, and without looks every few seconds, since alerts
// wait for each other.
//
// Times that lie after now are taken for now: a clock that is set back makes
// alerts wait anew, once, and never for long.
func Step(before monitor.AlertState, looks []monitor.Look, now time.Time, opts Options) (monitor.AlertState, []monitor.Message) {
	r := round{AlertState: copied(before), now: now.UTC().Truncate(time.Microsecond), opts: opts.filled()}
	r.clamp()
	r.settle()
	for i := range looks {
		r.look(&looks[i])
	}
	r.advance()
	r.withhold()
	if len(opts.Routes) > 0 {
		r.tell()
		r.beat()
	} else {
		r.closeAll()
	}
	r.forget()
	return r.AlertState, r.messages
}

// round is a step on its way.
type round struct {
	monitor.AlertState
	now      time.Time
	opts     Options
	messages []monitor.Message
	// followers are the alerts that are not told since they follow from another, by
	// the number of that.
	followers map[int64][]*monitor.Alert
}

func copied(s monitor.AlertState) monitor.AlertState {
	s.Alerts = slices.Clone(s.Alerts)
	s.Groups = slices.Clone(s.Groups)
	return s
}

func (r *round) clamp() {
	for i := range r.Alerts {
		a := &r.Alerts[i]
		r.notAfter(0, &a.Began, &a.Seen, &a.Gone, &a.Fired, &a.Resolved)
	}
	for i := range r.Groups {
		r.notAfter(0, &r.Groups[i].Waits, &r.Groups[i].Told)
	}
	r.notAfter(0, &r.Beat)
	r.notAfter(time.Duration(max(r.opts.Burst, r.opts.cost()))*refill, &r.Budget)
}

func (r *round) notAfter(ahead time.Duration, times ...*time.Time) {
	latest := r.now.Add(ahead)
	for _, at := range times {
		if at.After(latest) {
			*at = latest
		}
	}
}

// settle ends the alerts of what somebody has acknowledged as it is.
func (r *round) settle() {
	for i := range r.Alerts {
		if a := &r.Alerts[i]; a.Stage != monitor.Resolved && a.Acknowledged != nil && a.Mark != "" {
			a.Stage, a.Resolved = monitor.Resolved, r.now
		}
	}
}

// look takes in what one look found, and what it did not find.
func (r *round) look(look *monitor.Look) {
	open, settled, flaps, all := map[string]int{}, map[string]int{}, map[string]int{}, incidents{}
	for i := range r.Alerts {
		switch a := &r.Alerts[i]; {
		case a.Stage != monitor.Resolved:
			open[a.Key] = i
			all.add(&a.Finding, i)
		case a.Settled():
			settled[a.Key] = i
		case r.now.Sub(a.Resolved) < r.opts.Flapping:
			flaps[a.Key] = a.Flaps + 1
		}
	}
	found, still := map[string]bool{}, map[int]bool{}
	for _, f := range look.Findings {
		key := Key(&f)
		f = tidied(f)
		i, known := open[key]
		was, before := settled[key]
		one := -1
		if !known {
			one = all.find(r.Alerts, &f)
		}
		switch {
		case !known && before && r.Alerts[was].Mark == f.Mark:
			r.Alerts[was].Seen, r.Alerts[was].Missed, r.Alerts[was].Gone, still[was] = r.now, 0, time.Time{}, true
		case one >= 0 && f.Line():
			hear(&r.Alerts[one], &f)
			continue
		case one >= 0:
			delete(open, r.Alerts[one].Key)
			open[key] = one
			r.takeOver(&r.Alerts[one], key, look, &f, flaps[key])
		case !known:
			open[key] = len(r.Alerts)
			all.add(&f, len(r.Alerts))
			r.begin(key, look.Watcher, &f, flaps[key])
		case !found[key] || f.Severity.Rank() > r.Alerts[i].Severity.Rank():
			r.see(&r.Alerts[i], look.Watcher, &f)
		}
		found[key] = true
	}
	for i := range r.Alerts {
		a := &r.Alerts[i]
		missed := a.Stage != monitor.Resolved && !found[a.Key] || a.Settled() && !still[i]
		if missed && a.Probe == look.Probe && a.Watcher == look.Watcher && !slices.Contains(look.Blind, inventory.StoreID(a.Store)) {
			if a.Missed++; a.Missed == 1 {
				a.Gone = r.now
			}
		}
	}
}

func (r *round) begin(key string, watcher inventory.ServerID, f *monitor.Finding, flaps int) {
	r.Last++
	a := monitor.Alert{Number: r.Last, Key: key, Stage: monitor.Pending, Began: r.now, Flaps: flaps}
	since, err := time.Parse(time.RFC3339, string(cmp.Or(f.SinceBy, f.Since)))
	if err == nil && since.Before(r.now) {
		a.Began = since.UTC()
	}
	r.see(&a, watcher, f)
	r.Alerts = append(r.Alerts, a)
}

func (r *round) see(a *monitor.Alert, watcher inventory.ServerID, f *monitor.Finding) {
	before := a.Finding
	a.Finding, a.Watcher, a.Seen, a.Missed, a.Gone = *f, watcher, r.now, 0, time.Time{}
	// A watch that was started since has not seen what was before, such as how a
	// master ran that is down.
	if before.SinceBy != "" {
		a.Since, a.SinceBy = before.Since, before.SinceBy
	}
	if a.Kind == monitor.MasterDown {
		a.Command = cmp.Or(a.Command, before.Command)
	}
	if before.Said != "" {
		a.Said, a.Severity = before.Said, worse(a.Severity, before.Severity)
	}
	if f.Value.Known && (!a.Peak.Known || f.Value.Value > a.Peak.Value) {
		a.Peak = f.Value
	}
}

// advance brings alerts to their next stage, and drops those that came to nothing.
func (r *round) advance() {
	for i := range r.Alerts {
		a := &r.Alerts[i]
		switch {
		case a.Stage == monitor.Pending && a.Missed == 0 && r.now.Sub(a.Began) >= r.opts.patience(&a.Finding):
			a.Stage, a.Fired = monitor.Firing, r.now
		case a.Stage == monitor.Firing && a.Missed >= 2 && r.now.Sub(a.Seen) >= r.keepFiring(a):
			a.Stage, a.Resolved = monitor.Resolved, r.now
		}
	}
	r.Alerts = slices.DeleteFunc(r.Alerts, func(a monitor.Alert) bool { return a.Stage == monitor.Pending && a.Missed > 0 })
}

// keepFiring returns for how long an alert that is not found any more goes on: a
// third one like it within a short time is not over before it has been quiet for
// that time.
func (r *round) keepFiring(a *monitor.Alert) time.Duration {
	if a.Flaps >= 2 {
		return max(r.opts.Flapping, r.opts.KeepFiring)
	}
	return r.opts.KeepFiring
}

// closeAll ends the resolved alerts where nobody is told.
func (r *round) closeAll() {
	r.Groups = nil
	for i := range r.Alerts {
		if a := &r.Alerts[i]; a.Stage == monitor.Resolved {
			a.Closed = true
		}
	}
}

// forget drops the alerts that ended so long ago that they say nothing of those
// to come. A settled one keeps the next of its kind away as long as it is found.
func (r *round) forget() {
	r.Alerts = slices.DeleteFunc(r.Alerts, func(a monitor.Alert) bool {
		return a.Closed && r.now.Sub(a.Resolved) >= r.opts.Flapping && (!a.Settled() || a.Missed >= 2)
	})
}
