package compare

import (
	"context"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
)

// Side is one copy of a store.
type Side struct {
	Server   inventory.ServerID
	IMAP     cyrus.Options // as an administrator
	Conf     string        // path of imapd.conf on the server, for repairs; empty: Cyrus's own default
	Programs string        // directory of Cyrus's programs there, for repairs; empty: nobody knows
	CSync    string        // host:port of the sync server, for repairs of one replica of several; empty: nobody knows
}

// Spot is a mailbox on a server, as its administrator names it.
type Spot struct {
	Server  inventory.ServerID
	Mailbox inventory.Text
}

// Pair is a store's master and one of its replicas.
type Pair struct {
	Store           inventory.StoreID
	Master, Replica Side
	// Several tells that the store has further replicas. What repairs this one must not go
	// to another.
	Several bool
	// Channel returns the channel over which the master sends to this replica, as
	// sync_log_channels in its imapd.conf names it: "" within the quotes is the default one.
	// It is asked for repairs, by one at a time; nil: nobody knows.
	Channel func() (string, error)
}

// Options say how to compare.
type Options struct {
	Level monitor.CompareLevel
	// Choose is told all users and shared trees that either side has, by name, and
	// returns those to compare, in this order; nil means all.
	Choose func([]cyrus.Owner) ([]cyrus.Owner, error)
	// Enough is asked now and then whether to begin with no one else; nil means never.
	Enough func() bool
	// Finished is told what was found of users and shared trees as they are done. Of
	// one it may be told again when something came out later. Its error ends the
	// comparison; it may be nil.
	Finished func([]monitor.Compared) error
	// Carried is asked, before a look, until when everything that was changed on the
	// master has reached the replica; the zero time: nobody knows. Nil means the same.
	// It is asked by one at a time.
	Carried func(context.Context) time.Time
	// Patience is how long that is waited for when something that may be on its way
	// stands still, and as long as it grows. Zero means [DefaultPatience].
	Patience time.Duration
	// Tries is how often what differs is looked at again, Pause what passes
	// between two looks. Zero means 3 and 2 seconds.
	Tries int
	Pause time.Duration

	// Connections is how many each server gets at once; zero means one.
	Connections int
	// Rate is how many mailboxes, or users, a second each server is asked about
	// where they are asked about one by one; zero is no limit. A server that
	// answers more slowly than at first is given pauses whatever the rate.
	Rate float64
	// Sample is the share of all messages whose files are read at the level of the
	// spool, and Seed says which. Zero means one in a hundred. Of each mailbox one file
	// is read at least, and all of it where some were found damaged before.
	Sample  float64
	Seed    uint64
	Damaged map[Spot]bool
	// Roles tells that the roles were found to be right, where they look exchanged: repairs
	// are printed then.
	Roles bool
	// Save is a directory that gets, as files, the messages that a repair of the
	// replica would destroy: those that only the replica has. Empty saves nothing.
	Save string
	// Progress is told how many of the mailboxes and users that are asked about one
	// by one are done, from one goroutine at a time; it may be nil.
	Progress func(done, all int)
}

// DefaultPatience is how long it is waited for what may be on its way to a replica.
const DefaultPatience = 30 * time.Second

func (o Options) withDefaults() Options {
	if o.Tries == 0 {
		o.Tries = 3
	}
	if o.Pause == 0 {
		o.Pause = 2 * time.Second
	}
	if o.Carried == nil {
		o.Carried = func(context.Context) time.Time { return time.Time{} }
	}
	if o.Patience == 0 {
		o.Patience = DefaultPatience
	}
	if o.Connections == 0 {
		o.Connections = 1
	}
	if o.Sample == 0 {
		o.Sample = 0.01
	}
	if o.Enough == nil {
		o.Enough = func() bool { return false }
	}
	if o.Progress == nil {
		o.Progress = func(int, int) {}
	}
	return o
}

// at tells whether the level looks at what a level of a number looks at.
func (o Options) at(level monitor.CompareLevel) bool { return rank(o.Level) >= rank(level) }

// rank puts what a user sees beside the accounts: beyond those it looks at
// everything in its own way.
func rank(level monitor.CompareLevel) int {
	switch level {
	case monitor.CompareMarks:
		return 1
	case monitor.CompareAccounts, monitor.CompareView:
		return 2
	case monitor.CompareMessages:
		return 3
	}
	return 4
}
