package compare

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/interlacemail/interlace/inventory/cyrus"
)

// Turn is a user or shared tree that waits to be compared again.
type Turn struct {
	Owner    cyrus.Owner
	Last     time.Time // when it was last compared, or since when it waits to be
	Compared bool      // it ever was
	Suspect  bool      // something is known to be, or may be, wrong with it
}

// Pace is how everybody is compared in turn.
type Pace struct {
	Within time.Duration // everybody within so long
	Next   time.Duration // until the next run begins, at most
}

// Due returns whom to compare now, in this order: the suspects, and then those who
// were not compared for longest: so many that nobody comes too late if every run
// does its share, and that one has little more to do than another.
func (p Pace) Due(turns []Turn, now time.Time) []Turn {
	var suspects, others []Turn
	for _, t := range turns {
		if t.Suspect {
			suspects = append(suspects, t)
		} else {
			others = append(others, t)
		}
	}
	slices.SortFunc(suspects, longestAgo)
	slices.SortFunc(others, longestAgo)
	// At a steady pace so many can be compared before the next run is late for a
	// turn: as many as come before it must not be more.
	share, most := 0.0, float64(len(others))
	for i, t := range others {
		left := p.Within - p.Next - max(0, now.Sub(t.Last))
		share = max(share, float64(i+1)-float64(len(turns))*left.Seconds()/p.Within.Seconds())
	}
	return append(suspects, others[:int(math.Ceil(min(share, most)-rounding))]...)
}

// rounding is what the sums above may be off.
const rounding = 1e-6

// Overdue returns those who were not compared for half as long again as they should
// have been, longest ago first.
func (p Pace) Overdue(turns []Turn, now time.Time) []Turn {
	var late []Turn
	for _, t := range turns {
		if p.late(t.Last, now) {
			late = append(late, t)
		}
	}
	slices.SortFunc(late, longestAgo)
	return late
}

// late tells whether what was last done then has waited for too long.
func (p Pace) late(last, now time.Time) bool { return now.Sub(last) > p.Within+p.Within/2 }

// longestAgo sorts turns by when they were last had.
func longestAgo(a, b Turn) int {
	return cmp.Or(a.Last.Compare(b.Last), compareOwners(a.Owner, b.Owner))
}
