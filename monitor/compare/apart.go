package compare

import (
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
)

// apart is something in which two looks at the same moment differ. Of what has no
// counters, such as subscriptions, that is believed which every look shows alike:
// it stood still on both sides.
type apart struct {
	owner           cyrus.Owner
	name            cyrus.InternalName // empty: the account
	kind            monitor.DifferenceKind
	subscribed      cyrus.InternalName // what a subscription is of
	uids            string
	master, replica string // empty: nothing
	text            string
	shown           bool // only who looks as the user sees it
	moved           bool // a side has not the mailboxes any more that it had at first, as far as this is about them
}

// stayed returns what was there before and is there now; in a mailbox that was moved
// nothing stays.
func stayed(before, now []apart) (both []apart) {
	for _, a := range now {
		if !a.moved && slices.Contains(before, a) {
			both = append(both, a)
		}
	}
	return both
}

// inMailbox is a kind of difference in a mailbox.
type inMailbox struct {
	mailbox inventory.Text
	kind    monitor.DifferenceKind
}

// known tells whether what a user is shown in a mailbox of somebody else was told
// before, of the owner or of another reader: then it need not be told of each.
func (p *pair) known(a *apart) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if owner, _, _ := a.name.Owner(); !a.shown || a.uids == "" || owner == a.owner {
		return false
	}
	of := inMailbox{p.called(a.name), a.kind}
	if a.kind == monitor.SeenDiffers {
		of.kind = monitor.FlagsDiffer
	}
	return p.wide[of] == a.uids
}

// tellApart enters what all looks have shown as differences, and the rest of what
// the last one shows as on its way.
func (p *pair) tellApart(now, stayed []apart, t *still) {
	for _, a := range now {
		d := p.differenceOf(a.owner, a.name, a.kind)
		if a.shown {
			d.Level = monitor.CompareView
		}
		d.UIDs, d.Master, d.Replica, d.Text = inventory.Text(a.uids), inventory.Text(a.master), inventory.Text(a.replica), a.text
		switch {
		case !slices.Contains(stayed, a):
			p.flight(a.owner, d, a.text+", and that changes")
		case p.known(&a):
			p.noteOwner(a.owner, monitor.Different)
		default:
			p.enterLate(a.owner, d, t)
		}
	}
}
