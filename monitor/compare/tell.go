package compare

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
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
	owner, _, _ := name.Owner()
	return p.differenceOf(owner, name, kind)
}

// differenceOf begins a difference that concerns an owner, in a mailbox or, without
// a name, in the account. What differs in a mailbox of scripts is the scripts.
func (p *pair) differenceOf(owner cyrus.Owner, name cyrus.InternalName, kind monitor.DifferenceKind) monitor.Difference {
	if strings.HasSuffix(string(name), sieve) && kind != monitor.Unreadable && kind != monitor.SpoolDamaged {
		kind = monitor.SieveDiffers
	}
	return monitor.Difference{
		Store: p.store.Store, Server: p.store.Replica.Server, User: userOf(owner), Mailbox: p.called(name), Kind: kind, Certainty: monitor.Confirmed,
	}
}

// userOf returns the user, null for a shared tree.
func userOf(owner cyrus.Owner) inventory.Text {
	if owner.Shared {
		return ""
	}
	return inventory.Text(owner.Name)
}

// called returns the name of a mailbox as an administrator says it.
func (p *pair) called(name cyrus.InternalName) inventory.Text {
	return inventory.Text(name.External(p.master.server.Separator))
}

// add enters a difference in a mailbox.
func (p *pair) add(name cyrus.InternalName, d monitor.Difference, explained bool) {
	owner, _, _ := name.Owner()
	p.enter(owner, d, explained)
}

// enter enters a difference. One that a change on its way may explain is judged by
// what is known of the backlog.
func (p *pair) enter(owner cyrus.Owner, d monitor.Difference, explained bool) {
	if explained {
		switch p.options.Backlog {
		case ChangesWait:
			p.flight(owner, d, "the replica is behind, see interlace lag: "+d.Text)
			return
		case BacklogUnknown:
			d.Certainty = monitor.Suspected
			d.Text += ", unless it is on its way: nobody has looked lately whether the replica is behind"
		}
	}
	saved := d.Warning
	p.repair(owner, &d)
	d.Warning = joined(d.Warning, saved)
	p.noteOwner(owner, monitor.Different)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.out.Differences = append(p.out.Differences, d)
	p.told[d.Mailbox] = p.told[d.Mailbox] || d.Kind != monitor.Identity
}

func joined(a, b inventory.Text) inventory.Text {
	if a == "" || b == "" {
		return a + b
	}
	return a + "; " + b
}

// inFlight enters that a change of a mailbox is on its way.
func (p *pair) inFlight(name cyrus.InternalName, why string) {
	owner, _, _ := name.Owner()
	p.flight(owner, p.difference(name, ""), why)
}

// flight enters that a difference is on its way.
func (p *pair) flight(owner cyrus.Owner, d monitor.Difference, why string) {
	p.noteOwner(owner, monitor.UnknownOutcome)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.out.InFlight = append(p.out.InFlight, monitor.InFlight{Store: d.Store, Server: d.Server, User: d.User, Mailbox: d.Mailbox, Text: why})
	p.told[d.Mailbox] = true
}

// uncompared enters what of a mailbox could not be compared.
func (p *pair) uncompared(name cyrus.InternalName, what, why string) {
	owner, _, _ := name.Owner()
	p.skip(owner, name, what, why)
}

// uncomparedUser enters that a side cannot be seen as a user sees it.
func (p *pair) uncomparedUser(user, why string) {
	what := "subscriptions, what the user has seen, the user's own annotations"
	if p.options.Level == monitor.CompareView {
		what = "what the user sees"
	}
	p.skip(cyrus.Owner{Name: user}, "", what, why)
}

// skip enters what of an owner could not be compared; nobody's outcome is then
// identical.
func (p *pair) skip(owner cyrus.Owner, name cyrus.InternalName, what, why string) {
	p.noteOwner(owner, monitor.UnknownOutcome)
	p.enterUncompared(userOf(owner), p.called(name), what, why)
}

