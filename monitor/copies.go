package monitor

import (
	"time"

	"github.com/interlacemail/interlace/inventory"
)

// Copy names one of a store's replicas, by the server that it is on.
type Copy struct {
	Store  inventory.StoreID  `json:"store"`
	Server inventory.ServerID `json:"server"`
}

// ComparisonRun is one run over the copies of a fleet, or of a part of it.
type ComparisonRun struct {
	Number int64        `json:"number"` // 1, 2, 3, … in the order in which they began
	Level  CompareLevel `json:"level"`
	// Selection says in words what it is about: the same words for the same part of
	// the fleet, nothing for all of it.
	Selection string    `json:"selection"`
	Began     time.Time `json:"began"`
	Ended     time.Time `json:"ended,omitzero"` // zero: it goes on, or was broken off
	Copies    int       `json:"copies"`         // that were compared
	Identical int       `json:"identical"`      // users and shared trees, as are the next two
	Different int       `json:"different"`
	Unknown   int       `json:"unknown"`
}

// CopyState is what is known of the copy of a user or a shared tree at a level.
type CopyState struct {
	Copy
	Owner   string
	Shared  bool
	Level   CompareLevel
	Known   time.Time // since when it is known that there is such an owner
	Run     int64     // which run compared it last
	At      time.Time // when it was last compared; zero: never
	Outcome Outcome   // of that; empty: never
	Whole   time.Time // when all that the level looks at was last compared; zero: never
}

// KeptDifference is a difference over time.
type KeptDifference struct {
	Number int64
	Copy   Copy // which was compared; the difference may be on the master alone
	Owner  string
	Shared bool
	Difference
	First time.Time // when it was first seen
	Last  time.Time // when it was last seen
	Gone  time.Time // when a comparison did not find it any more; zero: it is open
}

// Covers tells whether a level looks at all that another looks at.
func (l CompareLevel) Covers(other CompareLevel) bool {
	switch {
	case l == other:
		return true
	case l == CompareView:
		return other == CompareMarks || other == CompareAccounts
	case other == CompareView:
		return false
	}
	return l > other
}

// OneSided tells whether something is whole on one side only: what is lost with
// that side is lost for good.
func (d *Difference) OneSided() bool {
	switch d.Kind {
	case MessageMissing, MessageExtra, ContentDiffers, MailboxMissing, MailboxExtra, SpoolDamaged, Unreadable:
		return true
	}
	return false
}
