package compare

import (
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
)

// Side is one copy of a store.
type Side struct {
	Server inventory.ServerID
	IMAP   cyrus.Options // as an administrator
	Conf   string        // path of imapd.conf on the server, for repairs; empty: Cyrus's own default
}

// Pair is a store's master and one of its replicas.
type Pair struct {
	Store           inventory.StoreID
	Master, Replica Side
}

// Backlog is what is known of changes that the replica does not have yet.
type Backlog int

// Backlogs.
const (
	BacklogUnknown Backlog = iota // nobody has looked lately
	NothingWaits                  // the sync log was empty, or held only what came a moment ago
	ChangesWait
)

// Options say how to compare.
type Options struct {
	Level monitor.CompareLevel
	// Backlog is what is known of the store's replication.
	Backlog Backlog
	// Tries is how often what differs is looked at again, Pause what passes
	// between two looks. Zero means 3 and 2 seconds.
	Tries int
	Pause time.Duration
}

func (o Options) withDefaults() Options {
	if o.Tries == 0 {
		o.Tries = 3
	}
	if o.Pause == 0 {
		o.Pause = 2 * time.Second
	}
	return o
}
