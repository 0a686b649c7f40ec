package course

import "github.com/interlacemail/interlace/monitor"

// Untold and Untaken are what the record of a route that failed has as its data: nobody was told of
// the routes, or whoever was has not taken them, and may have carried out some of them all the same.
const Untold, Untaken = "nobody was told", "nobody has taken them"

// ToldRoutes reports whether whoever routes was told, since a unit began last, where its users are to
// be now, and whether that was taken, as far as it is not known to have ended otherwise.
func ToldRoutes(records []monitor.StepRecord) (told, taken bool) {
	began, ended := 0, map[string]int{}
	for _, r := range OfMove.Attempt(records) {
		switch {
		case r.Step != monitor.StepRoute:
		case r.State == monitor.StepBegan:
			began++
		case r.State == monitor.StepFailed:
			ended[r.Data]++
		}
	}
	began -= ended[Untold]
	return began > 0, began > ended[Untaken]
}
