package compare

import (
	"context"
	"errors"
	"slices"

	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
)

// fewMessages is how many UIDs a mailbox may have given out to be read at once as
// an administrator, which takes Cyrus a quarter of a millisecond for each message,
// and us memory. Larger ones are read as a stream, ten times as fast, as a user
// who may read them.
const fewMessages = 100

// read reads the messages of both copies of a mailbox and tells in what they
// differ.
func (p *pair) read(ctx context.Context, l *lane, s *stood, last bool) (again bool, err error) {
	if s.late() {
		if p.ask(ctx, &s.still); s.settled && p.waits(&s.still) {
			return p.waitFor(ctx, l, s)
		}
	}
	replica, err := l.replica.sure(ctx, s.name, s.replica)
	if err != nil {
		return false, err
	}
	master, err := l.master.sure(ctx, s.name, s.master)
	if err != nil {
		return false, err
	}
	switch {
	case master == nil && replica == nil:
		return false, nil // it was deleted, or a name had two readings
	case master == nil || replica == nil:
		return p.readOne(ctx, l, s, master, replica, last)
	case !master.Readable || !replica.Readable:
		s.master, s.replica = master, replica
		p.unreadable(s)
		return false, nil
	case s.master == nil && master.Readable || s.replica == nil && replica.Readable:
		s.look(master, replica)
		return p.comesAndGoes(s, last)
	}
	s.master, s.replica = master, replica
	return p.readBoth(ctx, l, s, last)
}

// waitFor looks whether a mailbox still stands still while it may be that the replica
// gets the rest of it. What does not is no difference.
func (p *pair) waitFor(ctx context.Context, l *lane, s *stood) (again bool, err error) {
	master, replica, err := l.details(ctx, s.name)
	if err != nil {
		return false, err
	}
	s.look(orDamaged(master[s.name], s.master), orDamaged(replica[s.name], s.replica))
	return !s.agrees(p) || p.options.at(monitor.CompareMessages) || !p.checksums, nil
}

// comesAndGoes looks again at a mailbox that a side has not had, or has no more.
func (p *pair) comesAndGoes(s *stood, last bool) (again bool, err error) {
	if last {
		p.inFlight(s.name, "it is being moved or deleted")
	}
	return !last, nil
}

// readOne tells of a mailbox that only one side has.
func (p *pair) readOne(ctx context.Context, l *lane, s *stood, master, replica *cyrus.Mailbox, last bool) (again bool, err error) {
	if s.look(master, replica); !s.settled && !s.believed(p.options.Tries) {
		return p.comesAndGoes(s, last)
	}
	if p.waits(&s.still) {
		return true, nil
	}
	return false, p.one(ctx, l, s)
}

// readBoth tells of a mailbox that both sides have.
func (p *pair) readBoth(ctx context.Context, l *lane, s *stood, last bool) (again bool, err error) {
	master, replica, v, err := p.messagesOf(ctx, l, s)
	if err != nil || v == nil {
		return false, err
	}
	s.look(master, replica)
	if !sameMark(&master.Mark, &replica.Mark, p.checksums) {
		p.suspect(s.name) // by now, if it was not
	}
	if v.foreign.count > 0 {
		if err := p.sureOfForeign(ctx, l, s, v); err != nil {
			return false, err
		}
	}
	switch {
	case v.none() && sameMark(&master.Mark, &replica.Mark, p.checksums) && sameDetails(master, replica):
		p.count(v)
	case s.settled || s.believed(p.options.Tries):
		if s.late() && p.waits(&s.still) {
			return true, nil
		}
		p.count(v)
		p.save(ctx, l, s, replica.ACL, v)
		p.tell(s, v)
	case v.foreign.count > 0:
		p.count(v)
		p.save(ctx, l, s, replica.ACL, v)
		p.tellForeign(s.name, v)
		p.inFlight(s.name, writtenTo)
	case last:
		p.inFlight(s.name, writtenTo)
	default:
		return true, nil
	}
	return false, nil
}

