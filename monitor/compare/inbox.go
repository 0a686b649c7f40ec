package compare

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
)

// inbox is a user's INBOX as of the last look at it.
type inbox struct {
	name            cyrus.InternalName
	master, replica inventory.Text // which mailbox it is; empty: that side has none
}

// both tells whether both sides have it.
func (i inbox) both() bool { return i.master != "" && i.replica != "" }

// none tells whether neither side has it.
func (i inbox) none() bool { return i.master == "" && i.replica == "" }

// inboxOf returns what the INBOX is called of the user whose mailbox this is.
func inboxOf(name cyrus.InternalName) cyrus.InternalName {
	_, folder, _ := name.Owner()
	for range folder {
		name = name[:strings.LastIndexByte(string(name), '.')]
	}
	return name
}

// identity returns which mailbox has a name on the side now; empty: none.
func (s *side) identity(ctx context.Context, name cyrus.InternalName) (inventory.Text, error) {
	found, err := s.details(ctx, []cyrus.InternalName{name})
	if err != nil {
		return "", err
	}
	m, err := s.sure(ctx, name, found[name])
	if m == nil || err != nil {
		return "", err
	}
	return identity(m), nil
}

// lookAtInbox looks at a user's INBOX again, on the replica first, and tells whether it
// stayed. Of a user whose INBOX did not, nothing holds that was seen before.
func (p *pair) lookAtInbox(ctx context.Context, l *lane, who *person) (stayed bool, err error) {
	now := inbox{name: who.inbox.name}
	if now.replica, err = l.replica.identity(ctx, now.name); err == nil {
		now.master, err = l.master.identity(ctx, now.name)
	}
	if stayed = now == who.inbox; err != nil || stayed {
		return stayed, err
	}
	*who = person{name: who.name, inbox: now, still: still{carried: who.carried, asked: who.asked}}
	return false, nil
}

// await looks again at a user of whom a side has no INBOX: the user may be on the way
// there, or be deleted. It tells whether both sides have the user by now, and else whether
// to look again.
func (p *pair) await(ctx context.Context, l *lane, who *person, last bool) (here, again bool, err error) {
	p.ask(ctx, &who.still)
	stayed, err := p.lookAtInbox(ctx, l, who)
	if err != nil {
		return false, false, err
	}
	if stayed {
		who.stands()
	}
	switch told, differs := p.toldOf(who.inbox.name); {
	case who.inbox.both():
		who.still = still{}
		return true, false, nil
	case who.inbox.none():
		if stayed { // there are folders only
			p.uncomparedUser(who.name, p.lacking(who))
		}
	case differs:
		p.uncomparedUser(who.name, p.lacking(who))
	case told:
		p.comesOrGoes(who)
	case !last || p.waits(&who.still):
		return false, true, nil
	case who.since.IsZero(), !who.sure() && !who.carried.IsZero():
		p.comesOrGoes(who)
	default:
		p.uncomparedUser(who.name, p.lacking(who))
	}
	return false, false, nil
}

// notShown tells of a user whom a side did not show, which may be since something was
// deleted meanwhile: then the next look shows it. Who cannot be logged in is not tried again.
func (p *pair) notShown(ctx context.Context, l *lane, who *person, why error, last bool) (again bool, err error) {
	if !errors.Is(why, errUnseen) && !cyrus.IsRefusal(why) {
		p.uncomparedUser(who.name, why)
		return false, nil
	}
	stayed, err := p.lookAtInbox(ctx, l, who)
	switch {
	case err != nil || who.inbox.none(): // the user is gone
		return false, err
	case !last:
		return true, nil
	case stayed:
		p.uncomparedUser(who.name, why)
	default:
		p.comesOrGoes(who)
	}
	return false, nil
}

// lacking says which side has no INBOX of the user.
func (p *pair) lacking(who *person) error {
	where := p.store.Replica.Server
	if who.inbox.master == "" {
		where = p.store.Master.Server
	}
	return fmt.Errorf("the user has no INBOX on %s, and a login might create it", where)
}

// comesOrGoes enters that a user is on the way.
func (p *pair) comesOrGoes(who *person) {
	owner := cyrus.Owner{Name: who.name}
	p.flight(owner, p.differenceOf(owner, "", ""), "the user is being created or deleted")
}

// toldOf tells whether something was told of a mailbox, and whether it is that one side
// alone has it.
func (p *pair) toldOf(name cyrus.InternalName) (told, differs bool) {
	owner, _, _ := name.Owner()
	p.mu.Lock()
	defer p.mu.Unlock()
	called := p.called(name)
	for _, kind := range []monitor.DifferenceKind{monitor.MailboxMissing, monitor.MailboxExtra} {
		_, one := p.wide[inMailbox{called, kind}]
		differs = differs || one
	}
	return p.told[place{owner, called}], differs
}
