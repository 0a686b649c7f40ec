package compare

import (
	"fmt"
	"iter"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
)

// each yields messages as a stream.
func each(messages []cyrus.Message) iter.Seq2[cyrus.Message, error] {
	return func(yield func(cyrus.Message, error) bool) {
		for _, m := range messages {
			if !yield(m, nil) {
				return
			}
		}
	}
}

// count adds to the messages that were compared one by one.
func (p *pair) count(v *variance) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.out.Messages += v.compared
}

// tell enters in what the copies of a mailbox differ.
func (p *pair) tell(name cyrus.InternalName, master, replica *cyrus.Mailbox, v *variance) {
	// Nothing is on its way to a replica that has seen the master's last change.
	behind := master.Status.HighestModSeq > replica.Status.HighestModSeq
	p.tellMessages(name, v, behind)
	another := p.tellAnother(name, master, replica)
	if !sameDetails(master, replica) {
		p.tellDetails(name, master, replica)
	} else if !v.some() && !another {
		p.tellIdentity(name, master, replica, v, behind)
	}
}

// tellForeign enters the messages that nothing on its way explains.
func (p *pair) tellForeign(name cyrus.InternalName, v *variance) {
	d := p.difference(name, monitor.MessageExtra)
	d.UIDs, d.Replica, d.Saved, d.Unsaved = inventory.Text(v.foreign.String()), messages(&v.foreign), v.saved, v.unsaved[0]
	d.Text = fmt.Sprintf("only the replica has %s, whose UIDs the master has not given out", d.Replica)
	p.add(name, d, false)
}

func (p *pair) tellMessages(name cyrus.InternalName, v *variance, behind bool) {
	if v.missing.count > 0 {
		d := p.difference(name, monitor.MessageMissing)
		d.UIDs, d.Master = inventory.Text(v.missing.String()), messages(&v.missing)
		d.Text = fmt.Sprintf("the replica lacks %s", d.Master)
		p.add(name, d, behind && v.late.count == v.missing.count)
	}
	if v.extra.count > 0 {
		d := p.difference(name, monitor.MessageExtra)
		d.UIDs, d.Replica = inventory.Text(v.extra.String()), messages(&v.extra)
		d.Text, d.Saved, d.Unsaved = fmt.Sprintf("only the replica has %s", d.Replica), v.saved, v.unsaved[0]
		p.add(name, d, behind && v.foreign.count == 0)
	}
	if v.content.count > 0 {
		d := p.difference(name, monitor.ContentDiffers)
		d.UIDs, d.Master, d.Replica = inventory.Text(v.content.String()), "its own content", "its own content"
		d.Text, d.Saved, d.Unsaved = fmt.Sprintf("%s not the same on both sides", isAre(v.content.count)), v.saved, v.unsaved[1]
		p.add(name, d, false)
	}
	if v.flags.count > 0 {
		d := p.difference(name, monitor.FlagsDiffer)
		d.UIDs, d.Master, d.Replica = inventory.Text(v.flags.String()), flags(v.sample[0]), flags(v.sample[1])
		d.Text, d.Saved = fmt.Sprintf("%s flagged differently; shown is UID %d", isAre(v.flags.count), v.sampleOf), v.saved
		p.add(name, d, behind && v.pending.count == v.flags.count)
	}
	if v.notes.count > 0 {
		d := p.difference(name, monitor.Annotated)
		d.UIDs, d.Text = inventory.Text(v.notes.String()), fmt.Sprintf("%s annotated differently", isAre(v.notes.count))
		p.add(name, d, behind)
	}
}

func messages(u *uids) inventory.Text {
	return inventory.Text(inventory.Counted(int(u.count), "message", "messages"))
}

func isAre(count int64) string {
	if count == 1 {
		return "1 message is"
	}
	return inventory.Counted(int(count), "message", "messages") + " are"
}

func flags(text string) inventory.Text {
	if text == "" {
		return "no flags"
	}
	return inventory.Text(text)
}

