package compare

import "github.com/interlacemail/interlace/inventory/cyrus"

// leadOf compares the counters of all mailboxes of both sides, each sorted by name.
func leadOf(master, replica []cyrus.Mailbox) (l cyrus.Lead) {
	for _, s := range suspects(master, replica, func(m, r *cyrus.Mailbox) bool { return !m.Readable || !r.Readable || another(m, r) }) {
		if s.master != nil && s.replica != nil {
			l.Add(s.name, s.master.Status, s.replica.Status)
		}
	}
	return l
}

// askForRoles prints no command: what removes the replica's copy, or makes it like the
// master's, would destroy what came last.
func (r *remedy) askForRoles() {
	r.warn("no command is printed: the roles look exchanged. %[1]s has seen more changes than %[2]s in %[3]d mailboxes of %[4]d users and shared trees, and fewer in %[5]d: find out which of the two serves the users; is it %[1]s, correct the roles in the inventory; is it %[2]s, see what has written to %[1]s, and compare with --roles-are-right",
		r.store.Replica.Server, r.store.Master.Server, r.lead.Replica, r.lead.Owners(), r.lead.Master)
}
