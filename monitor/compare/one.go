package compare

import (
	"context"
	"errors"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
)

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
		p.add(s.name, d)
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
	all, err := p.uidsOf(ctx, copy, has, 0)
	switch {
	case errors.Is(err, cyrus.ErrNoMailbox):
		p.inFlight(s.name, "it is being moved or deleted")
		return nil
	case err != nil && !cannotRead(err):
		return err
	case err != nil && copy.damageOf(s.name) != nil, !has.Readable:
		*text = "a mailbox"
		p.unreadable(s)
	case err != nil:
		*text = "a mailbox"
		p.uncompared(s.name, "messages", err)
		if s.replica != nil {
			d.Unsaved = max(1, has.Status.Messages)
		}
	default:
		*text = "a mailbox with " + messages(all)
	}
	switch {
	case s.replica == nil:
		d.MasterID = inventory.Text(s.master.UniqueID)
		if err := p.tellRemains(ctx, l, s, &d); err != nil {
			return err
		}
	case err == nil:
		own := toSave{count: all.count, uids: all.each(func(since uint32) (*uids, error) { return p.uidsOf(ctx, copy, has, since) })}
		p.saveMessages(ctx, l, s.name, s.replica.ACL, &own)
		d.Saved, d.Unsaved = own.told, own.unsaved()
	}
	p.addLate(s.name, d, &s.still)
	return nil
}

// uidsOf returns the messages of a mailbox that only one side has, and keeps those that are not
// below a UID.
func (p *pair) uidsOf(ctx context.Context, s *side, m *cyrus.Mailbox, since uint32) (*uids, error) {
	all := &uids{since: since}
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
	err := twice(m.Internal, func() error {
		*all = uids{since: since}
		if err := s.enter(ctx, reader); err != nil {
			return err
		}
		for message, err := range s.messages(ctx, s.client.UserName(m.Internal)) {
			if err != nil {
				return err
			}
			all.add(message.UID)
		}
		return nil
	}, s)
	return all, err
}