// tellDetails enters different rights, places and quota roots.
func (p *pair) tellDetails(name cyrus.InternalName, master, replica *cyrus.Mailbox) {
	if ours, theirs := rights(master.ACL, replica.ACL), rights(replica.ACL, master.ACL); ours != theirs || len(master.ACL) != len(replica.ACL) {
		d := p.difference(name, monitor.RightsDiffer)
		d.Master, d.Replica, d.Text = ours, theirs, "the rights differ"
		p.add(name, d, master.FolderModSeq > replica.FolderModSeq)
	}
	if master.Partition != replica.Partition {
		d := p.difference(name, monitor.Identity)
		d.Master, d.Replica, d.Text = inventory.Text(master.Partition), inventory.Text(replica.Partition), "the mailbox lies on another partition"
		d.Level = monitor.CompareAccounts
		p.add(name, d, false)
	}
	if master.QuotaRoot != replica.QuotaRoot {
		d := p.difference(name, monitor.QuotaDiffers)
		d.Master, d.Replica, d.Text = inventory.Text(master.QuotaRoot), inventory.Text(replica.QuotaRoot), rootDiffers
		p.add(name, d, false)
	}
}

// tellAnother enters that the replica has another mailbox under the name: one that was
// made anew, or whose messages got new UIDs, and tells whether it has.
func (p *pair) tellAnother(name cyrus.InternalName, master, replica *cyrus.Mailbox) bool {
	anew := master.UniqueID != "" && replica.UniqueID != "" && master.UniqueID != replica.UniqueID
	if !anew && master.Status.UIDValidity == replica.Status.UIDValidity {
		return false
	}
	d := p.difference(name, monitor.Identity)
	d.Master, d.Replica = identityOf(master), identityOf(replica)
	d.Text = "the messages have other UIDs: the UIDVALIDITY differs"
	if anew {
		d.MasterID, d.Text = inventory.Text(master.UniqueID), "the replica's mailbox is another one, which was made anew: the unique identifier differs"
	}
	p.add(name, d, anew)
	return true
}

func identityOf(m *cyrus.Mailbox) inventory.Text {
	return inventory.Text(fmt.Sprintf("unique identifier %s, UIDVALIDITY %d", m.UniqueID, m.Status.UIDValidity))
}

// rights writes those entries of an access list that the other does not have.
func rights(list, other []cyrus.Right) inventory.Text {
	var texts []string
	for _, r := range list {
		found := false
		for _, o := range other {
			found = found || o == r
		}
		if !found {
			texts = append(texts, r.Identifier+" "+r.Rights)
		}
	}
	return inventory.Text(strings.Join(texts, ", "))
}

// tellIdentity enters that only counters or identifiers differ, and which.
func (p *pair) tellIdentity(name cyrus.InternalName, master, replica *cyrus.Mailbox, v *variance, behind bool) {
	d := p.difference(name, monitor.Identity)
	var ours, theirs []string
	differ := func(what string, a, b any) {
		if a != b {
			ours, theirs = append(ours, fmt.Sprintf("%s %v", what, a)), append(theirs, fmt.Sprintf("%s %v", what, b))
		}
	}
	m, r := &master.Status, &replica.Status
	differ("UIDNEXT", m.UIDNext, r.UIDNext)
	differ("HIGHESTMODSEQ", m.HighestModSeq, r.HighestModSeq)
	if len(ours) == 0 && p.checksums {
		differ("checksums", master.Checksums, replica.Checksums)
	}
	if len(ours) == 0 && v.modSeqs.count == 0 {
		return // they came to agree between two looks
	}
	d.Master, d.Replica = inventory.Text(strings.Join(ours, ", ")), inventory.Text(strings.Join(theirs, ", "))
	d.UIDs, d.Text = inventory.Text(v.modSeqs.String()), "all messages are the same, and the counters are not"
	p.add(name, d, behind)
}
