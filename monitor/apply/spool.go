package apply

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/compare"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/host"
)

// proven is what was read whole and is what it was, since it was last written down: all that
// some have, and of others parts of mailboxes.
type proven struct {
	Owners          []cyrus.Owner
	Spans           []compare.Span
	Messages, Bytes int64
	Hidden          int // mailboxes that nobody can open
}

// spoolProof is a reading of a new replica under way.
type spoolProof struct {
	*making
	made  inventory.Instance
	since time.Time // when something was last written down
	fresh proven    // since then, but for parts
	parts map[cyrus.Owner][]compare.Span
	all   proven // without its owners and parts
}

// proveSpool has the new replica read every message that users may open, and holds each against
// its digest, where the operator's command has copied: what servers tell of messages comes from
// their indices, and does not show that a file was damaged on its way. Replication needs no
// such proof: both ends check the digest of each message that it sends. So what comes later is
// not read, nor is what an earlier run has written down as proven, in the middle of a large
// mailbox, too.
func (m *making) proveSpool(ctx context.Context, made inventory.Instance, records []monitor.StepRecord) (text, data string, err error) {
	if byCommand, err := m.byCommand(records); err != nil || !byCommand {
		return "", "", err
	}
	if m.Layouts.ReadWhole == nil {
		return "", "", fmt.Errorf("what seed_command has copied to %s can't be read", made.Server)
	}
	p := &spoolProof{making: m, made: made, since: time.Now(), parts: map[cyrus.Owner][]compare.Span{}}
	sizes, err := p.sizes(ctx)
	if err != nil {
		return "", "", err
	}
	before, err := notesOf[proven](m.unit, records, monitor.StepProveSpool)
	if err != nil {
		return "", "", err
	}
	var all int64
	owners := map[cyrus.Owner]bool{}
	for owner, size := range sizes {
		owners[owner] = true
		all += size
	}
	var read []compare.Span
	for i := range before {
		for _, owner := range before[i].Owners {
			delete(owners, owner)
		}
		read = append(read, before[i].Spans...)
		p.all.add(&before[i])
	}
	found, err := p.read(ctx, owners, read, max(all-p.all.Bytes, 0))
	if err = errors.Join(err, p.writeDown(context.WithoutCancel(ctx))); err != nil {
		return "", "", err
	}
	return p.all.text(), "", unserved("reads that", p.damaged(found.Damaged), p.unread(ctx, found.Unread))
}

// sizes returns how many bytes of messages each owner has on the replica, as far as it tells.
func (p *spoolProof) sizes(ctx context.Context) (map[cyrus.Owner]int64, error) {
	c, err := p.Dial(ctx, p.made, "")
	if err != nil {
		return nil, err
	}
	defer c.Close()
	marks, _, err := c.Marks(ctx)
	if err != nil {
		return nil, err
	}
	sizes := map[cyrus.Owner]int64{}
	for i := range marks {
		if owner, _, kept := marks[i].Internal.Owner(); kept {
			sizes[owner] += max(marks[i].Status.Size, 0) // which may be unknown
		}
	}
	return sizes, nil
}

// read reads all messages of these owners, of so many bytes, but for those that were read before.
func (p *spoolProof) read(ctx context.Context, owners map[cyrus.Owner]bool, before []compare.Span, all int64) (*compare.Whole, error) {
	if len(owners) == 0 {
		return &compare.Whole{}, nil
	}
	tell := compare.TellReading(all, func(r compare.Reading) {
		p.tell(Progress{Unit: p.unit, Verb: course.Do, Step: monitor.StepProveSpool, Far: r.String()})
	})
	found, err := p.Layouts.ReadWhole(ctx, p.made, owners, compare.WholeOptions{
		Read: before, Progress: func(bytes int64) { tell(p.made.Server, bytes) },
		Proven: func(part *compare.Proven) error { return p.take(ctx, part) },
	})
	if err != nil {
		return nil, fmt.Errorf("%w; interlace apply --resume --yes reads the rest", err)
	}
	tell(p.made.Server, found.Bytes)
	return found, nil
}

