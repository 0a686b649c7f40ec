package synclag

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// Heed adds to a judgement the alerts of the store that have not ended, and corrects
// it where the course does not show what they say: a client that is started again
// and again on a replica that is gone looks busy. The course is the one that was
// judged; of a channel that nobody looks at now nothing else is known either.
func Heed(lag *monitor.Lag, course []monitor.Stretch, alerts []monitor.Alert, opts Options, now time.Time) {
	opts = opts.withDefaults()
	h := heeded{lag: lag, course: course, opts: opts, now: now}
	for i := range alerts {
		if a := &alerts[i]; a.Channel == "" || string(a.Channel) == lag.Channel {
			h.alerts = append(h.alerts, a)
		}
	}
	lag.Alerts = h.open()
	if lag.Level == monitor.LevelUnknown || len(course) == 0 {
		return
	}
	for i := range causes {
		c := &causes[i]
		if a := h.find(c); a != nil {
			h.correct(c, a)
			return
		}
	}
}

// cause is what an alert says of copying: which end it is about, the verdict and why.
type cause struct {
	kind    monitor.Kind
	replica bool // it was found on the server of the replica, else on that of the master
	verdict monitor.Verdict
	words   string
}

// causes begins with what stops more.
var causes = []cause{
	{monitor.MasterDown, false, monitor.Stopped, "Cyrus of the master does not run"},
	{monitor.DaemonDisabled, false, monitor.Stopped, "Cyrus has given up its sync_client"},
	{monitor.ClientMissing, false, monitor.Stopped, "no rolling sync_client runs for it"},
	{monitor.MasterDown, true, monitor.Stalled, "Cyrus of the replica does not run"},
	{monitor.PortSilent, true, monitor.Stalled, "the sync server of the replica does not answer"},
	{monitor.ReplicaUnreachable, false, monitor.Stalled, "the replica does not answer"},
	{monitor.ReplicaAuth, false, monitor.Stalled, "the replica does not let its sync_client in"},
	{monitor.ClientDuplicate, false, monitor.Stalled, "more than one sync_client works on it"},
	{monitor.ReplicaRefuses, false, monitor.Stalled, "the replica refuses changes"},
	{monitor.HotLoop, false, monitor.Stalled, "the same log is taken up again and again"},
	{monitor.BailingOut, false, monitor.Stalled, "its sync_client gives up"},
	{monitor.ClientHung, false, monitor.Stalled, "its sync_client hangs"},
	{monitor.LogOrphaned, false, monitor.Stalled, "nobody works on a log that was left behind"},
	{monitor.LogUnwritable, false, monitor.Unknown, "Cyrus cannot write the sync log, so nobody knows what is missing"},
}

// heeded is a judgement on its way.
type heeded struct {
	lag    *monitor.Lag
	course []monitor.Stretch
	alerts []*monitor.Alert // of the channel, and of the whole store
	opts   Options
	now    time.Time
}

// open are the alerts as a channel tells them, the worst first.
func (h *heeded) open() []monitor.OpenAlert {
	list := []monitor.OpenAlert{}
	for _, a := range h.alerts {
		list = append(list, monitor.OpenAlert{
			Number: a.Number, Kind: a.Kind, Severity: a.Severity, Stage: a.Stage, Server: a.Server,
			Since: monitor.Time(a.Began), Text: a.Text, Command: a.Command,
		})
	}
	slices.SortStableFunc(list, func(a, b monitor.OpenAlert) int {
		return cmp.Or(-cmp.Compare(a.Severity.Rank(), b.Severity.Rank()), cmp.Compare(a.Number, b.Number))
	})
	return list
}

// find returns an alert that shows a cause, or nil. What follows from another alert is
// none: that one is what is told, here as elsewhere.
func (h *heeded) find(c *cause) *monitor.Alert {
	at := inventory.Text(h.lag.Server)
	if c.replica {
		at = h.lag.Peer
	}
	for _, a := range h.alerts {
		if a.Kind == c.kind && at != "" && a.Server == at && !a.Follows() && h.holds(c, a) {
			return a
		}
	}
	return nil
}

// holds reports whether what an alert says is so now. Lines of logs say what was, so
// they count only while something waits.
func (h *heeded) holds(c *cause, a *monitor.Alert) bool {
	last := &h.course[len(h.course)-1]
	switch {
	case a.Probe == monitor.ProbeLogs && last.Oldest().IsZero():
		return false
	case c.kind == monitor.ClientDuplicate && (last.Oldest().IsZero() || worked(h.course, a.Seen.Add(-3*h.opts.Interval))):
		return false // what two clients copy is copied
	case a.Probe != monitor.ProbeLogs && (a.Missed > 0 || h.now.Sub(a.Seen) > 3*h.opts.Processes):
		return false
	case c.verdict == monitor.Stopped:
		return !(last.ProcessesKnown && len(last.Clients) > 0 && last.Until.After(a.Seen))
	case c.verdict == monitor.Stalled:
		return !worked(h.course, a.Seen)
	}
	return true
}

// worked reports whether what waited at a look after a time was gone at a later one.
func worked(course []monitor.Stretch, since time.Time) bool {
	for i := 1; i < len(course); i++ {
		before, s := &course[i-1], &course[i]
		if before.Until.After(since) && s.Trouble == "" && !before.Oldest().IsZero() && !before.Oldest().Equal(s.Oldest()) {
			return true
		}
	}
	return false
}

// correct lets a cause have its say, beside a verdict that is worse.
func (h *heeded) correct(c *cause, a *monitor.Alert) {
	lag := h.lag
	why := fmt.Sprintf("%s (%s on %s since %s)", c.words, c.kind, a.Server, monitor.Time(a.Began))
	if a.Said != "" {
		why += "; the log says: " + string(a.Said)
	}
	if c.verdict == monitor.Unknown {
		lag.WouldLose = inventory.Number{}
	}
	if worse(lag.Verdict) > worse(c.verdict) {
		lag.Reason = inventory.Text(why+"; ") + lag.Reason
		return
	}
	if lag.Verdict != c.verdict {
		lag.Verdict, lag.Since = c.verdict, monitor.Time(a.Began)
	}
	last := &h.course[len(h.course)-1]
	lag.Oldest = oldest(last, lag.Verdict, h.now)
	lag.Predicted, lag.Spread = inventory.Number{}, inventory.Number{}
	if lag.WouldLose.Known {
		lag.WouldLose = lag.Oldest
	}
	switch {
	case last.Oldest().IsZero():
		why += "; nothing waits yet"
	default:
		why += fmt.Sprintf("; %s wait, the oldest for %s", sizeText(last.Bytes()), inventory.DurationText(lag.Oldest.Value))
	}
	lag.Reason = inventory.Text(why)
}

// worse ranks verdicts.
func worse(v monitor.Verdict) int {
	return slices.Index([]monitor.Verdict{monitor.OK, monitor.Unknown, monitor.Flapping, monitor.Behind, monitor.Stalled, monitor.Stopped}, v)
}
