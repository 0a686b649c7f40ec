package synclag

import (
	"fmt"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// Replicated reports whether a look is at a channel that keeps a copy up to
// date. Those of replicas lead nowhere, as does what is left over, and squatter's keeps
// an index.
func Replicated(b *monitor.Backlog) bool {
	return b.Role == inventory.Master && b.Kind != monitor.Squatter && b.Kind != monitor.Leftover
}

// Judge says how a channel that keeps a copy up to date is doing, from the course
// of what was seen of it, the newest last. With a model it also says when the
// backlog will be gone.
func Judge(course []monitor.Stretch, model *Model, opts Options, now time.Time) monitor.Lag {
	opts = opts.withDefaults()
	if len(course) == 0 {
		return monitor.Lag{Verdict: monitor.Unknown, Level: monitor.LevelUnknown, Reason: "nobody has looked at it yet"}
	}
	last := &course[len(course)-1]
	lag := monitor.Lag{
		Store: last.Store, Server: last.Server, Channel: last.Channel,
		Verdict: monitor.Unknown, Level: monitor.LevelUnknown, Seen: monitor.Time(last.Until),
	}
	if reason := blind(last, opts, now); reason != "" {
		lag.Reason = inventory.Text(reason)
		return lag
	}
	lag.Level = level(last, opts)
	lag.Bytes = inventory.Known(float64(last.Bytes()))
	lag.Entries, lag.Mailboxes = last.Entries, last.Mailboxes
	verdicts := verdicts(course, opts)
	newest := flapping(verdicts, opts, last.Until)
	lag.Verdict, lag.Reason, lag.Since = newest.verdict, inventory.Text(newest.reason), monitor.Time(newest.since)
	lag.Oldest = oldest(last, newest.verdict, now)
	lag.WouldLose = lag.Oldest
	if !moves(newest.verdict) {
		lag.Reason += inventory.Text(waiting(last, lag.Oldest))
	}
	switch {
	case !last.Log.Exists() && !last.Run.Exists(): // nothing waits, and so nothing is to be waited for
		lag.Predicted, lag.Spread = inventory.Known(0), inventory.Known(0)
	case model != nil && moves(newest.verdict):
		lag.Predicted, lag.Spread = model.Gone(&last.Backlog, last.Until)
	}
	return lag
}

// blind says why nothing is known of a channel now, or nothing.
func blind(last *monitor.Stretch, opts Options, now time.Time) string {
	since := now.Sub(last.Until)
	switch {
	case since > 3*opts.Interval:
		return "it was last looked at " + durationText(since) + " ago"
	case since < -opts.Interval:
		return "it was last looked at in the future: a clock was set back"
	case last.Trouble != "":
		return "it cannot be looked at: " + last.Trouble
	}
	return ""
}

// level says what the thresholds say of the last look.
func level(last *monitor.Stretch, opts Options) monitor.Level {
	bytes, age := last.Bytes(), age(last)
	switch {
	case opts.Alert.passed(bytes, age):
		return monitor.LevelAlert
	case opts.Behind.passed(bytes, age):
		return monitor.LevelBehind
	}
	return monitor.LevelOK
}

// age returns how old the oldest entry was at the last look of a stretch.
func age(s *monitor.Stretch) time.Duration {
	if s.Oldest().IsZero() {
		return 0
	}
	return max(0, s.Until.Sub(s.Oldest()))
}

// oldest returns the age of the oldest entry in seconds: at the last look, or
// now where nothing is worked off that could have changed it since.
func oldest(last *monitor.Stretch, verdict monitor.Verdict, now time.Time) inventory.Number {
	waited := age(last)
	if !last.Oldest().IsZero() && !moves(verdict) {
		waited = max(waited, now.Sub(last.Oldest()))
	}
	return inventory.Known(waited.Seconds())
}

// moves reports whether anything is worked off.
func moves(verdict monitor.Verdict) bool {
	return verdict != monitor.Stopped && verdict != monitor.Stalled && verdict != monitor.Unknown
}

// sizeText returns a size for people: 38.2 kB.
func sizeText(bytes int64) string {
	size := float64(bytes)
	if size < 1000 {
		return fmt.Sprintf("%d B", bytes)
	}
	unit := 0
	for size /= 1000; size >= 999.95 && unit < 4; unit++ {
		size /= 1000
	}
	return fmt.Sprintf("%.1f %cB", size, "kMGTP"[unit])
}

func durationText(d time.Duration) string { return inventory.DurationText(d.Seconds()) }

// judged is the verdict of one look.
type judged struct {
	verdict monitor.Verdict
	reason  string
	at      time.Time // the look
	since   time.Time // the first look of those before it, one after the other, with the same verdict
}

// verdicts returns the verdict of each look, as it was at its time.
func verdicts(course []monitor.Stretch, opts Options) []judged {
	list := make([]judged, len(course))
	for i := range course {
		verdict, reason := verdict(course[:i+1], opts)
		list[i] = judged{verdict, reason, course[i].At, course[i].At}
		if i > 0 && list[i-1].verdict == verdict {
			list[i].since = list[i-1].since
		}
	}
	return list
}

// flapping returns the last verdict, or that it keeps changing: at least four
// times of late, and the last time not long ago. Looks that saw nothing are no
// change.
func flapping(list []judged, opts Options, now time.Time) judged {
	newest := list[len(list)-1]
	changes, before := 0, monitor.Unknown
	var first, last time.Time
	for i := range list {
		j := &list[i]
		if j.verdict == monitor.Unknown || now.Sub(j.at) > opts.Flapping {
			continue
		}
		if before != monitor.Unknown && before != j.verdict {
			changes, last = changes+1, j.at
			if first.IsZero() {
				first = j.at
			}
		}
		before = j.verdict
	}
	if changes < 4 || now.Sub(last) > opts.Flapping/4 || newest.verdict == monitor.Unknown {
		return newest
	}
	reason := fmt.Sprintf("the verdict has changed %d times within %s; the last: %s", changes, durationText(now.Sub(first)), newest.verdict)
	if newest.reason != "" {
		reason += ", " + newest.reason
	}
	return judged{monitor.Flapping, reason, newest.at, first}
}
