package watch

import "time"

// pace is how often a watch does what no option says, and how long it waits. A watch
// takes the usual one as it begins; tests, which would wait, have another.
type pace struct {
	notes    time.Duration // what logs said is taken in
	itself   time.Duration // the watch looks at itself and at what is known of copies
	desk     time.Duration // the desk has a look at its messages
	sights   time.Duration // lies between the first two looks at processes, and between two for one that was asked for: most faults show only in the course of two
	restless time.Duration // processes are looked at as long as there is new trouble
	hangs    time.Duration // beyond three intervals a probe must not have ended to count as one that hangs
	leaves   time.Duration // the end waits for what goes on: systemd and operators expect one within 10 seconds
}

var usual = pace{
	notes: 10 * time.Second, itself: time.Minute, desk: 5 * time.Second, sights: 2 * time.Second,
	restless: time.Minute, hangs: 5 * time.Minute, leaves: 8 * time.Second,
}
