package monitor

import (
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
)

// CompareLevel is how closely a comparison looks. Each of the numbered levels
// looks at all that those below it look at.
type CompareLevel string

// Levels.
const (
	CompareMarks    CompareLevel = "1"    // counters and checksums of each mailbox
	CompareAccounts CompareLevel = "2"    // and rights, quotas, subscriptions, what was seen, annotations
	CompareMessages CompareLevel = "3"    // and each message's flags, dates, size and digest
	CompareSpool    CompareLevel = "4"    // and, of a sample, the files on the disk
	CompareView     CompareLevel = "user" // what the users themselves see
)

// DifferenceKind says in what master and replica differ. Missing and extra are
// as seen from the replica.
type DifferenceKind string

// Kinds of differences.
const (
	Identity       DifferenceKind = "identity" // counters or identifiers only
	MessageMissing DifferenceKind = "message_missing"
	MessageExtra   DifferenceKind = "message_extra"
	FlagsDiffer    DifferenceKind = "flags"
	ContentDiffers DifferenceKind = "content"
	MailboxMissing DifferenceKind = "mailbox_missing"
	MailboxExtra   DifferenceKind = "mailbox_extra"
	RightsDiffer   DifferenceKind = "acl"
	QuotaDiffers   DifferenceKind = "quota"
	Subscription   DifferenceKind = "subscription"
	SeenDiffers    DifferenceKind = "seen"
	Annotated      DifferenceKind = "annotation"
	SieveDiffers   DifferenceKind = "sieve"
	SpoolDamaged   DifferenceKind = "spool"
	Unreadable     DifferenceKind = "unreadable"
)

// Sought returns the lowest level that looks for what differs so wherever it is. A level
// below comes upon it where it looks closely for another reason.
func (k DifferenceKind) Sought() CompareLevel {
	switch k {
	case RightsDiffer, QuotaDiffers, Subscription, SeenDiffers, Annotated:
		return CompareAccounts
	case SpoolDamaged:
		return CompareSpool
	}
	return CompareMarks
}

// Certainty is how sure a difference is.
type Certainty string

// Certainties. Suspected: it may be that a change is only on its way.
const (
	Confirmed Certainty = "confirmed"
	Suspected Certainty = "suspected"
)

// Difference is something in which a replica differs from its master.
type Difference struct {
	Store   inventory.StoreID  `json:"store"`
	Server  inventory.ServerID `json:"server"`  // of the replica, or of the side that is damaged
	User    inventory.Text     `json:"user"`    // null: a shared tree
	Mailbox inventory.Text     `json:"mailbox"` // as an administrator names it; null: the account
	UIDs    inventory.Text     `json:"uids"`    // of the messages, as a set of IMAP such as 3:5,9
	Kind    DifferenceKind     `json:"kind"`
	Level   CompareLevel       `json:"level"`   // the lowest that shows it
	Master  inventory.Text     `json:"master"`  // what the master has; null: nothing
	Replica inventory.Text     `json:"replica"` // what the replica has; null: nothing

	Certainty Certainty `json:"certainty"`
	Text      string    `json:"text"` // what it is, in words
	// Repair is what to run, one after the other. It acts on all of a user, or of a
	// shared tree, so all differences of one have the same.
	Repair  []RepairStep   `json:"repair"`
	Warning inventory.Text `json:"warning"` // what the repair does beside that, a sentence a line

	Holder   inventory.Text `json:"holder"`    // whose mailbox it is, if it is somebody else's
	MasterID inventory.Text `json:"master_id"` // unique identifier of the master's mailbox, where the replica has not that one
	Saved    inventory.Text `json:"saved"`     // what became of that which only the replica has
	Unsaved  int64          `json:"unsaved"`   // messages that only the replica has, or flags of its own on so many, that are not saved
}

// FewUIDs are as many of the UIDs as a line has room for; the rest is "…".
func (d *Difference) FewUIDs() string {
	const most = 60
	uids := string(d.UIDs)
	if len(uids) > most {
		uids = uids[:strings.LastIndexByte(uids[:most], ',')+1] + "…"
	}
	return uids
}

// RepairStep is a command to run on a server, ready to paste into a shell.
type RepairStep struct {
	Server  inventory.ServerID `json:"server"`  // empty: where interlace runs
	Command inventory.Text     `json:"command"` // null: a name in it cannot be pasted safely
	Text    string             `json:"text"`    // what it does
}

// Uncompared is something that could not be compared.
type Uncompared struct {
	Store   inventory.StoreID  `json:"store"`
	Server  inventory.ServerID `json:"server"`
	User    inventory.Text     `json:"user"`
	Mailbox inventory.Text     `json:"mailbox"`
	What    string             `json:"what"` // such as subscriptions
	Why     string             `json:"why"`
	Denied  bool               `json:"denied"` // a server denies the user access
}

// InFlight is a difference that is not counted, since a change was on its way.
type InFlight struct {
	Store   inventory.StoreID  `json:"store"`
	Server  inventory.ServerID `json:"server"`
	User    inventory.Text     `json:"user"`
	Mailbox inventory.Text     `json:"mailbox"`
	Text    string             `json:"text"`
}

// Outcome is what a comparison says of a user or a shared tree.
type Outcome string

// Outcomes. Identical: all of it was compared, and there was no difference.
// Unknown: there was none in what could be compared, or a change was on its way.
const (
	Identical      Outcome = "identical"
	Different      Outcome = "different"
	UnknownOutcome Outcome = "unknown"
)

// Rank is larger for what is worse.
func (o Outcome) Rank() int {
	return slices.Index([]Outcome{Identical, UnknownOutcome, Different}, o)
}

// Compared is what a comparison says of one user or shared tree.
type Compared struct {
	Owner   string
	Shared  bool
	Outcome Outcome
	Whole   bool // all that the level looks at was compared
	// Unsure are the mailboxes, as an administrator names them, of which something
	// was in flight or could not be compared; an empty name is the account.
	Unsure      []inventory.Text
	Differences []Difference
}

// SpoolSample is how far the files on one side were checked, each against what
// the index of the same server says.
type SpoolSample struct {
	Store  inventory.StoreID  `json:"store"`
	Server inventory.ServerID `json:"server"`
	Role   inventory.Role     `json:"role"`
	// Replica is the replica that the store was compared with: of each a master reads a sample.
	Replica inventory.ServerID `json:"replica"`
	All     int64              `json:"all"` // messages there are
	// Checked are those whose files were read: what was drawn, one at least of each
	// mailbox, and all of those in which some were damaged before.
	Checked int64 `json:"checked"`
	Damaged int64 `json:"damaged"`
	// Most is the share of damaged messages that there are at most, at a confidence
	// of 95 %, by what was read; 1 where nothing was. Where all were read it is the share.
	Most float64 `json:"most"`
}

// Comparison is what came out of comparing masters with their replicas.
type Comparison struct {
	Level       CompareLevel
	Owners      []Compared
	Mailboxes   int
	Messages    int64 // that were compared one by one
	Differences []Difference
	InFlight    []InFlight
	Uncompared  []Uncompared
	Spool       []SpoolSample // of both sides, at the level of the spool
}
