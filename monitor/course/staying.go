package course

import (
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// Originals are those that stay at their old places, denied, when a unit is at its end: of users
// who were not on the new store any more when they were to be deleted, since somebody had renamed
// or removed them there.
type Originals struct {
	Stay map[inventory.StoreID][]inventory.UserID
}

// StayingOf returns the originals that stay of a unit of which this is written down.
func StayingOf(records []monitor.StepRecord) Originals {
	var o Originals
	Read(records, monitor.StepDeleteSource, &o)
	return o
}

// Has reports whether somebody's original stays on a store.
func (o *Originals) Has(store inventory.StoreID, user inventory.UserID) bool {
	return slices.Contains(o.Stay[store], user)
}
