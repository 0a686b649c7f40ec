package synclag

import (
	"fmt"
	"slices"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// verdict says what a course says of its last look, and why.
func verdict(course []monitor.Stretch, opts Options) (monitor.Verdict, string) {
	last := &course[len(course)-1]
	switch {
	case last.Trouble != "":
		return monitor.Unknown, "it cannot be looked at: " + last.Trouble
	case last.ProcessesKnown && len(last.Clients) == 0:
		return monitor.Stopped, "no rolling sync_client runs for it"
	}
	if verdict, reason := standing(course, opts); verdict != "" {
		return verdict, reason
	}
	if reason := fallingBehind(course, opts); reason != "" {
		return monitor.Behind, reason
	}
	if !last.ProcessesKnown {
		return monitor.Unknown, "nobody could see whether its sync_client runs"
	}
	return monitor.OK, busy(last)
}

// waiting says what waits and for how long by now, behind a reason.
func waiting(s *monitor.Stretch, oldest inventory.Number) string {
	if s.Oldest().IsZero() {
		return ""
	}
	return fmt.Sprintf("; %s wait, the oldest for %s", sizeText(s.Bytes()), inventory.DurationText(oldest.Value))
}

// busy says of a channel that is fine what its client does, if that takes long.
func busy(s *monitor.Stretch) string {
	if s.Run.Exists() && age(s) >= time.Minute {
		return fmt.Sprintf("its sync_client works on one log since %s", s.Run.Taken.UTC().Format(time.RFC3339))
	}
	return ""
}

// standing says whether the same log waits and the client stands still; nothing
// where it does not.
func standing(course []monitor.Stretch, opts Options) (monitor.Verdict, string) {
	last := &course[len(course)-1]
	if !last.Run.Exists() {
		if ignored(course, opts) {
			return monitor.Stalled, "its sync_client runs, but takes up no log, as where the replica cannot be reached"
		}
		return "", ""
	}
	begun, looks, known := standstill(course, opts)
	switch {
	case restarted(course, opts):
		return monitor.Stalled, "its sync_client is started again and again on the same log, as where the replica cannot be reached"
	case !known:
		return monitor.Unknown, "it works on the same log as before, and the counters of its sync_client cannot be read"
	case looks < 2:
		return "", ""
	case arrived(begun, last):
		return monitor.Stalled, "its sync_client runs, but has read and written nothing between two looks"
	}
	return monitor.Unknown, "its sync_client has read and written nothing between two looks, and nothing arrived"
}

// standstill goes back to where the clients last read or wrote anything while
// they worked on the log that they work on now, and counts the looks since. It
// is not known where counters cannot be read.
func standstill(course []monitor.Stretch, opts Options) (begun *monitor.Stretch, looks int, known bool) {
	begun = &course[len(course)-1]
	looks, known = begun.Looks, begun.Looks < 2 || readable(begun)
	for i := len(course) - 2; i >= 0 && known; i-- {
		before := &course[i]
		if !follows(before, begun, opts) || !sameRun(before, begun) {
			break
		}
		moved, readable := progress(before, begun)
		if moved {
			break
		}
		if !readable {
			return begun, looks, looks > 1
		}
		begun, looks = before, looks+before.Looks
	}
	return begun, looks, known
}

// restarted reports whether three looks, one after the other, saw the same log
// worked on by another client each: none of them gets on.
func restarted(course []monitor.Stretch, opts Options) bool {
	const most = 3
	if len(course) < most {
		return false
	}
	for i := len(course) - most + 1; i < len(course); i++ {
		before, s := &course[i-1], &course[i]
		if !follows(before, s, opts) || !sameRun(before, s) || len(before.Clients) == 0 || len(s.Clients) == 0 {
			return false
		}
		if slices.ContainsFunc(s.Clients, func(p monitor.Process) bool { return client(before, &p) != nil }) {
			return false
		}
	}
	return true
}

// sameRun reports whether the same log is worked off.
func sameRun(before, s *monitor.Stretch) bool {
	return before.Run.Inode == s.Run.Inode && before.Run.Taken.Equal(s.Run.Taken)
}

// follows reports whether two stretches can be compared.
func follows(before, s *monitor.Stretch, opts Options) bool {
	return before.Trouble == "" && s.At.Sub(before.Until) <= 3*opts.Interval
}

// ignored reports whether nobody takes up a log although that waits longer than a
// client rests, and was there at the look before.
func ignored(course []monitor.Stretch, opts Options) bool {
	last := &course[len(course)-1]
	if !last.ProcessesKnown || !last.Log.Exists() || age(last) <= 2*opts.Repeat+opts.Interval/4 {
		return false
	}
	if last.Looks > 1 {
		return true
	}
	if len(course) < 2 {
		return false
	}
	before := &course[len(course)-2]
	return follows(before, last, opts) && !before.Run.Exists() && before.Log.Inode == last.Log.Inode && before.Log.First.Equal(last.Log.First)
}

// arrived reports whether anything was logged between two stretches.
func arrived(before, last *monitor.Stretch) bool {
	return last.Log.Exists() && (last.Log.Inode != before.Log.Inode || last.Log.Bytes > before.Log.Bytes || last.Log.Last.After(before.Log.Last))
}

// progress reports whether a client of a channel has read or written between two
// stretches, if that is known of all.
func progress(before, last *monitor.Stretch) (moved, known bool) {
	known = readable(before) && readable(last)
	for i := range last.Clients {
		now, then := &last.Clients[i], client(before, &last.Clients[i])
		if then == nil && before.ProcessesKnown {
			return true, true // it has only just begun
		}
		if then != nil && now.IO != nil && then.IO != nil && *now.IO != *then.IO {
			return true, true
		}
	}
	return false, known
}

// readable reports whether the counters of all clients are known.
func readable(s *monitor.Stretch) bool {
	unread := func(p monitor.Process) bool { return p.IO == nil }
	return s.ProcessesKnown && len(s.Clients) > 0 && !slices.ContainsFunc(s.Clients, unread)
}

// sameStart is how much the times may differ at which one process is seen to have
// started: the kernel counts them from its own start, which it knows to a second.
const sameStart = 2 * time.Second

// client returns the same process as it was seen in another stretch, or nil.
func client(s *monitor.Stretch, p *monitor.Process) *monitor.Process {
	for i := range s.Clients {
		if c := &s.Clients[i]; c.PID == p.PID && c.Started.Sub(p.Started).Abs() < sameStart {
			return c
		}
	}
	return nil
}

// fallingBehind says why a channel falls behind, or nothing.
func fallingBehind(course []monitor.Stretch, opts Options) string {
	looks := recent(course, opts)
	ended := false
	ages := make([]time.Duration, len(looks))
	for i, s := range looks {
		ages[i] = age(s)
		ended = ended || i > 0 && !looks[i-1].Oldest().IsZero() && !looks[i-1].Oldest().Equal(s.Oldest())
	}
	if !ended || !rises(ages, 2*opts.Repeat) {
		return ""
	}
	return fmt.Sprintf("batches end, but the oldest entry gets older: %s, %s before", durationText(ages[len(ages)-1]), durationText(ages[0]))
}

// recent returns the looks within the window that saw something.
func recent(course []monitor.Stretch, opts Options) []*monitor.Stretch {
	var looks []*monitor.Stretch
	end := course[len(course)-1].Until
	for i := len(course) - 1; i >= 0 && end.Sub(course[i].Until) <= opts.Window; i-- {
		if course[i].Trouble == "" {
			looks = append(looks, &course[i])
		}
	}
	slices.Reverse(looks)
	return looks
}

// rises reports whether ages rise, beyond a noise, in a way that chance seldom
// brings about: every one above the one before, of at least four; or every one of
// the newer half above every one of the older half, of at least eight.
func rises(ages []time.Duration, noise time.Duration) bool {
	if len(ages) < 4 || ages[len(ages)-1]-ages[0] <= noise {
		return false
	}
	always := true
	for i := 1; i < len(ages); i++ {
		always = always && ages[i] > ages[i-1]
	}
	if always {
		return true
	}
	half := len(ages) / 2
	return len(ages) >= 8 && slices.Min(ages[half:])-slices.Max(ages[:half]) > noise
}