// skipAll enters what could not be compared of all owners, or of all users.
func (p *pair) skipAll(shared bool, what, why string) {
	for owner := range maps.Clone(p.outcomes) {
		if shared || !owner.Shared {
			p.noteOwner(owner, monitor.UnknownOutcome)
		}
	}
	p.enterUncompared("", "", what, why)
}

func (p *pair) enterUncompared(user, mailbox inventory.Text, what, why string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.out.Uncompared = append(p.out.Uncompared, monitor.Uncompared{
		Store: p.store.Store, Server: p.store.Replica.Server, User: user, Mailbox: mailbox, What: what, Why: why,
	})
}

// unreadable enters which side cannot read a mailbox.
func (p *pair) unreadable(s *stood) {
	for _, h := range []*host{p.master, p.replica} {
		copy := s.replica
		if h == p.master {
			copy = s.master
		}
		why := "it lists it and tells nothing of it"
		if err := h.damageOf(s.name); err != nil {
			why = err.Error()
		} else if copy == nil || copy.Readable {
			continue
		}
		d := p.difference(s.name, monitor.Unreadable)
		d.Server = h.Server
		d.Text = "the server cannot read the mailbox: " + why
		p.add(s.name, d, false)
	}
}

// one enters a mailbox that only one side has.
func (p *pair) one(ctx context.Context, l *lane, s *stood) error {
	d := p.difference(s.name, monitor.MailboxExtra)
	if s.replica == nil {
		d.Kind = p.difference(s.name, monitor.MailboxMissing).Kind
	}
	copy, has, text := &l.master, s.master, &d.Master
	d.Text = "the replica has no such mailbox"
	if s.replica != nil {
		copy, has, text = &l.replica, s.replica, &d.Replica
		d.Text = "only the replica has this mailbox"
	}
	all, err := p.uidsOf(ctx, copy, has)
	switch {
	case errors.Is(err, cyrus.ErrNoMailbox):
		p.inFlight(s.name, "it is being moved or deleted")
		return nil
	case err != nil && !cannotRead(err):
		return err
	case err != nil:
		*text = "a mailbox"
	default:
		*text = "a mailbox with " + messages(all)
	}
	if s.replica != nil && all != nil {
		d.Warning = p.rescue(ctx, l, s.name, s.replica.ACL, all)
	}
	p.add(s.name, d, true)
	return nil
}

// uidsOf returns the messages of a mailbox that only one side has.
func (p *pair) uidsOf(ctx context.Context, s *side, m *cyrus.Mailbox) (*uids, error) {
	all := &uids{}
	reader := p.readerOf(m.Internal, m.ACL, p.on(s.host))
	if m.Status.UIDNext <= fewMessages || reader == "" {
		mailbox, messages, err := s.records(ctx, m.Internal, m.Status.UIDNext)
		if err == nil && mailbox == nil {
			err = errNoReader
		}
		for i := range messages {
			all.add(messages[i].UID)
		}
		return all, err
	}
	if err := s.enter(ctx, reader); err != nil {
		return nil, err
	}
	for message, err := range s.messages(ctx, m.Internal) {
		if err != nil {
			return nil, err
		}
		all.add(message.UID)
	}
	return all, nil
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
	if !sameDetails(master, replica) {
		p.tellDetails(name, master, replica)
	} else if !v.some() {
		p.tellIdentity(name, master, replica, v, behind)
	}
}

// tellForeign enters the messages that nothing on its way explains.
func (p *pair) tellForeign(name cyrus.InternalName, v *variance) {
	d := p.difference(name, monitor.MessageExtra)
	d.UIDs, d.Replica, d.Warning = inventory.Text(v.foreign.String()), messages(&v.foreign), v.saved
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
		d.Text, d.Warning = fmt.Sprintf("only the replica has %s", d.Replica), v.saved
		p.add(name, d, behind && v.foreign.count == 0)
	}
	if v.content.count > 0 {
		d := p.difference(name, monitor.ContentDiffers)
		d.UIDs, d.Master, d.Replica = inventory.Text(v.content.String()), "its own content", "its own content"
		d.Text, d.Warning = fmt.Sprintf("%s not the same on both sides", isAre(v.content.count)), v.saved
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
