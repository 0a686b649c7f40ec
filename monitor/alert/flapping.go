package alert

import (
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// What came back twice within a short time is one alert, kept open although it is not
// found: it says that, and not what was found, and is no cause of anything meanwhile.
// That it flaps is told, and not each time that it comes back; but when it has come back
// to stay, that is.

// flapping is after how many alerts like it that ended shortly before one is kept open.
const flapping = 2

// keepFiring returns for how long an alert that is not found any more goes on: a
// third one like it within a short time is not over before it has been quiet for
// that time. A comparison has looked again before it says that nothing differs.
func (r *round) keepFiring(a *monitor.Alert) time.Duration {
	switch {
	case a.Flaps >= flapping:
		return max(r.opts.Flapping, r.opts.KeepFiring)
	case a.Probe == monitor.ProbeCompare:
		return 0
	}
	return r.opts.KeepFiring
}

// over reports whether an alert was not found for long enough, and by enough looks.
func (r *round) over(a *monitor.Alert) bool {
	return (a.Missed >= 2 || a.Missed == 1 && a.Probe == monitor.ProbeCompare) && r.now.Sub(a.Seen) >= r.keepFiring(a)
}

// away reports whether an alert would be over if the like had not come back so often.
func (o *Options) away(a *monitor.Alert, now time.Time) bool {
	return a.Stage == monitor.Firing && a.Flaps >= flapping && a.Missed >= 2 && now.Sub(a.Seen) >= o.KeepFiring
}

// ended returns when an alert was over, or was so but for its being kept open; else
// the zero time.
func (r *round) ended(a *monitor.Alert) time.Time {
	switch {
	case a.Stage == monitor.Resolved:
		return a.Resolved
	case r.opts.away(a, r.now):
		return a.Seen.Add(r.opts.KeepFiring)
	}
	return time.Time{}
}

// correct takes back what an alert said that is not so any more. The command of what
// two looks did not find may do harm by now.
func (r *round) correct(a *monitor.Alert) {
	if a.Missed >= 2 && told(a) && !a.Line() {
		a.Command = ""
	}
	if a.Flaps >= flapping && a.Missed == 0 && r.now.Sub(a.Began) >= r.opts.Flapping {
		r.stay(a)
	}
	if r.opts.away(a, r.now) {
		a.Command, a.Said, a.Since, a.SinceBy, a.Value = "", "", "", "", inventory.Number{}
		gone := "not found"
		if a.Line() {
			gone = "no such line"
		}
		a.Text = gone + " since " + a.Gone.UTC().Format(clock) + ", kept open since it came back " +
			inventory.Counted(a.Flaps, "time", "times") + ", over at " + a.Seen.Add(r.keepFiring(a)).UTC().Format(clock) + " unless it comes back"
	}
}

// comeBack has an alert that was away begin anew with what is found now.
func (r *round) comeBack(a *monitor.Alert, f *monitor.Finding) {
	a.Began = r.began(f)
	a.Flaps++
}

// stay has an alert flap no more that has been found for as long as it would have to
// stay away to be over. If it came back since it fired it fires, and is told, anew.
func (r *round) stay(a *monitor.Alert) {
	a.Flaps = 0
	if told(a) && a.Fired.Before(a.Began) {
		a.Fired, a.Told = r.now, monitor.Info
	}
}
