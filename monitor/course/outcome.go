package course

import "github.com/interlacemail/interlace/monitor"

// Outcome is where a unit is when nothing is done about it for now.
type Outcome string

// Outcomes.
const (
	Waiting   Outcome = "waiting"   // nothing has begun
	Moved     Outcome = "moved"     // all is done, but the original is kept for its time
	Finished  Outcome = "finished"  // all is done
	Back      Outcome = "back"      // all is as it was before
	GivenUp   Outcome = "given up"  // likewise, since nothing was ever begun: it is not to be
	Postponed Outcome = "postponed" // likewise, since its users would be denied for too long
	Stuck     Outcome = "stuck"     // it can't go back, and does not go on
	Broken    Outcome = "broken"    // it can't be taken back now, and why says who is let in where
	Blocked   Outcome = "blocked"   // the fleet is not as it was when it began, and somebody has to look
	Stopped   Outcome = "stopped"   // in the middle
)

// EndOf is the outcome of a unit of which nothing is left to be done.
func EndOf(a Action) Outcome {
	if a.Back {
		return Back
	}
	return Finished
}

// Stands is the outcome of a unit of which this is written down and nothing else is done.
func (u *Unit) Stands(records []monitor.StepRecord) Outcome {
	c, err := Of(u)
	if err != nil || lastOfAStep(records) == nil {
		if u.WasGivenUp(records) {
			return GivenUp
		}
		return Waiting
	}
	switch a := c.Next(records, false); {
	case a.Verb == Settle:
		return Moved
	case a.Verb == End:
		return EndOf(a)
	}
	return Stopped
}
