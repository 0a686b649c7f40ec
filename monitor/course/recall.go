package course

import (
	"slices"
	"strconv"
	"time"

	"github.com/interlacemail/interlace/monitor"
)

// Recall is that somebody has asked for a unit to be taken back.
type Recall struct {
	Apply int64 // its number, in which that was asked for
	Part  bool  // of a part of that apply only
	At    time.Time
}

// Recalled returns how a unit of which this is written down was asked to be taken back since
// it last began; nil: it was not.
func (u *Unit) Recalled(records []monitor.StepRecord) *Recall {
	c, err := Of(u)
	if err != nil {
		return nil
	}
	for _, r := range slices.Backward(records) {
		switch {
		case r.State == monitor.StepRecalled:
			number, _ := strconv.ParseInt(r.Data, 10, 64)
			return &Recall{Apply: number, Part: r.Text != "", At: r.At}
		case r.State == monitor.StepWithdrawn, r.State == monitor.StepBegan && r.Step == c.Steps[0]:
			return nil
		}
	}
	return nil
}

// WasGivenUp reports whether a unit of which this is written down was asked to be taken back, or not
// to be begun at all, and nothing of it is in effect: it is not waited for.
func (u *Unit) WasGivenUp(records []monitor.StepRecord) bool {
	return u.Recalled(records) != nil && u.Fresh(records)
}

// Pending reports whether a unit of which this is written down was asked to be taken back, and
// is on its way.
func (u *Unit) Pending(records []monitor.StepRecord) bool {
	return u.Recalled(records) != nil && u.Midway(records)
}

// Midway reports whether a unit is neither before its beginning nor done, but for originals.
func (u *Unit) Midway(records []monitor.StepRecord) bool {
	return !u.Fresh(records) && !u.Settled(records) && u.Stands(records) != Finished
}
