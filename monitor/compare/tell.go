package compare

import (
	"context"
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

// difference begins a difference in a mailbox.
func (p *pair) difference(name cyrus.InternalName, kind monitor.DifferenceKind) monitor.Difference {
	user, mailbox := p.called(name)
	return monitor.Difference{
		Store: p.store.Store, Server: p.store.Replica.Server, User: user, Mailbox: mailbox, Kind: kind, Certainty: monitor.Confirmed,
	}
}

// called returns whose a mailbox is, null for a shared tree, and its name as an
// administrator says it.
func (p *pair) called(name cyrus.InternalName) (user, mailbox inventory.Text) {
	if owner, _, _ := name.Owner(); !owner.Shared {
		user = inventory.Text(owner.Name)
	}
	return user, inventory.Text(name.External(p.master.client.Server().Separator))
}

// add enters a difference. One that a change on its way may explain is judged by
// what is known of the backlog.
func (p *pair) add(name cyrus.InternalName, d monitor.Difference, explained bool) {
	if explained {
		switch p.options.Backlog {
		case ChangesWait:
			p.inFlight(name, "the replica is behind, see interlace lag: "+d.Text)
			return
		case BacklogUnknown:
			d.Certainty = monitor.Suspected
			d.Text += ", unless it is on its way: nobody has looked lately whether the replica is behind"
		}
	}
	p.repair(name, &d)
	p.out.Differences = append(p.out.Differences, d)
	p.note(name, monitor.Different)
}

// inFlight enters that a change of a mailbox is on its way.
func (p *pair) inFlight(name cyrus.InternalName, why string) {
	user, mailbox := p.called(name)
	p.out.InFlight = append(p.out.InFlight, monitor.InFlight{
		Store: p.store.Store, Server: p.store.Replica.Server, User: user, Mailbox: mailbox, Text: why,
	})
	p.note(name, monitor.UnknownOutcome)
}

// unreadable enters which side cannot read a mailbox.
func (p *pair) unreadable(name cyrus.InternalName) {
	for _, s := range []*side{&p.master, &p.replica} {
		if err := s.damaged[name]; err != nil {
			d := p.difference(name, monitor.Unreadable)
			d.Server = s.Server
			d.Text = fmt.Sprintf("the server cannot read the mailbox: %v", err)
			p.add(name, d, false)
		}
	}
}

// one enters a mailbox that only one side has.
func (p *pair) one(ctx context.Context, s *stood) error {
	if s.replica == nil {
		d := p.difference(s.name, monitor.MailboxMissing)
		d.Master, d.Text = p.content(ctx, &p.master, s.master), "the replica has no such mailbox"
		p.add(s.name, d, true)
		return nil
	}
	d := p.difference(s.name, monitor.MailboxExtra)
	d.Replica, d.Text = p.content(ctx, &p.replica, s.replica), "only the replica has this mailbox"
	p.add(s.name, d, true)
	return nil
}

// content says what is in a mailbox that only one side has.
func (p *pair) content(ctx context.Context, s *side, m *cyrus.Mailbox) inventory.Text {
	_, messages, err := s.records(ctx, m.Internal)
	if err != nil || messages == nil && s.damaged[m.Internal] != nil {
		return "a mailbox"
	}
	return inventory.Text("a mailbox with " + inventory.Counted(len(messages), "message", "messages"))
}

// tell enters in what the copies of a mailbox differ.
func (p *pair) tell(s *stood, master, replica *cyrus.Mailbox, v *variance) {
	p.out.Messages += v.compared
	before := len(p.out.Differences) + len(p.out.InFlight)
	// Nothing is on its way to a replica that has seen the master's last change.
	behind := master.Status.HighestModSeq > replica.Status.HighestModSeq
	p.tellMessages(s.name, v, behind)
	if !sameDetails(master, replica) {
		p.tellDetails(s.name, master, replica)
	}
	if len(p.out.Differences)+len(p.out.InFlight) == before {
		p.tellIdentity(s.name, master, replica, v, behind)
	}
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
		d.Text = fmt.Sprintf("only the replica has %s", d.Replica)
		p.add(name, d, behind && v.foreign.count == 0)
	}
	if v.content.count > 0 {
		d := p.difference(name, monitor.ContentDiffers)
		d.UIDs, d.Master, d.Replica = inventory.Text(v.content.String()), "its own content", "its own content"
		d.Text = fmt.Sprintf("%s not the same on both sides", isAre(v.content.count))
		p.add(name, d, false)
	}
	if v.flags.count > 0 {
		d := p.difference(name, monitor.FlagsDiffer)
		d.UIDs, d.Master, d.Replica = inventory.Text(v.flags.String()), flags(v.sample[0]), flags(v.sample[1])
		d.Text = fmt.Sprintf("%s flagged differently; shown is UID %d", isAre(v.flags.count), v.sampleOf)
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
		p.add(name, d, false)
	}
	if master.QuotaRoot != replica.QuotaRoot {
		d := p.difference(name, monitor.QuotaDiffers)
		d.Master, d.Replica, d.Text = inventory.Text(master.QuotaRoot), inventory.Text(replica.QuotaRoot), "the quota root differs"
		p.add(name, d, false)
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
func (p *pair) tellIdentity(name cyrus.InternalName, master, replica *cyrus.Mailbox, v *variance, behind bool) {
	d := p.difference(name, monitor.Identity)
	var ours, theirs []string
	differ := func(what string, a, b any) {
		if a != b {
			ours, theirs = append(ours, fmt.Sprintf("%s %v", what, a)), append(theirs, fmt.Sprintf("%s %v", what, b))
		}
	}
	m, r := &master.Status, &replica.Status
	differ("unique identifier", master.UniqueID, replica.UniqueID)
	differ("UIDVALIDITY", m.UIDValidity, r.UIDValidity)
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
	p.add(name, d, behind && master.UniqueID == replica.UniqueID && m.UIDValidity == r.UIDValidity)
}

// uncompared enters what of a mailbox could not be compared.
func (p *pair) uncompared(name cyrus.InternalName, what, why string) {
	user, mailbox := p.called(name)
	p.out.Uncompared = append(p.out.Uncompared, monitor.Uncompared{
		Store: p.store.Store, Server: p.store.Replica.Server, User: user, Mailbox: mailbox, What: what, Why: why,
	})
	p.note(name, monitor.UnknownOutcome)
}
