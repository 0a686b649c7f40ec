package cyrus

// Lead counts the mailboxes of which one of two copies has seen more changes than the other,
// and whose those are. The zero value has counted nothing.
type Lead struct {
	Replica, Master int // mailboxes of which the replica, or the master, has seen more
	owners          map[Owner]bool
}

// Add counts a mailbox that both have, by its counters on both sides, and reports whether the
// replica has seen more.
func (l *Lead) Add(name InternalName, master, replica Status) bool {
	switch {
	case replica.HighestModSeq > master.HighestModSeq, replica.UIDNext > master.UIDNext:
		if l.owners == nil {
			l.owners = map[Owner]bool{}
		}
		owner, _, _ := name.Owner()
		l.owners[owner] = true
		l.Replica++
		return true
	case master.HighestModSeq > replica.HighestModSeq:
		l.Master++
	}
	return false
}

// Owners returns of how many users and shared trees the replica has seen more.
func (l *Lead) Owners() int { return len(l.owners) }

// Many mailboxes of several owners are not what a client that came to the replica by mistake
// has done, nor a reconstruct of one user.
const manyAhead, manyOwners, timesAhead = 10, 5, 9

// Exchanged tells whether it looks as if the replica is the master, and the master its
// replica.
func (l *Lead) Exchanged() bool {
	return l.Replica >= manyAhead && l.Owners() >= manyOwners && l.Replica >= timesAhead*l.Master
}
