package monitor

import (
	"slices"
	"time"

	"github.com/interlacemail/interlace/inventory"
)

// Fulfilment is what is found of a promise.
type Fulfilment string

// Fulfilments. What could not be looked at is unknown, and never met.
const (
	Met               Fulfilment = "met"
	Unmet             Fulfilment = "unmet"
	UnknownFulfilment Fulfilment = "unknown"
)

// Rank is larger for what is worse.
func (f Fulfilment) Rank() int {
	return slices.Index([]Fulfilment{Met, UnknownFulfilment, Unmet}, f)
}

// Worse returns the worse of two fulfilments.
func (f Fulfilment) Worse(other Fulfilment) Fulfilment {
	if other.Rank() > f.Rank() {
		return other
	}
	return f
}

// PromiseName names what a plan promises. The identifiers are part of the contract.
// Those of figures are the names that plans give them.
type PromiseName string

// Promises of a plan that was carried out.
const (
	PromiseChanges   PromiseName = "changes"      // every change was made
	PromisePlacement PromiseName = "placement"    // who moved is on the new store only
	PromiseRouting   PromiseName = "routing"      // and is sent there
	PromiseCopies    PromiseName = "copies"       // the replicas are like the masters
	PromiseNothing   PromiseName = "nothing_lost" // what is kept on the old store is on the new one
	PromiseCaughtUp  PromiseName = "caught_up"    // nothing waits for the replicas
	PromiseShares    PromiseName = "shares"       // shared folders can be read
	PromiseSpool     PromiseName = "spool"        // each message was read whole: on every copy of who moved before originals are deleted, and on a new replica to which a command copied, where users lack nothing else either
	PromiseTakenBack PromiseName = "taken_back"   // what was taken back is as it was before
)

// Promise is what a plan promised, and what was found of it.
type Promise struct {
	Name     PromiseName `json:"promise"`
	Verdict  Fulfilment  `json:"verdict"`
	Expected string      `json:"expected"`
	Found    string      `json:"found"`
	Doubts   []Doubt     `json:"doubts"` // all that is not met
}

// Doubt is something of a promise that is not met, or not known. Fields without
// meaning for it are null.
type Doubt struct {
	Verdict  Fulfilment     `json:"verdict"`
	Unit     inventory.Text `json:"unit"` // the part of the plan that went together
	User     inventory.Text `json:"user"` // or shared tree
	Store    inventory.Text `json:"store"`
	Server   inventory.Text `json:"server"`
	Mailbox  inventory.Text `json:"mailbox"` // as an administrator names it
	Expected string         `json:"expected"`
	Found    string         `json:"found"`
	Next     string         `json:"next"`    // what to do
	Command  inventory.Text `json:"command"` // what to paste for that
}

// Occasion is why it was asked whether a plan is kept.
type Occasion string

// Occasions.
const (
	OnceDone       Occasion = "once_done"       // it was carried out
	AfterADay      Occasion = "after_a_day"     // a day ago
	BeforeDeletion Occasion = "before_deletion" // what was moved is about to be deleted at its old place
	OnRequest      Occasion = "on_request"
)

// Confirmation is what was found when it was asked whether what a plan promised is so.
type Confirmation struct {
	Number   int64 // 1, 2, 3, … in the order in which they were asked for
	Plan     string
	Unit     string // of the plan; empty: all of it
	At       time.Time
	By       string // the account that asked, and with what
	Occasion Occasion
	Verdict  Fulfilment
	Promises []Promise
	// Unbegun tells that nothing of the plan was begun, so that it has promised nothing to
	// anybody yet. It is not kept.
	Unbegun bool
}