// writtenTo says of a mailbox why it is not compared to the end.
const writtenTo = "it is being written to"

// tellSettled is like read for a mailbox that was looked at before. One that moved
// all the time is not read.
func (p *pair) tellSettled(ctx context.Context, l *lane, s *stood, last bool) (again bool, err error) {
	if !s.settled {
		p.inFlight(s.name, writtenTo)
		return false, nil
	}
	return p.read(ctx, l, s, last)
}

// sureOfForeign asks the master, after the replica was read, which UIDs it has
// given out. Where either side has another mailbox by then, or had from the first,
// that tells nothing of what was read.
func (p *pair) sureOfForeign(ctx context.Context, l *lane, s *stood, v *variance) error {
	master, replica, err := l.details(ctx, s.name)
	if err != nil {
		return err
	}
	same := func(now, read *cyrus.Mailbox) bool { return now != nil && now.Readable && !another(now, read) }
	if !another(s.master, s.replica) && same(replica[s.name], s.replica) && same(master[s.name], s.master) {
		v.foreign = v.foreign.from(master[s.name].Status.UIDNext)
	} else {
		v.foreign = uids{}
	}
	return nil
}

// messagesOf compares the messages of both copies and returns the copies as of
// then. Without a variance it has told why nothing could be compared.
func (p *pair) messagesOf(ctx context.Context, l *lane, s *stood) (master, replica *cyrus.Mailbox, v *variance, err error) {
	ways := []func(context.Context, *lane, *stood) (master, replica *cyrus.Mailbox, v *variance, err error){p.records, p.streamed}
	if max(s.master.Status.UIDNext, s.replica.Status.UIDNext) > fewMessages {
		slices.Reverse(ways)
	}
	var closed error
	for _, way := range ways {
		master, replica, v, err = way(ctx, l, s)
		if err == nil || !cannotRead(err) {
			return master, replica, v, err
		}
		closed = errors.Join(closed, err)
	}
	p.uncompared(s.name, "messages", closed)
	return nil, nil, nil, nil
}

// cannotRead tells whether a way of reading a mailbox is closed, and another one
// may be open.
func cannotRead(err error) bool {
	return errors.Is(err, cyrus.ErrManyRecords) || errors.Is(err, cyrus.ErrLogin) || errors.Is(err, cyrus.ErrFolded) || errors.Is(err, errNobody) ||
		errors.Is(err, errUserGone) || errors.Is(err, errDenied) || errors.Is(err, errLost) || errors.Is(err, errNoReader) || errors.Is(err, errUnseen) || cyrus.IsRefusal(err)
}

// records compares a mailbox by what an administrator is told of it at once.
func (p *pair) records(ctx context.Context, l *lane, s *stood) (master, replica *cyrus.Mailbox, v *variance, err error) {
	type copy struct {
		mailbox  *cyrus.Mailbox
		messages []cyrus.Message
	}
	ours, theirs, err := lookAt(l, func(side *side) (copy, error) {
		next := s.master.Status.UIDNext
		if side == &l.replica {
			next = s.replica.Status.UIDNext
		}
		mailbox, messages, err := side.records(ctx, s.name, next)
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
	v, err = compareMessages(each(ours.messages), each(theirs.messages), counters{master: ours.mailbox.Status, replica: theirs.mailbox.Status}, s.wants)
	return ours.mailbox, theirs.mailbox, v, err
}

// records returns the messages of a mailbox and the mailbox as of the same
// moment. Where the server ends two connections the mailbox is damaged, which is
// no error.
func (s *side) records(ctx context.Context, name cyrus.InternalName, uidNext uint32) (*cyrus.Mailbox, []cyrus.Message, error) {
	var mailbox *cyrus.Mailbox
	var messages []cyrus.Message
	err := twice(name, func() (err error) {
		if err = s.ready(ctx); err == nil {
			mailbox, messages, err = s.client.Records(ctx, name, uidNext)
			err = s.middle(err)
		}
		return err
	}, s)
	if s.damageOf(name) != nil {
		return nil, nil, nil
	}
	return mailbox, messages, err
}
