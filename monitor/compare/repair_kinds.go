package compare

import (
	"slices"
	"strings"

	"github.com/interlacemail/interlace/monitor"
)

// damaged tells whether a side cannot read something of its own.
func damaged(d *monitor.Difference) bool {
	return d.Kind == monitor.SpoolDamaged || d.Kind == monitor.Unreadable
}

func (r *remedy) onMaster(d *monitor.Difference) bool {
	return damaged(d) && d.Server == r.store.Master.Server
}

// unreadThere tells whether the replica cannot read a mailbox: nobody knows which messages
// it alone has there.
func (r *remedy) unreadThere(d *monitor.Difference) bool {
	return d.Kind == monitor.Unreadable && d.Server == r.store.Replica.Server
}

// isInbox tells whether a difference is that only the replica has the user's INBOX.
func (r *remedy) isInbox(d *monitor.Difference) bool {
	_, folder, _ := r.inner[d.Mailbox].Owner()
	return d.Kind == monitor.MailboxExtra && len(folder) == 0
}

// inPlaceOf tells whether a difference is of files of the replica that could not be saved, and
// lie in the places of messages that the master has whole, if all of its files were read.
func (r *remedy) inPlaceOf(d *monitor.Difference) bool {
	if d.Kind != monitor.SpoolDamaged || d.Server != r.store.Replica.Server || d.Unsaved == 0 {
		return false
	}
	_, has := r.other(d.Mailbox, &r.store.Master)
	return has && !r.some(func(o *monitor.Difference) bool { return o.Mailbox == d.Mailbox && onlyThere(o) })
}

func usesDiffer(d *monitor.Difference) bool {
	return d.Kind == monitor.QuotaDiffers && strings.HasPrefix(d.Text, useDiffers)
}

// rootsDiffer tells whether a mailbox counts for one quota root on the one side and for
// another, or none, on the other side: sync_client carries roots, and leaves mailboxes
// where they are. A root that is not there may still be what a mailbox counts for, on either
// side, until quota -f has looked at the mailbox.
func rootsDiffer(d *monitor.Difference) bool {
	return d.Kind == monitor.QuotaDiffers && strings.HasPrefix(d.Text, rootDiffers)
}

// asksForReset tells whether sync_client alone would not repair a difference, or might
// take the replica's side. A folder that was deleted on the replica is brought back by
// it, and what was deleted on both sides may be in its way; where it has failed all files
// have been read.
func (r *remedy) asksForReset(d *monitor.Difference) bool {
	switch d.Kind {
	case monitor.MessageMissing, monitor.FlagsDiffer, monitor.Identity:
		return !r.onlyBehind(d) || r.read && len(r.buried) > 0
	case monitor.MessageExtra, monitor.RightsDiffer, monitor.Subscription:
		return r.read && len(r.buried) > 0
	case monitor.MailboxMissing:
		return r.read
	case monitor.QuotaDiffers:
		return false
	}
	return true
}

// onlyBehind tells whether the replica only lacks what the master has since the replica's last
// change: messages with UIDs that the replica has not given out, newer flags, counters.
func (r *remedy) onlyBehind(d *monitor.Difference) bool {
	return r.behind[inMailbox{d.Mailbox, d.Kind}]
}

// expunged tells whether a difference is of messages that the replica may have expunged.
func (r *remedy) expunged(d *monitor.Difference) bool {
	return d.Kind == monitor.MessageMissing && !r.onlyBehind(d)
}

// masterHad tells whether a difference is of messages that the master may have expunged.
func (r *remedy) masterHad(d *monitor.Difference) bool {
	return d.Kind == monitor.MessageExtra && r.had[r.inner[d.Mailbox]] > 0
}

// onlyReplica are the kinds that tell of messages that only the replica has.
var onlyReplica = []monitor.DifferenceKind{monitor.MessageExtra, monitor.ContentDiffers, monitor.MailboxExtra}

func onlyThere(d *monitor.Difference) bool { return slices.Contains(onlyReplica, d.Kind) }

func ofKind(kind monitor.DifferenceKind) func(*monitor.Difference) bool {
	return func(d *monitor.Difference) bool { return d.Kind == kind }
}

// onOneSide tells whether only one side has the mailbox.
func onOneSide(d *monitor.Difference) bool {
	return d.Kind == monitor.MailboxMissing || d.Kind == monitor.MailboxExtra
}
