package compare

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory/cyrus"
)

// fewMessages is how many UIDs a mailbox may have given out to be read at once as
// an administrator: the server and we hold all of them. Larger ones are read as
// a stream, as a user who may read them.
const fewMessages = 10_000

// read reads the messages of both copies of a mailbox and tells in what they
// differ.
func (p *pair) read(ctx context.Context, l *lane, s *stood, last bool) (again bool, err error) {
	switch {
	case !s.still:
		p.inFlight(s.name, "it is being written to")
		return false, nil
	case s.master == nil || s.replica == nil:
		return false, p.one(ctx, l, s)
	case !s.master.Readable || !s.replica.Readable:
		p.unreadable(s)
		return false, nil
	}
	master, replica, v, err := p.messagesOf(ctx, l, s)
	if err != nil || v == nil {
		return false, err
	}
	moved := !unmoved(s.master, master) || !unmoved(s.replica, replica)
	late := !s.settled && (&suspect{master: master, replica: replica}).late()
	if v.foreign.count > 0 {
		if err := p.sureOfForeign(ctx, l, s.name, v); err != nil {
			return false, err
		}
	}
	switch {
	case v.none() && sameMark(&master.Mark, &replica.Mark, p.checksums) && sameDetails(master, replica):
		p.count(v)
	case moved && v.foreign.count > 0:
		p.count(v)
		p.save(ctx, l, s.name, replica.ACL, v)
		p.tellForeign(s.name, v)
		p.inFlight(s.name, "it is being written to")
	case (moved || late) && !last:
		s.master, s.replica, s.settled = master, replica, false
		return true, nil
	case moved:
		p.inFlight(s.name, "it is being written to")
	default:
		p.count(v)
		p.save(ctx, l, s.name, replica.ACL, v)
		p.tell(s.name, master, replica, v)
	}
	return false, nil
}

// sureOfForeign asks the master, after the replica was read, which UIDs it has
// given out.
func (p *pair) sureOfForeign(ctx context.Context, l *lane, name cyrus.InternalName, v *variance) error {
	now, err := l.master.details(ctx, []cyrus.InternalName{name})
	if err != nil {
		return err
	}
	if m := now[name]; m != nil && m.Readable {
		v.foreign = v.foreign.from(m.Status.UIDNext)
	} else {
		v.foreign = uids{}
	}
	return nil
}

// messagesOf compares the messages of both copies and returns the copies as of
// then. Without a variance it has told why nothing could be compared.
func (p *pair) messagesOf(ctx context.Context, l *lane, s *stood) (master, replica *cyrus.Mailbox, v *variance, err error) {
	reader := p.reader(s)
	many := max(s.master.Status.UIDNext, s.replica.Status.UIDNext) > fewMessages
	if many && reader != "" {
		master, replica, v, err = p.stream(ctx, l, s, reader)
		if err == nil || !cannotRead(err) || ctx.Err() != nil {
			return master, replica, v, err
		}
	}
	whyNot := err
	master, replica, v, err = p.records(ctx, l, s)
	if err == nil || !cannotRead(err) {
		return master, replica, v, err
	}
	if !many && reader != "" {
		if master, replica, v, err = p.stream(ctx, l, s, reader); err == nil || !cannotRead(err) {
			return master, replica, v, err
		}
	}
	if whyNot != nil {
		err = whyNot
	} else if reader == "" {
		err = errors.Join(err, errNoReader)
	}
	p.uncompared(s.name, "messages", err.Error())
	return nil, nil, nil, nil
}

var errNoReader = errors.New("and there is no user who may read it on both sides")

// cannotRead tells whether a way of reading a mailbox is closed, and another one
// may be open.
func cannotRead(err error) bool {
	return errors.Is(err, cyrus.ErrManyRecords) || errors.Is(err, cyrus.ErrLogin) || errors.Is(err, errNobody) ||
		errors.Is(err, errUserGone) || cyrus.IsRefusal(err)
}