// take takes down what was read and is what it was, and now and then writes it down.
func (p *spoolProof) take(ctx context.Context, part *compare.Proven) error {
	p.fresh.add(&proven{Messages: part.Messages, Bytes: part.Bytes, Hidden: part.Hidden})
	if part.All {
		delete(p.parts, part.Owner)
		p.fresh.Owners = append(p.fresh.Owners, part.Owner)
	} else {
		p.parts[part.Owner] = compare.Joined(append(p.parts[part.Owner], part.Span))
	}
	if time.Since(p.since) < p.Layouts.note() {
		return nil
	}
	return p.writeDown(ctx)
}

// add adds what another note has, but for its owners and parts.
func (p *proven) add(other *proven) {
	p.Messages, p.Bytes, p.Hidden = p.Messages+other.Messages, p.Bytes+other.Bytes, p.Hidden+other.Hidden
}

// text says what was read.
func (p *proven) text() string {
	text := fmt.Sprintf("%s read whole, %d bytes", inventory.Counted(int(p.Messages), "message was", "messages were"), p.Bytes)
	if p.Hidden > 0 {
		text += fmt.Sprintf("; %s that nobody can open, such as Sieve scripts, not read", inventory.Counted(p.Hidden, "mailbox", "mailboxes"))
	}
	return text
}

// writeDown writes down what was proven since it last did.
func (p *spoolProof) writeDown(ctx context.Context) error {
	fresh := p.fresh
	for _, spans := range p.parts {
		fresh.Spans = append(fresh.Spans, spans...)
	}
	fresh.Spans = compare.Joined(fresh.Spans)
	p.all.add(&fresh)
	p.fresh, p.since = proven{}, time.Now()
	clear(p.parts)
	if len(fresh.Spans) == 0 && len(fresh.Owners) == 0 {
		return nil
	}
	return p.making.note(ctx, monitor.StepProveSpool, fresh)
}

// damaged fails where messages are not what they were, and says where to take them from.
func (p *spoolProof) damaged(list []compare.DamagedFiles) error {
	var texts []string
	for i := range list {
		d := &list[i]
		texts = append(texts, fmt.Sprintf("%s: %s: UID %s", inventory.Printable(string(d.Mailbox)), d.Found(), d.UIDs))
	}
	if len(texts) == 0 {
		return nil
	}
	return fmt.Errorf("messages that seed_command has copied to %s are not what they were: %s; next: put the files of these messages from the spool of the master on %s into that on %[1]s (mbpath names the directories), or from a backup where they are damaged on the master, too",
		p.made.Server, few(texts), p.store.Instances[0].Server)
}

// unread fails where mailboxes could not be read, and says who may read them.
func (p *spoolProof) unread(ctx context.Context, list []compare.UnreadMailbox) error {
	var texts []string
	for _, u := range list {
		texts = append(texts, fmt.Sprintf("%s: %s", inventory.Printable(string(u.Mailbox)), u.Why))
	}
	if len(texts) == 0 {
		return nil
	}
	return fmt.Errorf("mailboxes that seed_command has copied to %s could not be read: %s; next: give the right r on the master on %s to the administrator, or to somebody who has mailboxes there and is not denied%s",
		p.made.Server, few(texts), p.store.Instances[0].Server, p.denials(ctx, list))
}

// denials has those let in for a while on the new replica whose mailboxes could not be read and
// who are denied there: before it is in service it keeps out again whom its master does.
func (p *spoolProof) denials(ctx context.Context, list []compare.UnreadMailbox) string {
	h, err := p.open(ctx, p.made)
	if err != nil {
		return ""
	}
	denied, err := h.Denied(ctx)
	if err != nil {
		return ""
	}
	var commands []string
	for _, u := range list {
		if user := inventory.UserID(u.Owner.Name); !u.Owner.Shared && denied[user] {
			commands = appendNew(commands, string(host.AllowCommand(h.Tools, h.Conf, user)))
		}
	}
	if len(commands) == 0 {
		return ""
	}
	return fmt.Sprintf(", or let in on %s who is denied there, until it is in service: %s", p.made.Server, few(commands))
}
