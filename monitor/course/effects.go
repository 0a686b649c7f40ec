package course

import "github.com/interlacemail/interlace/monitor"

// Effects are what the steps of a unit that moves users have in effect so far, or may have.
type Effects struct {
	Target, Source bool // users are denied on the new store, and on the old ones
	Routed         bool // to the new store
	Unrouted       bool // they may be routed to either
}

// EffectsOf returns what is in effect of a unit of which this is written down.
func EffectsOf(records []monitor.StepRecord) Effects {
	var e Effects
	for i := range records {
		r := &records[i]
		on := r.State == monitor.StepBegan || r.State == monitor.StepDone
		off := r.State == monitor.StepUndone
		switch {
		case r.Step == monitor.StepDenyTarget && (on || off):
			e.Target = on
		case r.Step == monitor.StepDenySource && (on || off):
			e.Source = on
		case r.Step == monitor.StepRoute:
			e.Routed, e.Unrouted = r.State == monitor.StepDone, r.State != monitor.StepDone && r.State != monitor.StepUndone
		case r.Step == monitor.StepAllowTarget && on:
			e.Target = false
		case r.Step == monitor.StepAllowTarget && (off || r.Data == AreOut):
			e.Target = true
		case r.Step == monitor.StepAllowSource && on:
			e.Source = false
		}
	}
	return e
}
