package moves

import (
	"time"

	"github.com/interlacemail/interlace/planner"
)

// DefaultKeepSource is the default of Options.KeepSource.
const DefaultKeepSource = 14 * 24 * time.Hour

// Options say how to order changes.
type Options struct {
	// KeepSource is how long a moved user's mail stays at the source after its
	// wave, and counts there; 0 means DefaultKeepSource, below 0 means that it is
	// removed when the wave ends.
	KeepSource time.Duration
	// SyncRate is how many bytes per second the replicas of a store can take in
	// when users move there. Users then move to such a store one after the other,
	// at this rate at most. 0 means no limit.
	SyncRate float64
	// Window is how long a wave may last; 0 means without end.
	Window time.Duration
	// Continuous starts every change as soon as there is room for it, without waves.
	Continuous bool
	// Seed of the orders that are drawn at random where there is no room for
	// everything at once.
	Seed uint64
	// Progress, if not nil, is told now and then how far the schedule is.
	Progress func(Progress)
}

// Progress says how far a schedule is.
type Progress struct {
	Done, Total int     // changes
	Seconds     float64 // until the last of those done has ended
}

// keepSeconds returns KeepSource in seconds.
func (o Options) keepSeconds() float64 {
	switch {
	case o.KeepSource < 0:
		return 0
	case o.KeepSource == 0:
		return DefaultKeepSource.Seconds()
	}
	return o.KeepSource.Seconds()
}

// record returns the options as the schedule remembers them.
func (o Options) record() planner.ScheduleOptions {
	r := planner.ScheduleOptions{Seed: o.Seed, KeepSourceSeconds: o.keepSeconds(), Continuous: o.Continuous}
	if o.SyncRate > 0 {
		r.SyncRate = &o.SyncRate
	}
	if o.Window > 0 {
		seconds := o.Window.Seconds()
		r.WindowSeconds = &seconds
	}
	return r
}
