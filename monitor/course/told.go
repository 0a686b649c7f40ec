package course

import "github.com/interlacemail/interlace/monitor"

// Untold is what the record of a route that failed has as its data where nobody has taken the
// routes.
const Untold = "nobody was told"

// ToldRoutes reports whether whoever routes has been told, since a unit began last, where its users
// are to be now, or may have been: all that is known not to have come to that has failed so.
func ToldRoutes(records []monitor.StepRecord) bool {
	told := 0
	for _, r := range OfMove.Attempt(records) {
		switch {
		case r.Step != monitor.StepRoute:
		case r.State == monitor.StepBegan:
			told++
		case r.State == monitor.StepFailed && r.Data == Untold:
			told--
		}
	}
	return told > 0
}
