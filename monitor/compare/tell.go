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
func (p *pair) tell(s *stood, v *variance) {
	if another(s.master, s.replica) {
		p.tellAnother(s)
		p.tellMessages(s, v, func(*uids, uids) bool { return true })
		p.tellDetails(s)
		return
	}
	// Nothing is on its way to a replica that has seen the master's last change.
	behind := s.master.Status.HighestModSeq > s.replica.Status.HighestModSeq
	p.tellMessages(s, v, func(all *uids, late uids) bool { return behind && late.count == all.count })
	if !sameDetails(s.master, s.replica) {
		p.tellDetails(s)
	} else if !v.some() {
		p.tellIdentity(s, v, behind)
	}
}

// addTo enters a difference in a mailbox; late tells whether a change on its way may
// explain it.
func (p *pair) addTo(s *stood, d monitor.Difference, late bool) {
	if late {
		if !another(s.master, s.replica) {
			p.mu.Lock()
			p.behind[inMailbox{d.Mailbox, d.Kind}] = true
			p.mu.Unlock()
		}
		p.addLate(s.name, d, &s.still)
	} else {
		p.add(s.name, d)
	}
}

// tellAnother enters that the two sides have different mailboxes of one name, or one whose
// messages have other UIDs.
func (p *pair) tellAnother(s *stood) {
	name, master, replica := s.name, s.master, s.replica
	d := p.difference(name, monitor.Identity)
	d.Master, d.Replica = identity(master), identity(replica)
	d.Text = "the messages have other UIDs: the UIDVALIDITY differs"
	if master.UniqueID != replica.UniqueID {
		d.MasterID = inventory.Text(master.UniqueID)
		d.Text = "it is not the same mailbox on both sides, but one that was made anew, or renamed, on one of them"
	}
	p.addLate(name, d, &s.still)
}

func identity(m *cyrus.Mailbox) inventory.Text {
	return inventory.Text(fmt.Sprintf("unique identifier %s, UIDVALIDITY %d", m.UniqueID, m.Status.UIDValidity))
}

// tellForeign enters the messages that nothing on its way explains.
func (p *pair) tellForeign(name cyrus.InternalName, v *variance) {
	d := p.difference(name, monitor.MessageExtra)
	d.UIDs, d.Replica, d.Saved, d.Unsaved = inventory.Text(v.foreign.String()), messages(&v.foreign), v.saved.extra, v.unsaved[0]
	d.Text = fmt.Sprintf("only the replica has %s, whose UIDs the master has not given out", d.Replica)
	p.add(name, d)
}

// tellMessages enters in what messages differ. Whether a change on its way may explain
// it says onItsWay, which is told in how many messages that may be.
func (p *pair) tellMessages(s *stood, v *variance, onItsWay func(all *uids, late uids) bool) {
	name := s.name
	if v.missing.count > 0 {
		d := p.difference(name, monitor.MessageMissing)
		d.UIDs, d.Master = inventory.Text(v.missing.String()), messages(&v.missing)
		d.Text = fmt.Sprintf("the replica lacks %s", d.Master)
		p.addTo(s, d, onItsWay(&v.missing, v.late))
	}
	if v.extra.count > 0 {
		d := p.difference(name, monitor.MessageExtra)
		d.UIDs, d.Replica = inventory.Text(v.extra.String()), messages(&v.extra)
		d.Text, d.Saved, d.Unsaved = fmt.Sprintf("only the replica has %s", d.Replica), v.saved.extra, v.unsaved[0]
		if !another(s.master, s.replica) {
			d.Text += p.tellHad(name, v)
		}
		p.addTo(s, d, onItsWay(&v.extra, v.known()))
	}
	if v.content.count > 0 {
		d := p.difference(name, monitor.ContentDiffers)
		d.UIDs, d.Master, d.Replica = inventory.Text(v.content.String()), "its own content", "its own content"
		d.Text, d.Saved, d.Unsaved = fmt.Sprintf("%s not the same on both sides", isAre(v.content.count)), v.saved.content, v.unsaved[1]
		p.addTo(s, d, onItsWay(&v.content, uids{}))
	}
	if v.flags.count > 0 {
		d := p.difference(name, monitor.FlagsDiffer)
		d.UIDs, d.Master, d.Replica = inventory.Text(v.flags.String()), flags(v.sample[0]), flags(v.sample[1])
		d.Text, d.Saved = fmt.Sprintf("%s flagged differently; shown is UID %d", isAre(v.flags.count), v.sampleOf), v.saved.flags
		d.Unsaved = v.unsaved[2]
		p.addTo(s, d, onItsWay(&v.flags, v.pending))
	}
	if v.notes.count > 0 {
		d := p.difference(name, monitor.Annotated)
		d.UIDs, d.Text = inventory.Text(v.notes.String()), fmt.Sprintf("%s annotated differently", isAre(v.notes.count))
		p.addTo(s, d, onItsWay(&v.notes, v.notes))
	}
}

// tellHad says of which messages that only the replica has the master has given out the
// UIDs, and remembers it.
func (p *pair) tellHad(name cyrus.InternalName, v *variance) string {
	count := v.known().count
	if count == 0 {
		return ""
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.had[name] = count
	which := "their UIDs"
	if v.foreign.count > 0 {
		which = fmt.Sprintf("the UIDs of %d of them", count)
	}
	return fmt.Sprintf("; the master has given out %s, and may have expunged what had them", which)
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

func typed(m *cyrus.Mailbox) inventory.Text {
	if m.Type == "" {
		return "type e, for mail"
	}
	return inventory.Text("type " + m.Type)
}

// tellDetails enters different rights, types, places and quota roots.
func (p *pair) tellDetails(s *stood) {
	name, master, replica := s.name, s.master, s.replica
	level := monitor.CompareAccounts
	if !sameMark(&master.Mark, &replica.Mark, p.checksums) {
		level = monitor.CompareMarks // any level reads such a mailbox closely
	}
	if ours, theirs := rights(master.ACL, replica.ACL), rights(replica.ACL, master.ACL); ours != theirs || len(master.ACL) != len(replica.ACL) {
		d := p.difference(name, monitor.RightsDiffer)
		d.Level, d.Master, d.Replica, d.Text = level, ours, theirs, "the rights differ"
		p.addTo(s, d, another(master, replica) || master.FolderModSeq > replica.FolderModSeq)
	}
	if master.Type != replica.Type {
		d := p.difference(name, monitor.Identity)
		d.Master, d.Replica, d.Text = typed(master), typed(replica), "the mailbox is of another type"
		d.Level = monitor.CompareAccounts
		p.addLate(name, d, &s.still)
	}
	if master.Partition != replica.Partition {
		d := p.difference(name, monitor.Identity)
		d.Master, d.Replica, d.Text = inventory.Text(master.Partition), inventory.Text(replica.Partition), "the mailbox lies on another partition"
		d.Level = monitor.CompareAccounts
		p.addLate(name, d, &s.still)
	}
	if master.QuotaRoot != replica.QuotaRoot {
		d := p.difference(name, monitor.QuotaDiffers)
		d.Level, d.Master, d.Replica, d.Text = level, inventory.Text(master.QuotaRoot), inventory.Text(replica.QuotaRoot), rootDiffers
		p.addLate(name, d, &s.still)
	}
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
func (p *pair) tellIdentity(s *stood, v *variance, behind bool) {
	name, master, replica := s.name, s.master, s.replica
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
	p.addTo(s, d, behind)
}
