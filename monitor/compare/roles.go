package compare

import "github.com/interlacemail/interlace/inventory/cyrus"

// lead counts the mailboxes, and their owners, of which one side has seen more changes than
// the other one, and how many of them that is the master of.
type lead struct{ replica, owners, master int }

// leadOf compares the counters of all mailboxes of both sides, each sorted by name.
func leadOf(master, replica []cyrus.Mailbox) (a lead) {
	owners := map[cyrus.Owner]bool{}
	for _, s := range suspects(master, replica, func(m, r *cyrus.Mailbox) bool { return !m.Readable || !r.Readable || another(m, r) }) {
		if s.master == nil || s.replica == nil {
			continue
		}
		m, r := &s.master.Status, &s.replica.Status
		switch {
		case r.HighestModSeq > m.HighestModSeq, r.UIDNext > m.UIDNext:
			owner, _, _ := s.name.Owner()
			owners[owner] = true
			a.replica++
		case m.HighestModSeq > r.HighestModSeq:
			a.master++
		}
	}
	a.owners = len(owners)
	return a
}

// Many mailboxes of several owners are not what a client has done that came to the
// replica by mistake.
const manyAhead, manyOwners, timesAhead = 10, 5, 9

// exchanged tells whether it looks as if the replica is the master, and the master its
// replica.
func (a lead) exchanged() bool {
	return a.replica >= manyAhead && a.owners >= manyOwners && a.replica >= timesAhead*a.master
}

// askForRoles prints no command: what removes the replica's copy, or makes it like the
// master's, would destroy what came last.
func (r *remedy) askForRoles() {
	r.warn("no command is printed: the roles look exchanged. %[1]s has seen more changes than %[2]s in %[3]d mailboxes of %[4]d users and shared trees, and fewer in %[5]d: find out which of the two serves the users; is it %[1]s, correct the roles in the inventory; is it %[2]s, see what has written to %[1]s, and compare with --roles-are-right",
		r.store.Replica.Server, r.store.Master.Server, r.lead.replica, r.lead.owners, r.lead.master)
}
