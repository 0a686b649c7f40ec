package report

import (
	"fmt"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// addRecovery says how long a failure is felt.
func (l *Lines) addRecovery(f planner.Impact, r planner.Recovery) {
	if f.ServiceSeconds.Known {
		l.add("  users are served again after %s: %s to detect, %s to decide, %s to promote", inventory.DurationText(f.ServiceSeconds.Value),
			inventory.DurationText(r.DetectSeconds), inventory.DurationText(r.DecideSeconds), inventory.DurationText(r.PromoteSeconds))
	}
	restored := "all copies made anew after " + atLeast(later(f.RestoreSeconds, r), later(f.RestoreLeastSeconds, r))
	switch {
	case f.StoresOneCopy > 0:
		l.add("  from the failure on: %s", joined(
			fmt.Sprintf("%s with one copy for %s", things(f.StoresOneCopy, "store", "stores"), atLeast(f.AtRiskSeconds, f.AtRiskLeastSeconds)), restored))
	case f.RestoreLeastSeconds.Value > 0:
		l.add("  no store is left with one copy · from the failure on: %s", restored)
	}
}

// later returns the time from the failure on of what begins when users are served
// again.
func later(n planner.Number, r planner.Recovery) planner.Number {
	if n.Known {
		n.Value += r.ServiceSeconds()
	}
	return n
}

// atLeast says a time that depends on what is copied, and to where.
func atLeast(known, least planner.Number) string {
	text := "at least " + inventory.DurationText(least.Value)
	if !known.Known {
		text += " by what is known"
	}
	return text
}

// shareWords says how evenly the load is shared.
func shareWords(f planner.Impact) string {
	if !f.LargestShare.Known || f.TakenOverBy < 2 {
		return ""
	}
	return ", of which one takes " + PercentText(f.LargestShare.Value) + " of the load"
}
