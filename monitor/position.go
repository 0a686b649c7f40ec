package monitor

import (
	"time"

	"github.com/interlacemail/interlace/inventory"
)

// Position is how far one file of a log, or a journal, has been told. A log that
// is rotated consists of several files.
type Position struct {
	Log    string // path of the log, or the name of the journal
	Inode  uint64 // of the file; 0: there was none yet, or it is a journal
	Offset int64  // of the first byte that has not been told; in compressed files of the text
	// Head are the first bytes of the file and Tail those before Offset: they tell
	// the file from another one at its place, and find it under another name.
	Head, Tail []byte
	// Within says that the line at Offset has been told as far as it will be.
	Within bool
	Cursor string    // of a journal
	Seen   time.Time // when the log was last looked at
}

// Milestone is the last time that an instance did what it has to do regularly.
type Milestone struct {
	Server inventory.ServerID
	Store  inventory.StoreID
	What   string // such as [Expired]
	At     time.Time
}

// What instances do, as lines of their logs say it.
const (
	Expired       = "expire"
	Reconstructed = "reconstruct"
)

// Told is what was found in logs, and how far they have been read for it. Both
// are kept in one transaction, so that after a crash no line is told again, and
// none is missing.
type Told struct {
	Findings   []Finding
	Positions  []Position // all of each log that is named
	Milestones []Milestone
}

// Note is a finding that was kept and has not been taken yet.
type Note struct {
	Number int64 // 1, 2, 3, … in the order in which they were kept
	At     time.Time
	Finding
}
