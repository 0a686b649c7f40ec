package monitor

import (
	"time"

	"github.com/interlacemail/interlace/inventory"
)

// Step is one step of carrying out a part of a plan on the live fleet.
type Step string

// Steps of moving users from store to store, in their order. Up to [StepAllowTarget] all of
// them can be undone; from there on there is mail on the new store only.
const (
	StepCheck        Step = "check"         // everything is as the plan takes it to be, and there is room
	StepDenyTarget   Step = "deny_target"   // nobody logs in as the users where they will be
	StepCopy         Step = "copy"          // the bulk is copied while they work
	StepDenySource   Step = "deny_source"   // whoever may write is kept out where they are
	StepDelta        Step = "delta"         // what came since is copied
	StepProveTarget  Step = "prove_target"  // the copy is the original
	StepPush         Step = "push"          // the new store's replicas get it
	StepProveReplica Step = "prove_replica" // they have it
	StepRoute        Step = "route"         // mail and clients are sent to the new store
	StepAllowTarget  Step = "allow_target"  // they may log in there
	StepCanary       Step = "canary"        // a login and a delivery there work
	StepAllowWriters Step = "allow_writers" // who stays may log in again on the old store
	StepKeep         Step = "keep"          // the original has stayed, and been denied, for its time
	StepDeleteSource Step = "delete_source" // the original is removed
	StepAllowSource  Step = "allow_source"  // the old store knows nothing of them any more
)

// Further steps, of changing which servers carry a store. The operator's own hook makes,
// starts, stops and removes instances.
const (
	StepCreate        Step = "create"         // there is an empty instance and, to a replica, a channel
	StepConnect       Step = "connect"        // it is as it has to be, and the master logs for it
	StepSeed          Step = "seed"           // it has what the master has
	StepProveAccounts Step = "prove_accounts" // what users have beside messages is the same where that command has copied
	StepProveSpool    Step = "prove_spool"    // every message that the operator's command has copied is what it was
	StepProveAlike    Step = "prove_alike"    // replicas are like the master, and behind by nothing
	StepServe         Step = "serve"          // the instance is in service
	StepStop          Step = "stop"           // nothing of the old master runs; its users are kept out
	StepDrain         Step = "drain"          // what it had logged is on its replicas
	StepPromote       Step = "promote"        // the replica is the master
	StepProveSends    Step = "prove_sends"    // the new master replicates, the old one does not
	StepRemove        Step = "remove"         // the replica is removed
	StepProveGone     Step = "prove_gone"     // nothing of it is left that runs or is sent to
)

// Copies reports whether the step copies the bulk, which takes as long as that takes.
func (s Step) Copies() bool { return s == StepCopy || s == StepSeed }

// StepState is how far a step is.
type StepState string

// States of a step. Began is written before anything is done, so that a step of which
// nothing else is known may be in effect or not.
const (
	StepBegan   StepState = "began"
	StepDone    StepState = "done"
	StepFailed  StepState = "failed"
	StepUndoing StepState = "undoing" // what the step did is about to be taken back
	StepUndone  StepState = "undone"
	// StepRecalled says that the unit is to be taken back, whoever goes on with it; of the step
	// nothing has changed.
	StepRecalled StepState = "recalled"
	// StepWithdrawn says that this is not asked for any more.
	StepWithdrawn StepState = "withdrawn"
)

// StepRecord is an entry of the journal of what was carried out.
type StepRecord struct {
	Number int64 // in the journal
	Plan   string
	Unit   string // the part of the plan that goes together
	Step   Step
	State  StepState
	At     time.Time
	Text   inventory.Text // what came of it, or why it failed
	Data   string         // what later steps need to know of it
}

// Apply is the carrying out of plans that belong together.
type Apply struct {
	Number int64
	Plans  []string // ids, in the order in which the plans follow one another, a schedule last
	By     string   // who began it
	Began  time.Time
	Ended  time.Time // zero: something is left to do
	Stop   time.Time // when its end was last asked for since it was gone on with; zero: it was not
}
