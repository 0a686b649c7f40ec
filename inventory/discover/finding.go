package discover

import (
	"cmp"
	"errors"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
)

// Kind is a kind of finding.
type Kind string

// Kinds of findings. Those in the first group stop a discovery.
const (
	Unreachable  Kind = "unreachable"  // an instance did not answer; with Options.Partial it does not stop
	NoAddress    Kind = "no_address"   // a master has no address of its IMAP service; a replica's does not stop
	Murder       Kind = "murder"       // an instance is part of a Cyrus murder, where other rules hold
	NoUsers      Kind = "no_users"     // a store lost all its users and they are nowhere else, or has nothing where its replica has
	Unacceptable Kind = "unacceptable" // what was found is no valid inventory

	ReplicaWritten    Kind = "replica_written"    // a replica has changes that its master has not
	ReplicaIncomplete Kind = "replica_incomplete" // a replica lacks mailboxes that its master has
	ServerDown        Kind = "server_down"        // not asked, because the server is down
	TwoMasters        Kind = "two_masters"        // a user is on the masters of several stores, and nobody knows which one is used
	LeftBehind        Kind = "left_behind"        // a moved user's mailboxes are still at the old place
	OriginalsKept     Kind = "originals_kept"     // a store keeps the originals of those who were moved
	CopiesMade        Kind = "copies_made"        // a store has copies of those who are being moved there, or back
	Unreadable        Kind = "unreadable"         // a server does not tell what is in a mailbox
	TellsLess         Kind = "tells_less"         // an old master tells no messages, or no bytes
	ClockBack         Kind = "clock_back"         // an earlier discovery is in the future
	OddVersion        Kind = "odd_version"        // a server tells a version that can't be compared
	TreeOnStores      Kind = "tree_on_stores"     // shared trees of one name on several stores
	UnknownGrantee    Kind = "unknown_grantee"    // a folder is open to somebody who is not there
)

// Finding is something that a discovery met and a person should know.
type Finding struct {
	Kind   Kind
	Stops  bool // there is no inventory because of it
	Store  inventory.StoreID
	Server inventory.ServerID
	User   inventory.UserID
	Text   string
	Hint   string // what to do; may be empty
	Err    error  // why an instance did not answer
	Cause  string // the same without the instance, so that equal ones can be told together
}

// Refused reports whether the instance is there and does not let us in.
func (f *Finding) Refused() bool {
	return errors.Is(f.Err, cyrus.ErrLogin) || errors.Is(f.Err, cyrus.ErrTLS)
}

// sortFindings puts those that stop first, then sorts by kind and subject.
func sortFindings(list []Finding) {
	slices.SortFunc(list, func(a, b Finding) int {
		if a.Stops != b.Stops {
			if a.Stops {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Store, b.Store), cmp.Compare(a.Server, b.Server),
			cmp.Compare(a.User, b.User), cmp.Compare(a.Text, b.Text))
	})
}
