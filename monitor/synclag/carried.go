package synclag

import (
	"time"

	"github.com/interlacemail/interlace/monitor"
)

// Carried looks at the channels of a master and returns until when everything that was
// changed there has reached its replicas: until now where nothing waits, else until the
// oldest change that does. It returns the zero time where that cannot be seen. Earlier
// looks may be nil, see [Measure].
func Carried(master monitor.Instance, earlier []monitor.Backlog, now time.Time) time.Time {
	until := time.Time{}
	for _, b := range Measure([]monitor.Instance{master}, Processes{}, earlier, now) {
		if !Replicated(&b) {
			continue
		}
		at := b.Oldest()
		switch {
		case b.Trouble != "":
			return time.Time{}
		case at.IsZero():
			at = now
		}
		if until.IsZero() || at.Before(until) {
			until = at
		}
	}
	return until
}
