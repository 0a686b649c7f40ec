package confirm

import (
	"context"
	"slices"
	"time"

	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
)

// ending are the steps that end the keeping of what was moved.
var ending = []monitor.Step{monitor.StepKeep, monitor.StepDeleteSource, monitor.StepAllowSource}

// Due returns on which occasion a plan is to be asked about now, or none. It is asked about
// when it was carried out or given up, a day later, and on the last day on which its
// sources are kept; what was not met is asked about again each time. Open says why it is
// not yet carried out, or nothing. Nothing is promised of a plan without changes: it is not asked
// about.
func Due(ctx context.Context, units []course.Unit, journal Journal, earlier []monitor.Confirmation, keep time.Duration, now time.Time) (on monitor.Occasion, open string, err error) {
	if len(units) == 0 {
		if n := len(earlier); n > 0 && earlier[n-1].Verdict != monitor.Met {
			return monitor.OnceDone, "", nil // as long as something was promised of it
		}
		return "", "", nil
	}
	l, err := readLedger(ctx, units, journal)
	if err != nil {
		return "", "", err
	}
	carried, open := l.carried(units)
	if open != "" {
		return "", open, nil
	}
	var last *monitor.Confirmation
	for i := range earlier {
		if e := &earlier[i]; e.Unit == "" && !e.At.Before(carried) {
			last = e
		}
	}
	day := 24 * time.Hour
	for _, occasion := range []struct {
		on monitor.Occasion
		at time.Time
	}{{monitor.BeforeDeletion, carried.Add(max(keep-day, day))}, {monitor.AfterADay, carried.Add(day)}, {monitor.OnceDone, carried}} {
		switch {
		case now.Before(occasion.at):
		case last == nil, last.At.Before(occasion.at), !enough(last):
			return occasion.on, "", nil
		default:
			return "", "", nil
		}
	}
	return "", "", nil
}

// carried returns when the last of the units was carried out or taken back, or says which
// is not.
func (l *ledger) carried(units []course.Unit) (at time.Time, open string) {
	for i := range units {
		for _, p := range parts(&units[i]) {
			switch a := l.accounts[p]; {
			case l.returned(p) && l.givenUp(p):
				at = later(at, a.At)
				if n := len(a.Records); n > 0 && a.Fate == course.Unbegun {
					at = later(at, a.Records[n-1].At) // when it was given up
				}
			case l.fate(p) == course.InEffect:
				for k := range a.Records {
					if r := &a.Records[k]; r.State == monitor.StepDone && !slices.Contains(ending, r.Step) {
						at = later(at, r.At)
					}
				}
			default:
				return time.Time{}, p.unit + ": " + l.say(p)
			}
		}
	}
	return at, ""
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// enough reports whether nothing was left that may have become otherwise: all is met but
// what is read when originals are deleted.
func enough(c *monitor.Confirmation) bool {
	if c.Verdict == monitor.Met {
		return true
	}
	return len(c.Promises) > 0 && !slices.ContainsFunc(c.Promises, func(p monitor.Promise) bool {
		return p.Verdict != monitor.Met && (p.Name != monitor.PromiseSpool || p.Verdict != monitor.UnknownFulfilment)
	})
}
