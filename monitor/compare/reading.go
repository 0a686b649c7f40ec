package compare

import (
	"fmt"
	"time"

	"github.com/interlacemail/interlace/inventory"
)

// Reading is how far messages have been read whole.
type Reading struct {
	Server inventory.ServerID
	// Done and All are bytes on all copies that are read; All is what is expected.
	Done, All int64
	// Left is how long the rest takes at the pace so far; zero where that is not known.
	Left time.Duration
}

// String says how far a reading is.
func (r Reading) String() string {
	text := fmt.Sprintf("%.0f of about %.0f MiB read, on %s now", float64(r.Done)/(1<<20), float64(r.All)/(1<<20), r.Server)
	if r.Left > 0 {
		text += ", about " + inventory.DurationText(r.Left.Seconds()) + " left"
	}
	return text
}

// TellReading returns what is to be told how many bytes were read of all that is read of some
// copies, and on which it is now. So many bytes are expected. Tell may be nil.
func TellReading(all int64, tell func(Reading)) func(server inventory.ServerID, done int64) {
	begun := time.Now()
	return func(server inventory.ServerID, done int64) {
		if tell == nil {
			return
		}
		r := Reading{Server: server, Done: done, All: max(done, all)}
		if took := time.Since(begun); done > 0 && took > 0 {
			r.Left = time.Duration(float64(took) * float64(r.All-done) / float64(done)).Round(time.Second)
		}
		tell(r)
	}
}
