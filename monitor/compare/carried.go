package compare

import (
	"context"
	"time"

	"github.com/interlacemail/interlace/monitor"
)

// still tells how long something that differs has stood still, and what was known of
// the replication meanwhile.
type still struct {
	since time.Time // when a second look showed the same; zero: none did
	// carried is until when the replica had everything, as was known before the last
	// look; the zero time: nobody knew. Asked tells whether somebody was asked.
	carried time.Time
	asked   bool
}

// sure tells whether all that was written before something stood still had reached
// the replica before the last look.
func (t *still) sure() bool { return !t.since.IsZero() && !t.carried.Before(t.since) }

// stands notes a look that shows the same as the one before.
func (t *still) stands() {
	if t.since.IsZero() {
		t.since = time.Now()
	}
}

// ask finds out before a look until when the replica has everything.
func (p *pair) ask(ctx context.Context, t *still) {
	t.asked = true
	p.asking.Lock()
	defer p.asking.Unlock()
	// What was known a moment ago is only less than what is known now.
	if now := time.Now(); p.askedAt.IsZero() || now.Sub(p.askedAt) >= p.options.Pause {
		carried := p.options.Carried(ctx)
		if p.askedAt.IsZero() || carried.After(p.carried) {
			p.progressed = now
		}
		p.askedAt, p.carried = now, carried
	}
	t.carried = p.carried
}

// waits tells whether it may yet come out that the replica has everything. Where nothing
// comes to it any more that is waited for once, and not anew for each that waits.
func (p *pair) waits(t *still) bool {
	if t.sure() || t.asked && t.carried.IsZero() || time.Since(t.since) >= p.options.Patience {
		return false
	}
	p.asking.Lock()
	defer p.asking.Unlock()
	return p.askedAt.IsZero() || time.Since(p.progressed) < p.options.Patience
}

// justNow is how old a change may be that replication has not got to yet.
const justNow = 10 * time.Second

// Waits tells whether more waits in a channel than what came a moment ago, or gets no
// further.
func Waits(l *monitor.Lag) bool {
	switch {
	case l.Verdict == monitor.Unknown || !l.Oldest.Known:
		return false
	case l.Verdict == monitor.OK:
		return l.Oldest.Value > justNow.Seconds()
	case l.Verdict == monitor.Stopped:
		return l.Oldest.Value > 0
	}
	return true
}

// CarriedUntil returns until when a channel has carried everything to the replica, as
// far as was seen of it; the zero time where nobody has lately looked.
func CarriedUntil(l *monitor.Lag) time.Time {
	seen, err := time.Parse(time.RFC3339, string(l.Seen))
	if err != nil || l.Verdict == monitor.Unknown || !l.Oldest.Known {
		return time.Time{}
	}
	return seen.Add(-time.Duration(l.Oldest.Value * float64(time.Second)))
}
