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
	// remaining are the alerts that another hid which is over, by the number of that.
	remaining map[int64][]*monitor.Alert
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
	k := r.known()
	for _, f := range look.Findings {
		key := Key(&f)
		f = tidied(f)
		if f.Line() && f.Kind == monitor.ReplicaWritten && r.knownWrite(&f) {
			f.Severity = monitor.Warning
		}
		r.take(k, look, key, &f)
	}
	for i := range r.Alerts {
		a := &r.Alerts[i]
		missed := a.Stage != monitor.Resolved && !k.found[a.Key] || a.Settled() && !k.still[i]
		if missed && a.Probe == look.Probe && a.Watcher == look.Watcher && !slices.Contains(look.Blind, inventory.StoreID(a.Store)) {
			if a.Missed++; a.Missed == 1 {
				a.Gone = r.now
			}
		}
	}
}

// known are the alerts that a finding may belong to.
type known struct {
	open, settled map[string]int // by key
	flaps         map[string]int // of the alerts that ended lately
	incidents     incidents
	ended         incidents       // those that ended lately, of which a log may still tell
	found         map[string]bool // the keys of what the look finds
	still         map[int]bool    // the settled alerts that it finds as they were
}

func (r *round) known() *known {
	k := &known{map[string]int{}, map[string]int{}, map[string]int{}, incidents{}, incidents{}, map[string]bool{}, map[int]bool{}}
	for i := range r.Alerts {
		a := &r.Alerts[i]
		if a.Stage != monitor.Resolved {
			k.open[a.Key] = i
			k.incidents.add(&a.Finding, i)
			continue
		}
		k.ended.add(&a.Finding, i)
		switch {
		case a.Settled():
			k.settled[a.Key] = i
		case r.now.Sub(a.Resolved) < r.opts.Flapping:
			k.flaps[a.Key] = a.Flaps + 1
		}
	}
	return k
}

// take takes in one finding.
func (r *round) take(k *known, look *monitor.Look, key string, f *monitor.Finding) {
	i, open := k.open[key]
	if !open {
		i = k.incidents.find(r.Alerts, f)
	}
	was, settled := k.settled[key]
	switch joins := i >= 0 && f.Line() != r.Alerts[i].Line(); {
	case !open && settled && r.Alerts[was].Mark == f.Mark:
		r.Alerts[was].Seen, r.Alerts[was].Missed, r.Alerts[was].Gone, k.still[was] = r.now, 0, time.Time{}, true
	case joins && f.Line():
		hear(&r.Alerts[i], f)
		return
	case joins:
		delete(k.open, r.Alerts[i].Key)
		k.open[key] = i
		r.takeOver(&r.Alerts[i], key, look, f, k.flaps[key])
	case !open && f.Line() && k.ended.late(r.Alerts, f, r.now):
		return
	case !open:
		k.open[key] = len(r.Alerts)
		k.incidents.add(f, len(r.Alerts))
		r.begin(key, look.Watcher, f, k.flaps[key])
	case !k.found[key] || f.Severity.Rank() > r.Alerts[i].Severity.Rank():
		r.see(&r.Alerts[i], look.Watcher, f)
	}
	k.found[key] = true
}

func (r *round) begin(key string, watcher inventory.ServerID, f *monitor.Finding, flaps int) {
	r.Last++
	a := monitor.Alert{Number: r.Last, Key: key, Stage: monitor.Pending, Began: r.began(f), Flaps: flaps}
	r.see(&a, watcher, f)
	r.Alerts = append(r.Alerts, a)
}

// began returns since when what is found now is so.
func (r *round) began(f *monitor.Finding) time.Time {
	since, err := time.Parse(time.RFC3339, string(cmp.Or(f.SinceBy, f.Since)))
	if err == nil && since.Before(r.now) {
		return since.UTC()
	}
	return r.now
}

func (r *round) see(a *monitor.Alert, watcher inventory.ServerID, f *monitor.Finding) {
	if r.opts.away(a, r.now) {
		r.comeBack(a, f)
	}
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
	c := r.causes()
	left := r.left(c)
	for _, lines := range []bool{false, true} { // what a log says may wait for the others
		for i := range r.Alerts {
			a := &r.Alerts[i]
			switch {
			case a.Line() != lines:
			case a.Stage == monitor.Pending && a.Missed == 0 && r.now.Sub(a.Began) >= r.opts.patience(&a.Finding):
				a.Stage, a.Fired = monitor.Firing, r.now
			case a.Stage == monitor.Firing && r.over(a) && r.now.Sub(a.Gone) >= left[a.Number] && !r.lasts(a, c):
				a.Stage, a.Resolved = monitor.Resolved, r.now
			case a.Stage == monitor.Firing:
				r.correct(a)
			}
		}
	}
	r.Alerts = slices.DeleteFunc(r.Alerts, func(a monitor.Alert) bool { return a.Stage == monitor.Pending && a.Missed > 0 })
}

// lasts reports whether an alert that was told from a log is not over although no
// such line comes any more: that from which it follows is not.
func (r *round) lasts(a *monitor.Alert, c causes) bool {
	if !a.Line() || !told(a) {
		return false
	}
	cause := r.cause(a, c)
	return cause != nil && cause.Stage != monitor.Resolved
}

// left returns for how long what was told of a channel is not over, by number, since
// something that follows from it is left: what waits there may take as long to be
// worked off as it took to gather, what somebody has to start as long as anything
// must last to be told. It is told in its own right where it stays for longer.
func (r *round) left(c causes) map[int64]time.Duration {
	list := map[int64]time.Duration{}
	for i := range r.Alerts {
		a := &r.Alerts[i]
		if a.Stage == monitor.Resolved || a.Missed > 0 || a.Channel == "" {
			continue
		}
		cause := r.cause(a, c)
		if cause == nil || !told(cause) || cause.Missed == 0 || cause.Channel != a.Channel {
			continue
		}
		grace := r.opts.For
		if a.Kind == monitor.BacklogGrown {
			grace = max(grace, cause.Gone.Sub(cause.Began))
		}
		list[cause.Number] = max(list[cause.Number], grace)
	}
	return list
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
