package compare

import (
	"fmt"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
)

// stray is one mailbox that the master keeps for one owner and the replica for another:
// it was renamed on one side only, and may have been deleted there since. Messages lie in a
// directory that is named after the mailbox's unique identifier, not after its name: what
// makes or removes the one there makes or removes the other.
type stray struct{ master, replica cyrus.InternalName }

// ownerOf returns whose a mailbox is, or was before it was deleted.
func ownerOf(name cyrus.InternalName) cyrus.Owner {
	if was, deleted := name.Undeleted(); deleted {
		return was
	}
	owner, _, _ := name.Owner()
	return owner
}

// deleted tells whether a side keeps the mailbox only for a while.
func deleted(name cyrus.InternalName) bool {
	_, is := name.Undeleted()
	return is
}

// straysOf returns them by both of their owners.
func straysOf(master, replica *holding) map[cyrus.Owner][]stray {
	byID := map[string]cyrus.InternalName{}
	master.each(func(m *cyrus.Mailbox) { byID[m.UniqueID] = m.Internal })
	found := map[cyrus.Owner][]stray{}
	replica.each(func(m *cyrus.Mailbox) {
		s := stray{byID[m.UniqueID], m.Internal}
		if s.master == "" {
			return
		}
		if ours, theirs := ownerOf(s.master), ownerOf(s.replica); ours != theirs {
			found[ours], found[theirs] = append(found[ours], s), append(found[theirs], s)
		}
	})
	return found
}

// buriedIn returns by owner the unique identifiers of mailboxes that the master has, and
// the replica under another name of the same owner or, where the master has deleted them,
// not at all any more.
func buriedIn(master, replica *holding) map[cyrus.Owner][]string {
	byID := map[string][]cyrus.InternalName{}
	replica.each(func(m *cyrus.Mailbox) { byID[m.UniqueID] = append(byID[m.UniqueID], m.Internal) })
	found := map[cyrus.Owner][]string{}
	master.each(func(m *cyrus.Mailbox) {
		names, owner := byID[m.UniqueID], ownerOf(m.Internal)
		gone := len(names) == 0 && deleted(m.Internal)
		if gone || slices.ContainsFunc(names, func(name cyrus.InternalName) bool { return name != m.Internal && ownerOf(name) == owner }) {
			found[owner] = append(found[owner], m.UniqueID)
		}
	})
	return found
}

// remainsOf returns what the replica calls mailboxes of the master that it has by another name.
func remainsOf(master, replica *holding) map[cyrus.InternalName]cyrus.InternalName {
	byID := map[string]cyrus.InternalName{}
	master.each(func(m *cyrus.Mailbox) { byID[m.UniqueID] = m.Internal })
	found := map[cyrus.InternalName]cyrus.InternalName{}
	replica.each(func(m *cyrus.Mailbox) {
		if ours := byID[m.UniqueID]; ours != "" && ours != m.Internal {
			found[ours] = m.Internal
		}
	})
	return found
}

// each hands on the mailboxes of which the unique identifier is known.
func (h *holding) each(take func(*cyrus.Mailbox)) {
	for _, list := range [][]cyrus.Mailbox{h.mailboxes, h.deleted} {
		for i := range list {
			if list[i].UniqueID != "" {
				take(&list[i])
			}
		}
	}
}

// strayed returns the strays that a repair would touch: those in which something differs, and
// those that one side has deleted, of which nothing is compared.
func (r *remedy) strayed() (found []stray) {
	differs := map[cyrus.InternalName]bool{}
	for i := range r.list {
		differs[r.inner[r.list[i].Mailbox]] = true
	}
	for _, s := range r.strays {
		if differs[s.master] || differs[s.replica] || deleted(s.master) || deleted(s.replica) {
			found = append(found, s)
		}
	}
	return found
}

// renameBack prints no command: each that makes or removes the mailbox of the one owner
// does so with that of the other.
func (r *remedy) renameBack() {
	at := r.store.Replica.Server
	called := func(name cyrus.InternalName) string { return inventory.Printable(string(r.called(name))) }
	for _, s := range r.strayed() {
		owner := ownerOf(s.master)
		to := called(s.master)
		if deleted(s.master) {
			to = "a free name among the mailboxes of " + inventory.Printable(owner.Name) + allRights(owner)
		}
		r.warn("no command is printed, for it would destroy mail of somebody else: what %s calls %s is called %s on %s", r.store.Master.Server, called(s.master), called(s.replica), at)
		r.warn("as an administrator of %s give yourself all rights on %s, rename it to %s and take away again the rights that you gave yourself", at, called(s.replica), to)
		if !deleted(s.master) {
			r.warn("where another mailbox has that name there, rename %s to a free name of the same owner instead%s", called(s.replica), allRights(owner))
		}
	}
	r.warn("then compare both owners again")
}

// allRights says how a user gets rights on a mailbox that was renamed to a new name: it has
// those that somebody else gave.
func allRights(owner cyrus.Owner) string {
	if owner.Shared {
		return ""
	}
	return fmt.Sprintf(", give %[1]s all rights on it (SETACL … %[1]s lrswipkxtecdan)", inventory.Printable(owner.Name))
}
