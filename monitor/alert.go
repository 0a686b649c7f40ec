package monitor

import (
	"strconv"
	"strings"
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

	Finding                     // as it was last seen
	Watcher  inventory.ServerID // whose look it was that found it last
	Stage    Stage
	Began    time.Time // when it was first found, or since when the finding says it is so
	Seen     time.Time // when it was last found
	Missed   int       // looks since then that did not find it
	Gone     time.Time // the first of those; zero where there is none
	Fired    time.Time // zero as long as it is pending
	Resolved time.Time // zero as long as it is found
	Peak     inventory.Number
	Flaps    int // how many alerts with the same key ended shortly before, one after the other

	Told     Severity // the worst that was told of it, empty if nothing was
	Closed   bool     // it is resolved, and whoever had to be told was
	Withheld string   // why it is not told now, or empty

	Acknowledged *Acknowledgement // nil, or who takes care of it
}

// followsFrom begins why an alert is not told that follows from another.
const followsFrom = "follows from alert "

// FollowsFrom is why an alert is not told: what it says follows from another one, which
// has this number.
func FollowsFrom(cause int64) string { return followsFrom + strconv.FormatInt(cause, 10) }

// Follows reports whether what it says is told by another alert, from which it follows.
func (a *Alert) Follows() bool { return strings.HasPrefix(a.Withheld, followsFrom) }

// Look is one run of a probe on a server, and what it found.
type Look struct {
	Probe    Probe
	Watcher  inventory.ServerID // where it ran
	Findings []Finding
	// Blind are the instances that it could not look at: what was found there
	// before has not gone away.
	Blind []inventory.StoreID
}

// AlertState is what is known of alerts between two rounds.
type AlertState struct {
	Last     int64        // the number of the alert that began last
	Alerts   []Alert      // those that have not ended, and those that ended lately, by number
	Groups   []AlertGroup // by key
	Silences []Silence    // in force or to come, by number; rounds do not change them
	Budget   time.Time    // when as many messages may be sent at once as ever
	Beat     time.Time    // when the last heartbeat was made
}

// AlertGroup is a number of alerts that are told together. It ends with the last
// of them.
type AlertGroup struct {
	Key      string
	Waits    time.Time // since when something waits to be told, or zero
	Told     time.Time // when something was told last, or zero
	Worst    Severity  // of what was told then
	Messages int       // how many there were
	Root     string    // the Message-ID of the first
}

// Lasted returns until when an alert that is over has lasted: until the first look that
// did not find it any more, though that it is over is known only when it has stayed
// away for a while.
func (a *Alert) Lasted() time.Time {
	if a.Gone.IsZero() || a.Settled() {
		return a.Resolved
	}
	return a.Gone
}

// Settled reports whether an alert ended because somebody acknowledged what was
// found as it was. It is not told again as long as that does not change.
func (a *Alert) Settled() bool {
	return a.Stage == Resolved && a.Acknowledged != nil && a.Mark != ""
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
	Host    string // the server whose watch made it
	Route   string // webhook, or mail: and an address; each on its own, since one may refuse what another takes
	Thread  string // messages of one thread on one route are told in the order of their numbers
	ID      string // its Message-ID: the same for the same incident and stage
	Answers string // the Message-ID of the message that began the thread, or empty
	Subject string
	Body    string
	Made    time.Time
	Until   time.Time // not worth telling after that; zero: always
	Due     time.Time // not to be tried before
	Tries   int
	Sent    time.Time // zero as long as it has not been
	Dropped time.Time // when it was given up, or zero
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
	Outcome string // done, refused, failed, interrupted
	Text    string // why, or what the command wrote
}
