package confirm

import (
	"slices"
	"time"

	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/apply"
)

// ending are the steps that end the keeping of what was moved.
var ending = []monitor.Step{monitor.StepKeep, monitor.StepDeleteSource, monitor.StepAllowSource}

// Due returns on which occasion a plan is to be asked about now, or none. It is asked about
// when it was carried out, a day later, and on the last day on which its sources are
// kept; what was not met is asked about again each time. Open says why it is not yet
// carried out, or nothing.
func Due(units []apply.Unit, steps map[string][]monitor.StepRecord, earlier []monitor.Confirmation, keep time.Duration, now time.Time) (on monitor.Occasion, open string) {
	var carried time.Time
	for i := range units {
		records := steps[units[i].Name]
		if !rests(records) {
			return "", units[i].Name + ": " + lastWords(records)
		}
		for k := range records {
			if r := &records[k]; r.State == monitor.StepDone && !slices.Contains(ending, r.Step) && r.At.After(carried) {
				carried = r.At
			}
		}
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
		case last == nil, last.At.Before(occasion.at), last.Verdict != monitor.Met:
			return occasion.on, ""
		default:
			return "", ""
		}
	}
	return "", ""
}

// rests reports whether what was done last of a unit was done to its end.
func rests(records []monitor.StepRecord) bool {
	if len(records) == 0 {
		return false
	}
	return records[len(records)-1].State == monitor.StepDone
}
