package compare

import (
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// withoutFile tells whether there are messages of which a side can read no file.
func withoutFile(d *monitor.Difference) bool {
	return d.Kind == monitor.SpoolDamaged && strings.Contains(d.Text, noFile)
}

// lookAtRights says what to look at first where a side can read no file of a message: if
// only its rights are wrong nothing has to be copied or removed.
func (r *remedy) lookAtRights(s *Side) {
	if !r.some(func(d *monitor.Difference) bool { return withoutFile(d) && d.Server == s.Server }) {
		return
	}
	r.warn("look first on %[1]s whether the files of these UIDs are there: where they are, give them and their directory back to Cyrus's account (chown, chmod u+rw) and compare again; that repairs them", s.Server)
	for i := range r.list {
		if d := &r.list[i]; withoutFile(d) && d.Server == s.Server {
			r.where(s, d.Mailbox)
		}
	}
}

// where prints, once, what tells where a side's mailbox lies.
func (r *remedy) where(s *Side, mailbox inventory.Text) {
	if step := whereIs(s, mailbox); !slices.Contains(r.steps, step) {
		r.steps = append(r.steps, step)
	}
}

// mend says how files of one side are mended from the other's. Before the master's are
// nothing else is done: nothing may touch the only whole copy.
func (r *remedy) mend(from, to *Side) {
	var told, lonely []inventory.Text
	for i := range r.list {
		d := &r.list[i]
		if !damaged(d) || d.Server != to.Server || slices.Contains(told, d.Mailbox) {
			continue
		}
		told = append(told, d.Mailbox)
		if other, has := r.other(d.Mailbox, from); has {
			r.where(from, other)
		} else {
			lonely = append(lonely, d.Mailbox)
		}
		r.where(to, d.Mailbox)
	}
	both := func(kind monitor.DifferenceKind) bool {
		return r.some(func(d *monitor.Difference) bool {
			return d.Kind == kind && d.Server == from.Server && slices.Contains(told, d.Mailbox)
		})
	}
	r.lookAtRights(to)
	r.warn("keep what is in the directory on %s aside first", to.Server)
	if to == &r.store.Master {
		r.warn("run no sync_reset and no sync_client: they would destroy the only whole copy")
	}
	r.mendFiles(from, to, lonely)
	r.mendIndex(from, to, lonely)
	if both(monitor.SpoolDamaged) {
		r.warn("the other side is damaged in the same mailbox: what is whole on neither side comes from a backup only")
	}
	if both(monitor.Unreadable) {
		r.warn("the other side cannot read the same mailbox: keep what is in both directories aside, and run reconstruct, without -G, for the mailbox on both sides: messages that have files stay, and flags are lost")
	}
	r.warn("then compare again: what else differs is repaired only then")
}

// replaceFiles says how files of the replica that could not be saved give way to the master's of
// the same messages. No index changes, so that nothing is expunged anywhere.
func (r *remedy) replaceFiles() {
	from, to := &r.store.Master, &r.store.Replica
	var files int64
	for i := range r.list {
		if d := &r.list[i]; r.inPlaceOf(d) {
			files += d.Unsaved
			r.where(from, d.Mailbox)
			r.where(to, d.Mailbox)
		}
	}
	r.lookAtRights(to)
	r.warn("no command removes the replica's copy as long as files there are not saved that are not what the index says: %d; %s has the messages of these UIDs whole", files, from.Server)
	r.warn("where such a file is there on %s, move it out of the directory and keep it, since it may be of a message that nobody else has", to.Server)
	r.warn("then copy the file of the UID from the directory on %s to the one on %s, for Cyrus's account: no reconstruct is needed", from.Server, to.Server)
	r.warn("then compare again: what else differs is repaired only then")
}

// other returns what a side calls its copy of a damaged mailbox. The replica may have deleted or
// renamed it, and made another one of the same name.
func (r *remedy) other(mailbox inventory.Text, on *Side) (name inventory.Text, has bool) {
	apart := func(o *monitor.Difference) bool {
		return o.Mailbox == mailbox && (onOneSide(o) || o.Kind == monitor.Identity && o.MasterID != "")
	}
	if !r.some(apart) {
		return mailbox, true
	}
	there, has := r.remains[r.inner[mailbox]]
	if !has || on != &r.store.Replica {
		return "", false
	}
	return r.called(there), true
}

// damagedOn tells whether one side has damage of a kind.
func (r *remedy) damagedOn(s *Side, kind monitor.DifferenceKind) bool {
	return r.some(func(d *monitor.Difference) bool { return d.Kind == kind && d.Server == s.Server })
}

// mendFiles says how the files of messages are mended, in some mailboxes that the other side
// does not have.
func (r *remedy) mendFiles(from, to *Side, lonely []inventory.Text) {
	if !r.damagedOn(to, monitor.SpoolDamaged) {
		return
	}
	var alone, both bool
	for i := range r.list {
		if d := &r.list[i]; d.Kind == monitor.SpoolDamaged && d.Server == to.Server && slices.Contains(lonely, d.Mailbox) {
			alone = true
			r.warn("%s has no copy of the mailbox %s any more: what is whole of UID %s comes from a backup only", from.Server, inventory.Printable(string(d.Mailbox)), inventory.Printable(d.FewUIDs()))
		} else {
			both = both || d.Kind == monitor.SpoolDamaged && d.Server == to.Server
		}
	}
	if alone {
		r.warn("without one these messages are lost: move what is there of their files out of the directory on %[1]s, to be kept, and run reconstruct, without -G, for the mailbox on %[1]s, which gives the messages up", to.Server)
	}
	if !both {
		return
	}
	r.warn("copy the files of these UIDs from the directory on %s to the one on %s, for Cyrus's account", from.Server, to.Server)
	r.warn("without them reconstruct gives the messages up on both sides")
	r.warn("check each file before, since nobody has read it where the message is expunged on %[1]s: it is whole if sha1sum tells of it what mbexamine on %[2]s tells as the GUID of the UID", from.Server, to.Server)
}

// mendIndex says how mailboxes are mended that one side cannot read, some of which only
// that side has.
func (r *remedy) mendIndex(from, to *Side, lonely []inventory.Text) {
	if !r.damagedOn(to, monitor.Unreadable) {
		return
	}
	if r.some(func(d *monitor.Difference) bool {
		return d.Kind == monitor.Unreadable && d.Server == to.Server && !slices.Contains(lonely, d.Mailbox)
	}) {
		r.warn("where %[1]s can read the mailbox, copy the files cyrus.* from the directory on %[1]s to the one on %[2]s, for Cyrus's account, and run reconstruct, without -G, for the mailbox on %[2]s: flags and UIDs stay", from.Server, to.Server)
		r.warn("reconstruct -G on what is damaged loses all flags and the UIDVALIDITY, and sync_client then loses them on the other side, too")
	}
	if len(lonely) > 0 {
		r.warn("%[1]s does not have the mailbox %[3]s: run reconstruct, without -G, for it on %[2]s: messages that have files stay, and flags are lost", from.Server, to.Server, inventory.Printable(string(lonely[0])))
	}
}
