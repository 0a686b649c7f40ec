package monitor

import (
	"time"

	"github.com/interlacemail/interlace/inventory"
)

// Backlog is one sample of one channel: what its logs held at a time.
type Backlog struct {
	At      time.Time
	Server  inventory.ServerID
	Store   inventory.StoreID
	Role    inventory.Role
	Channel string
	Kind    ChannelKind

	Log, Run LogFile // the log that is written, and the one that is worked off or was left behind

	// Entries, and how many mailboxes and users they name, of both files
	// together; not known where a file is too large or could not be read.
	Entries, Mailboxes, Users inventory.Number

	Worker  int       // the process that has Run open, 0 for none or unknown
	Clients []Process // the rolling clients of the channel
	// ProcessesKnown is false where the processes could not be looked at.
	ProcessesKnown bool

	// Trouble says why the channel could not be looked at; then nothing above
	// but its name is known.
	Trouble string
}

// LogFile is one file of a channel. The zero value is a file that is not there.
type LogFile struct {
	Bytes int64
	Inode uint64
	First time.Time // its first entry: when it was created, or first seen where the file system does not say
	Last  time.Time // its last entry
	Taken time.Time // of a log that is worked off: when it was renamed
}

// Exists reports whether the file is there.
func (f *LogFile) Exists() bool { return f.Inode != 0 }

// Bytes returns the size of both files.
func (b *Backlog) Bytes() int64 { return b.Log.Bytes + b.Run.Bytes }

// Oldest returns the time of the oldest entry, or the zero time if there is none.
func (b *Backlog) Oldest() time.Time {
	if b.Run.Exists() {
		return b.Run.First
	}
	return b.Log.First
}

// Age returns how long the oldest entry has waited, never less than nothing:
// clocks of file systems and of programs differ.
func (b *Backlog) Age() time.Duration {
	if b.Oldest().IsZero() {
		return 0
	}
	return max(0, b.At.Sub(b.Oldest()))
}

// Batch is one log that was worked off, from its renaming to its end.
type Batch struct {
	Server  inventory.ServerID
	Store   inventory.StoreID
	Role    inventory.Role
	Channel string
	Kind    ChannelKind
	Begun   time.Time
	Lasted  time.Duration
	First   time.Time // its oldest entry

	Bytes     int64 // of the log
	Entries   int
	Mailboxes int
	Sent      inventory.Number // bytes that the client wrote meanwhile
	Trip      inventory.Number // seconds of a round trip to the replica, as it was last measured
}

// Level is what thresholds say of a channel.
type Level string

// Levels.
const (
	LevelOK      Level = "ok"
	LevelBehind  Level = "behind"
	LevelAlert   Level = "alert"
	LevelUnknown Level = "unknown"
)

// Verdict is what the course of a channel says, without thresholds.
type Verdict string

// Verdicts. Stopped: no rolling client. Stalled: the client lives, and works on
// the same log over two samples without any progress while entries arrive.
// Behind: batches end, but the oldest entry gets older and older. Flapping: the
// verdict keeps changing.
const (
	OK       Verdict = "ok"
	Stopped  Verdict = "stopped"
	Stalled  Verdict = "stalled"
	Behind   Verdict = "behind"
	Flapping Verdict = "flapping"
	Unknown  Verdict = "unknown"
)

// Lag is what is known of a channel now, and foreseen.
type Lag struct {
	Store     inventory.StoreID  `json:"store"`
	Server    inventory.ServerID `json:"server"`
	Channel   string             `json:"channel"`
	Peer      inventory.Text     `json:"peer"`
	Verdict   Verdict            `json:"verdict"`
	Level     Level              `json:"level"`
	Bytes     inventory.Number   `json:"backlog_bytes"`
	Entries   inventory.Number   `json:"entries"`
	Mailboxes inventory.Number   `json:"mailboxes"`
	Oldest    inventory.Number   `json:"oldest_seconds"`
	// Predicted is how long it takes until nothing that is there now is left,
	// with Spread to both sides: 8 of 10 predictions are to lie within it.
	Predicted inventory.Number `json:"predicted_seconds"`
	Spread    inventory.Number `json:"predicted_spread_seconds"`
	// WouldLose is the age of the oldest change that the loss of the master's
	// server would lose now.
	WouldLose inventory.Number `json:"would_lose_seconds"`
	Since     inventory.Text   `json:"since"`  // when the verdict began, RFC 3339
	Seen      inventory.Text   `json:"seen"`   // when the channel was last looked at, RFC 3339
	Reason    inventory.Text   `json:"reason"` // why the verdict is what it is, in words
	Alerts    []OpenAlert      `json:"alerts"` // what else is wrong with the store, the worst first
}

// OpenAlert is what a channel tells of an alert that has not ended.
type OpenAlert struct {
	Number   int64          `json:"number"`
	Kind     Kind           `json:"kind"`
	Severity Severity       `json:"severity"`
	Stage    Stage          `json:"stage"`
	Server   inventory.Text `json:"server"`
	Since    inventory.Text `json:"since"`
	Text     string         `json:"text"`
	Command  inventory.Text `json:"command"`
}

// Stretch is a number of looks at a channel, one after the other, that saw the same.
type Stretch struct {
	Backlog           // the first look
	Until   time.Time // the last look
	Looks   int
}

// Hour is what became of the looks at a channel within an hour.
type Hour struct {
	Server  inventory.ServerID
	Store   inventory.StoreID
	Role    inventory.Role
	Channel string
	Kind    ChannelKind

	Begins time.Time
	Looks  int // those that saw something
	Blind  int // those that could not look
	// In bytes, and in seconds; not known where no look saw anything.
	BytesMean, BytesMost, AgeMean, AgeMost inventory.Number
}

// Quantiles say how much half of the looks saw at most, 95 and 99 of 100, and all
// of them.
type Quantiles struct {
	P50 inventory.Number `json:"p50"`
	P95 inventory.Number `json:"p95"`
	P99 inventory.Number `json:"p99"`
	Max inventory.Number `json:"max"`
}

// Watched is a channel that has been looked at.
type Watched struct {
	Server  inventory.ServerID
	Store   inventory.StoreID
	Role    inventory.Role
	Channel string
	Kind    ChannelKind
	Seen    time.Time // the last look that is kept, or zero
}

// Span asks for what was seen of some channels in some time. Empty names stand
// for all.
type Span struct {
	Server  inventory.ServerID
	Store   inventory.StoreID
	Channel string
	From    time.Time
	Until   time.Time // exclusive; the zero time is no end
}
