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
	Number int64 // 1, 2, 3, … in the order in which they began
	Level  CompareLevel
	// Selection says in words what it is about: the same words for the same part of
	// the fleet, nothing for all of it. A watch begins its own with [ByWatch].
	Selection string
	// Flags are those that say how it compares, such as --sample=1.
	Flags     []string
	Began     time.Time
	Ended     time.Time // zero: it goes on, or was broken off
	Copies    int       // that were compared
	Identical int       // users and shared trees on them, as are the next two
	Different int
	Unknown   int
}

// ByWatch begins the selection of a run that a watch made.
const ByWatch = "watch of "

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

// CopyStanding is what is known of all users and shared trees of a copy at a level,
// from comparisons at that level or at one that looks at more.
type CopyStanding struct {
	Copy
	Level     CompareLevel
	Owners    int
	Trees     int // shared trees among the owners
	Identical int
	Different int
	Unknown   int
	Never     int       // never compared
	Complete  int       // of whom all that the level looks at was compared the last time
	Last      time.Time // when somebody was compared last; zero: never
	Since     time.Time // since when all were compared; zero: not all were
	Whole     time.Time // since when all were compared in all that the level looks at; zero: not all were
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
