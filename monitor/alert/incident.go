package alert

import (
	"slices"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// A line of a log and a look that finds the same are one incident, with one alert.
// It is told as the look found it, which knows what is so now and what to run; what
// the log says stands beside that, and can only make it more severe. A line neither
// begins a second alert nor ends the one there is.

// incidents finds open alerts by what they have in common with others of their
// incident.
type incidents map[incident][]int

type incident struct {
	kind          monitor.Kind
	server, store inventory.Text
}

func incidentOf(f *monitor.Finding) incident { return incident{f.Kind, f.Server, f.Store} }

func (all incidents) add(f *monitor.Finding, number int) {
	all[incidentOf(f)] = append(all[incidentOf(f)], number)
}

// find returns which open alert is about the incident of a finding that has no alert
// of its own, or -1.
func (all incidents) find(alerts []monitor.Alert, f *monitor.Finding) int {
	for _, i := range all[incidentOf(f)] {
		if known := &alerts[i].Finding; f.TellsOf(known) || known.TellsOf(f) {
			return i
		}
	}
	return -1
}

// late reports whether a line that is taken in now was written before the end of an
// incident that is over.
func (all incidents) late(alerts []monitor.Alert, line *monitor.Finding, now time.Time) bool {
	at := written(line, now)
	return slices.ContainsFunc(all[incidentOf(line)], func(i int) bool {
		return line.TellsOf(&alerts[i].Finding) && !at.After(alerts[i].Resolved)
	})
}

// lateness is how much later than they are written lines may be taken in. Stamps that
// differ by more are of another clock.
const lateness = time.Minute

// written returns when a line was written that was taken in at a time: the first, where
// there were several.
func written(line *monitor.Finding, taken time.Time) time.Time {
	at, err := time.Parse(time.RFC3339, string(line.Since))
	if err != nil || at.After(taken) || taken.Sub(at) > lateness {
		return taken
	}
	return at
}

// lastSo returns when what an alert says was so last, as far as anybody knows.
func lastSo(a *monitor.Alert) time.Time {
	if a.Line() {
		return written(&a.Finding, a.Seen)
	}
	return a.Seen
}

// hear notes what a log says of an alert.
func hear(a *monitor.Alert, line *monitor.Finding) {
	a.Said, a.Severity = inventory.Text(line.Text), worse(a.Severity, line.Severity)
}

// takeOver has an alert that was known from a log only tell what a look found.
func (r *round) takeOver(a *monitor.Alert, key string, look *monitor.Look, f *monitor.Finding, flaps int) {
	line := a.Finding
	a.Key, a.Flaps, a.Peak = key, max(a.Flaps, flaps), f.Value
	r.see(a, look.Watcher, f)
	hear(a, &line)
}

func worse(a, b monitor.Severity) monitor.Severity {
	if b.Rank() > a.Rank() {
		return b
	}
	return a
}

// knownWrite reports whether somebody has acknowledged that the replica of a store was
// written to: that its client finds so too, and merges it, is no other fault.
func (r *round) knownWrite(f *monitor.Finding) bool {
	return f.Store != "" && slices.ContainsFunc(r.Alerts, func(a monitor.Alert) bool {
		return a.Kind == f.Kind && a.Store == f.Store && a.Acknowledged != nil
	})
}
