package compare

import (
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// mendTree says what helps for a shared tree, of which sync_reset knows nothing. No
// command is printed that could expunge something on the master.
func (r *remedy) mendTree() {
	quotas := func(d *monitor.Difference) bool { return d.Kind == monitor.QuotaDiffers }
	switch {
	case r.some(damaged):
		r.mend(&r.store.Master, &r.store.Replica)
	case r.some(r.hasRemains):
		r.undelete(r.hasRemains)
	case r.some(r.expunged):
		r.warn("no command repairs this without loss: sync_client -m expunges on the master what was expunged on the replica, and so may the next change of the mailbox; first copy the messages that the replica lacks within the mailbox on the master with a mail client: the copies stay and are replicated")
		r.keepFirst()
	case r.some(func(d *monitor.Difference) bool { return d.MasterID != "" && d.Kind != monitor.MailboxMissing }):
		r.warn("no command repairs this: sync_client fails on a mailbox that was made anew on the replica; as an administrator DELETE it there, rename the older DELETED.… back to its name, and compare again")
		r.keepFirst()
	case r.some(ofKind(monitor.MailboxExtra)):
		r.warn("no command removes the mailbox: as an administrator give yourself the right x on the replica and DELETE it there; that destroys all in it")
		r.keepFirst()
	case r.every(quotas):
		r.carryQuotas()
	default:
		r.syncTree()
		r.carryQuotas()
	}
}

// keepFirst prints what saves the messages that only the replica has.
func (r *remedy) keepFirst() {
	if r.unsaved() > 0 {
		r.steps = append(r.steps, r.look())
		r.warn("the command first saves the messages that only the replica has: %d", r.unsaved())
	}
}

// syncTree lets sync_client make the replica's mailboxes like the master's.
func (r *remedy) syncTree() {
	if r.some(r.masterHad) && r.unsaved() > 0 {
		r.warn("no command repairs this without loss: sync_client -m expunges on the replica messages of which the master has given out the UIDs: the master may have expunged them, or lost them")
		r.keepFirst()
		return
	}
	words := []string{"-v", "-m", "--"}
	for i := range r.list {
		if d := &r.list[i]; d.Kind != monitor.QuotaDiffers && !slices.Contains(words[3:], string(d.Mailbox)) {
			words = append(words, string(d.Mailbox))
		}
	}
	r.steps = append(r.steps, monitor.RepairStep{
		Server: r.store.Master.Server, Text: "makes the replica's mailboxes like the master's", Command: r.syncClient(words...),
	})
	if r.some(r.masterHad) {
		r.warn("this expunges the messages that only the replica has and of which the master has given out the UIDs; they are saved, and go to the master by a mail client if it has lost them")
	}
	r.warn("what is newer on the replica is copied to the master, and flags of the older side are lost (--save keeps them in a file)")
	name := inventory.Quoted(words[len(words)-1])
	r.warn("Cyrus 3.6.1 ends with an assertion, and with 70, where the replica's HIGHESTMODSEQ of a mailbox is the larger one, as STATUS %s (HIGHESTMODSEQ) tells an administrator on each side: as one on the master repeat SETACL %s zz-nobody lr and DELETEACL %s zz-nobody until it is not", name, name, name)
	if r.some(ofKind(monitor.MailboxMissing)) {
		r.warn("where it ends with \"bailing out\" the mailbox was deleted on the replica: as an administrator rename DELETED.… back to its name there, and compare again")
	}
}

// carryQuotas asks replication for the quotas, which sync_client -m leaves alone, and
// counts anew what is used where only that differs.
func (r *remedy) carryQuotas() {
	var roots []string
	for i := range r.list {
		d := &r.list[i]
		root := string(d.Mailbox)
		if d.Kind != monitor.QuotaDiffers || usesDiffer(d) || rootsDiffer(d) || slices.Contains(roots, root) {
			continue
		}
		roots = append(roots, root)
		r.steps = append(r.steps, monitor.RepairStep{
			Server: r.store.Master.Server, Text: "has the rolling sync_client carry the quota over", Command: ofConf(&r.store.Master, "cyr_synclog", "-q", string(r.inner[d.Mailbox])),
		})
	}
	r.recount()
	if len(roots) > 0 {
		r.warn("the quota is the master's as soon as the rolling sync_client has worked off the sync log")
	}
	if len(roots) > 0 && r.some(rootsDiffer) {
		r.warn("run quota only then: a quota root of the replica's own stays until it is the master's")
	}
}