// records compares a mailbox by what an administrator is told of it at once.
func (p *pair) records(ctx context.Context, l *lane, s *stood) (master, replica *cyrus.Mailbox, v *variance, err error) {
	type copy struct {
		mailbox  *cyrus.Mailbox
		messages []cyrus.Message
	}
	ours, theirs, err := lookAt(l, func(side *side) (copy, error) {
		mailbox, messages, err := side.records(ctx, s.name)
		return copy{mailbox, messages}, err
	})
	switch {
	case errors.Is(err, cyrus.ErrNoMailbox):
		p.inFlight(s.name, "it is being moved or deleted")
		return nil, nil, nil, nil
	case err != nil:
		return nil, nil, nil, err
	case ours.mailbox == nil || theirs.mailbox == nil:
		p.unreadable(s)
		return nil, nil, nil, nil
	}
	v, err = compareMessages(each(ours.messages), each(theirs.messages), counters{master: ours.mailbox.Status, replica: theirs.mailbox.Status})
	return ours.mailbox, theirs.mailbox, v, err
}

// records returns the messages of a mailbox and the mailbox as of the same
// moment. Where the server ends the connection the mailbox is damaged, which is
// no error.
func (s *side) records(ctx context.Context, name cyrus.InternalName) (*cyrus.Mailbox, []cyrus.Message, error) {
	if err := s.admin(ctx); err != nil {
		return nil, nil, err
	}
	if err := s.throttle.wait(ctx, s.client); err != nil {
		return nil, nil, err
	}
	mailbox, messages, err := s.client.Records(ctx, name)
	if err == nil || !cyrus.Died(err) {
		return mailbox, messages, err
	}
	s.close()
	s.damage(name, err)
	return nil, nil, nil
}

// stream compares a mailbox as a user who may read it, on both sides at once, in
// memory that does not grow with it.
func (p *pair) stream(ctx context.Context, l *lane, s *stood, reader string) (master, replica *cyrus.Mailbox, v *variance, err error) {
	if err := l.both(func(side *side) error { return side.enter(ctx, reader) }); err != nil {
		return nil, nil, nil, err
	}
	v, err = compareMessages(
		l.master.messages(ctx, s.name), l.replica.messages(ctx, s.name),
		counters{master: s.master.Status, replica: s.replica.Status})
	if err != nil {
		// The streams may have been left in the middle.
		l.close()
		if p.master.damageOf(s.name) != nil || p.replica.damageOf(s.name) != nil {
			p.unreadable(s)
			return nil, nil, nil, nil
		}
		return nil, nil, nil, err
	}
	names := []cyrus.InternalName{s.name}
	theirs, err := l.replica.details(ctx, names)
	if err != nil {
		return nil, nil, nil, err
	}
	ours, err := l.master.details(ctx, names)
	if err != nil {
		return nil, nil, nil, err
	}
	if master, replica = ours[s.name], theirs[s.name]; master == nil || replica == nil {
		p.inFlight(s.name, "it is being moved or deleted")
		return nil, nil, nil, nil
	}
	return master, replica, v, nil
}

// messages yields the messages of a mailbox as the user sees them that the
// connection is one of. Where the server ends it the mailbox is damaged.
func (s *side) messages(ctx context.Context, name cyrus.InternalName) iter.Seq2[cyrus.Message, error] {
	return func(yield func(cyrus.Message, error) bool) {
		for m, err := range s.client.Messages(ctx, s.client.UserName(name)) {
			if err != nil && cyrus.Died(err) {
				s.damage(name, err)
			}
			if !yield(m, err) {
				return
			}
		}
	}
}

// reader returns a user as whom a mailbox can be read on both sides. Empty: nobody
// is known.
func (p *pair) reader(s *stood) string {
	onBoth := func(has inbox) bool { return has.master && has.replica }
	var acl []cyrus.Right
	for _, right := range s.master.ACL {
		if slices.Contains(s.replica.ACL, right) {
			acl = append(acl, right)
		}
	}
	return p.readerOf(s.name, acl, onBoth)
}

// readerOf returns the owner of a mailbox, or of a shared one somebody whom the
// access list lets read it, who has an INBOX where it is needed.
func (p *pair) readerOf(name cyrus.InternalName, acl []cyrus.Right, needed func(inbox) bool) string {
	owner, _, _ := name.Owner()
	if !owner.Shared {
		if needed(p.inboxes[owner.Name]) {
			return owner.Name
		}
		return ""
	}
	for _, right := range acl {
		if !strings.Contains(right.Rights, "r") {
			continue
		}
		if needed(p.inboxes[right.Identifier]) {
			return right.Identifier
		}
		if right.Identifier == "anyone" && p.anybody != "" {
			return p.anybody
		}
	}
	return ""
}
