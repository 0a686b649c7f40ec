package discover

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
)

// Ask reads one instance, which is expected to have so many mailboxes; 0 is no
// expectation. It knows how to log in there.
type Ask func(ctx context.Context, in inventory.Instance, mailboxes int) (*cyrus.Snapshot, error)

// Options say how to ask and what to make of the answers.
type Options struct {
	// Connections is how many connections one server gets at a time; 0 means 1.
	Connections int
	// Parallel is how many stores are asked at a time; 0 means 16.
	Parallel int
	// Timeout is the most that one instance may take; 0 means 10 minutes.
	Timeout time.Duration

	// Partial accepts that instances do not answer: their users, shares and
	// settings stay as they were.
	Partial bool
	// Admins are accounts that are no users: shares with them do not count.
	Admins []string

	// Now is the time of the discovery; the zero time is the present.
	Now time.Time
	// Earlier are the counters of an earlier discovery; nil if there was none.
	Earlier *Counters
	// KeepSource is how long a moved user's mailboxes may stay at the old place;
	// 0 means 14 days.
	KeepSource time.Duration
	// Moved are users and shared trees of whom is known where they are used, though other
	// stores have, or may have, mailboxes of their names.
	Moved map[inventory.UserID]Moved
	// Decide is asked about users who are on the masters of several stores when nothing
	// else tells which one they use. Nil: nobody is asked.
	Decide func(ctx context.Context, doubtful map[inventory.UserID][]inventory.StoreID) map[inventory.UserID]Decision

	// Progress is called after each instance that was asked, one call at a time.
	Progress func(done, all int)
}

// Moved is where somebody is who was moved, or is being moved.
type Moved struct {
	Store inventory.StoreID
	On    inventory.Date      // the day of the move; empty: it is under way
	Left  []inventory.StoreID // where an original is kept, or a copy is being made
}

// Decision is on which store a user is, or why that is not known.
type Decision struct {
	Store inventory.StoreID // or empty
	Why   string
}

func (o Options) withDefaults() Options {
	if o.Connections == 0 {
		o.Connections = 1
	}
	if o.Parallel == 0 {
		o.Parallel = 16
	}
	if o.Timeout == 0 {
		o.Timeout = 10 * time.Minute
	}
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	o.Now = o.Now.UTC()
	if o.KeepSource == 0 {
		o.KeepSource = 14 * 24 * time.Hour
	}
	return o
}

// Result is what a discovery found.
type Result struct {
	// Inventory is the fleet as it is now, sorted and valid; nil if a finding
	// stopped the discovery.
	Inventory *inventory.Inventory
	// Findings are those that stop first, then sorted by kind and subject.
	Findings []Finding
	// Counters are for the next discovery. Without an inventory they are those
	// of Options.Earlier.
	Counters *Counters
	// Asked and Answered count instances.
	Asked, Answered int
}

// Fleet asks all instances of the inventory's stores and returns the fleet as it
// is. The inventory must be sorted, and is left alone. The error is not nil only
// when ctx ended or there is nobody to ask; whatever else is wrong is a finding.
func Fleet(ctx context.Context, inv *inventory.Inventory, ask Ask, o Options) (*Result, error) {
	o = o.withDefaults()
	views, err := askAll(ctx, inv, ask, o)
	if err != nil {
		return nil, err
	}
	result := &Result{Counters: o.Earlier}
	for i := range views {
		result.Asked += views[i].asked
		result.Answered += views[i].answered
		result.Findings = append(result.Findings, views[i].findings...)
	}
	if result.Asked == 0 {
		return nil, errors.New("no instance has the address of an IMAP service")
	}
	b := builder{old: inv, now: inv.Clone(), views: views, options: o, unseen: map[inventory.UserID]inventory.StoreID{}}
	if b.build(ctx); ctx.Err() != nil {
		return nil, ctx.Err()
	}
	result.Findings = append(result.Findings, b.findings...)
	if !stops(result.Findings) {
		result.Findings = append(result.Findings, b.check()...)
	}
	sortFindings(result.Findings)
	if !stops(result.Findings) {
		result.Inventory, result.Counters = b.now, b.counters
	}
	return result, nil
}

func stops(findings []Finding) bool {
	return slices.ContainsFunc(findings, func(f Finding) bool { return f.Stops })
}
