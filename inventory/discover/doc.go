// Package discover builds an inventory from the live fleet.
//
// It starts from an inventory that says which stores there are and where their
// instances answer, and asks all of them:
//
//	found, err := discover.Fleet(ctx, inv, ask, discover.Options{})
//	if found.Inventory == nil {
//		// found.Findings say what stood in the way
//	}
//
// Users, shared trees, their mailboxes, messages and bytes, and the shares come
// from the masters, what rule alike compares comes from every instance.
// Everything that Cyrus does not know stays as it was: capacities, states, pins,
// groups, the stores' own load, the order of replicas.
//
// What a server says about a mailbox is digested store by store, so that a
// fleet of any size needs the memory of a few stores only.
//
// Disk is measured: the bytes of the live messages. It does not count what was
// expunged or deleted and not yet removed, and counts a message in two mailboxes
// twice, as a replica stores it (hard links do not survive replication).
//
// Writes are measured by HIGHESTMODSEQ (RFC 7162), which Cyrus raises with each
// of them: two discoveries at least an hour apart give what was written in
// between, for users whose mailboxes of then are all there and none came from
// elsewhere. Until then they are estimated by what was written since the mailbox
// was made: its HIGHESTMODSEQ over its age, which its UIDVALIDITY tells, since
// Cyrus takes the time of creation for that. An age below a day counts as one
// day. Such loads are marked in Estimated.
//
// A replica is asked before its master. So whatever it has that the master has
// not was not written by replication in between, but on the replica itself.
//
// A move leaves an original at the old place for a while. Who is on the masters of
// several stores is on the one that [Options.Moved] names, or the old inventory if the
// move was lately, or [Options.Decide]; else that user alone stays as before. What is
// left on other stores counts as nothing there, which a finding says.
package discover
