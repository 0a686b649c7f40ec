package compare

import (
	"cmp"
	"maps"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
)

// stray is one mailbox that the master keeps for one owner and the replica for another:
// it was renamed on one side only. Messages lie in a directory that is named after the
// mailbox's unique identifier, not after its name: what makes or removes the one there
// makes or removes the other.
type stray struct{ master, replica cyrus.ExternalName }

// straysOf returns them by both of their names.
func straysOf(master, replica []cyrus.Mailbox) map[cyrus.InternalName]stray {
	byID := map[string]*cyrus.Mailbox{}
	for i := range master {
		if id := master[i].UniqueID; id != "" {
			byID[id] = &master[i]
		}
	}
	found := map[cyrus.InternalName]stray{}
	for i := range replica {
		there, here := byID[replica[i].UniqueID], &replica[i]
		if there == nil {
			continue
		}
		ours, _, _ := there.Internal.Owner()
		theirs, _, _ := here.Internal.Owner()
		if ours != theirs {
			found[there.Internal] = stray{there.Name, here.Name}
			found[here.Internal] = found[there.Internal]
		}
	}
	return found
}

// astray tells whether a difference is in a mailbox that another owner has on the other
// side.
func (r *remedy) astray(d *monitor.Difference) bool {
	_, found := r.strays[r.inner[d.Mailbox]]
	return found
}

// renameBack prints no command: each that makes or removes the mailbox of the one owner
// does so with that of the other.
func (r *remedy) renameBack() {
	found := map[stray]bool{}
	for i := range r.list {
		if s, is := r.strays[r.inner[r.list[i].Mailbox]]; is {
			found[s] = true
		}
	}
	called := func(name cyrus.ExternalName) string { return inventory.Printable(string(name)) }
	for _, s := range slices.SortedFunc(maps.Keys(found), func(a, b stray) int {
		return cmp.Or(cmp.Compare(a.master, b.master), cmp.Compare(a.replica, b.replica))
	}) {
		r.warn("no command is printed, for it would destroy mail of somebody else: what %[1]s calls %[2]s is called %[3]s on %[4]s. As an administrator of %[4]s give yourself all rights on %[3]s, rename it to %[2]s and take away again the rights that you gave, if no other mailbox has the name there; then compare both owners again",
			r.store.Master.Server, called(s.master), called(s.replica), r.store.Replica.Server)
	}
}
