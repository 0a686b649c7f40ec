package inventory

// Kind tells a mail user from a shared tree.
type Kind uint8

// Kinds of users.
const (
	Person Kind = iota // "user" in files
	Shared             // "shared": a top-level shared mailbox outside any user
)

// String returns the word that files use.
func (k Kind) String() string {
	if k == Shared {
		return "shared"
	}
	return "user"
}

// Count is a number of things, or Unknown.
type Count int64

// Unknown is a count that nobody has told us.
const Unknown Count = -1

// Date is a day in the form 2006-01-02, or empty.
type Date string

// User is a mail user or a shared tree, and where it lives.
type User struct {
	Name  UserID
	Store StoreID
	Load  Load
	Moved Date // last day it was moved; empty if never or unknown

	Messages  Count
	Mailboxes Count

	Kind      Kind
	Pinned    bool  // stays where it is
	Estimated uint8 // bit i is set where Load[i] is estimated rather than measured
}

// Share is a folder that its owner opened to a grantee.
type Share struct {
	Owner   UserID // a user or shared tree
	Folder  string // mailbox name without the owner's part; empty for the top one
	Grantee string // a user, shared tree, group:…, anyone; a leading "-" means negative rights
	Rights  string // as the server writes them, RFC 4314
}

// Membership says that a user belongs to a group that access lists may name.
type Membership struct {
	Group  string // without the leading "group:"
	Member UserID
}
