package monitor

import (
	"time"

	"github.com/interlacemail/interlace/inventory"
)

// Stage is how far an alert has come.
type Stage string

// Stages. Pending: found, but not yet for long enough to be told. Firing: told,
// and still found. Resolved: no longer found.
const (
	Pending  Stage = "pending"
	Firing   Stage = "firing"
	Resolved Stage = "resolved"
)

// Alert is a finding over time. It ends when it is resolved; when the same is
// found again later, that is another alert with the same Key.
type Alert struct {
	Number int64  // 1, 2, 3, … in the order in which they began
	Key    string // what it is about: the same for the same kind, server, store, channel and subject

	Finding  // as it was last seen
	Stage    Stage
	Began    time.Time // when it was first found, or since when the finding says it is so
	Seen     time.Time // when it was last found
	Fired    time.Time // zero as long as it is pending
	Resolved time.Time // zero as long as it is found
	Peak     inventory.Number

	Acknowledged *Acknowledgement // nil, or who takes care of it
}

// Acknowledgement says who takes care of an alert; it holds until the alert ends.
type Acknowledgement struct {
	By, Comment string
	At          time.Time
}

// Silence is an operator's word that alerts which match are not to be told.
type Silence struct {
	Number      int64
	Matchers    []Matcher // all must match
	Author      string
	Comment     string
	From, Until time.Time
}

// Matcher compares a field of a finding (kind, severity, server, store, channel,
// subject) with a value, in which * stands for any text.
type Matcher struct {
	Field string
	Value string
	Not   bool
}

// Message is something to tell, kept until it has been told.
type Message struct {
	Number  int64
	Route   string // mail, webhook or alertmanager
	ID      string // its Message-ID: the same for the same incident and stage
	Answers string // the Message-ID of the message that began the thread, or empty
	Subject string
	Body    string
	Made    time.Time
	Due     time.Time // not to be tried before
	Tries   int
	Sent    time.Time // zero as long as it has not been
	Trouble string    // why the last try failed
}

// Action is something that interlace did to a mail server, or tried to.
type Action struct {
	Number  int64
	At      time.Time
	Ended   time.Time
	By      string // the account and the command that caused it
	What    string // such as recover
	Server  inventory.ServerID
	Store   inventory.StoreID
	Channel string
	Command []string
	Outcome string // done, refused, failed
	Text    string // why, or what the command wrote
}
