package compare

import (
	"errors"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
)

// difference begins a difference in a mailbox.
func (p *pair) difference(name cyrus.InternalName, kind monitor.DifferenceKind) monitor.Difference {
	owner, _, _ := name.Owner()
	return p.differenceOf(owner, name, kind)
}

// differenceOf begins a difference that concerns an owner, in a mailbox or, without
// a name, in the account. What differs in a mailbox of scripts is the scripts.
func (p *pair) differenceOf(owner cyrus.Owner, name cyrus.InternalName, kind monitor.DifferenceKind) monitor.Difference {
	if name.HoldsScripts() && kind != monitor.Unreadable && kind != monitor.SpoolDamaged {
		kind = monitor.SieveDiffers
	}
	d := monitor.Difference{
		Store: p.store.Store, Server: p.store.Replica.Server, User: userOf(owner), Mailbox: p.called(name), Kind: kind, Certainty: monitor.Confirmed,
		Level: p.showing(name, kind),
	}
	if whose, _, _ := name.Owner(); name != "" && whose != owner {
		d.Holder = inventory.Text(whose.Name)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.inner[d.Mailbox] = name
	return d
}

// showing returns the lowest level that shows a difference of a kind in a mailbox.
func (p *pair) showing(name cyrus.InternalName, kind monitor.DifferenceKind) monitor.CompareLevel {
	if level := kind.Sought(); level != monitor.CompareMarks {
		return level
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.suspected[name] {
		return monitor.CompareMarks
	}
	return min(p.options.Level, monitor.CompareMessages)
}

// suspect remembers that the marks of a mailbox differ.
func (p *pair) suspect(name cyrus.InternalName) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.suspected[name] = true
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
func (p *pair) add(name cyrus.InternalName, d monitor.Difference) {
	owner, _, _ := name.Owner()
	p.enter(owner, d)
}

// addLate enters a difference in a mailbox that a change on its way may explain.
func (p *pair) addLate(name cyrus.InternalName, d monitor.Difference, t *still) {
	owner, _, _ := name.Owner()
	p.enterLate(owner, d, t)
}

// enterLate enters a difference that a change on its way may explain, by what is known
// of the replication since it stands still.
func (p *pair) enterLate(owner cyrus.Owner, d monitor.Difference, t *still) {
	switch {
	case t.carried.IsZero():
		d.Certainty = monitor.Suspected
		d.Text += ", unless it is on its way: nobody has looked lately whether the replica is behind"
	case !t.sure():
		p.flight(owner, d, "the replica may not have it yet, see interlace lag: "+d.Text)
		return
	}
	p.enter(owner, d)
}

// enter enters a difference.
func (p *pair) enter(owner cyrus.Owner, d monitor.Difference) {
	p.noteOwner(owner, monitor.Different)
	p.mu.Lock()
	defer p.mu.Unlock()
	o := p.of(owner)
	o.differences = append(o.differences, d)
	at := place{owner, d.Mailbox}
	p.told[at] = p.told[at] || d.Kind != monitor.Identity
	p.wide[inMailbox{d.Mailbox, d.Kind}] = string(d.UIDs)
}

func joined(a, b inventory.Text) inventory.Text {
	if a == "" || b == "" {
		return a + b
	}
	return a + "; " + b
}

// lines puts one text beneath another.
func lines(a, b inventory.Text) inventory.Text {
	if a == "" || b == "" {
		return a + b
	}
	return a + "\n" + b
}

// inFlight enters that a change of a mailbox is on its way.
func (p *pair) inFlight(name cyrus.InternalName, why string) {
	owner, _, _ := name.Owner()
	p.flight(owner, p.difference(name, ""), why)
}

// flight enters that a difference is on its way.
func (p *pair) flight(owner cyrus.Owner, d monitor.Difference, why string) {
	p.noteOwner(owner, monitor.UnknownOutcome)
	p.doubt(owner, d.Mailbox)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.out.InFlight = append(p.out.InFlight, monitor.InFlight{Store: d.Store, Server: d.Server, User: d.User, Mailbox: d.Mailbox, Text: why})
	p.told[place{owner, d.Mailbox}] = true
}

// uncompared enters what of a mailbox could not be compared.
func (p *pair) uncompared(name cyrus.InternalName, what string, why error) {
	owner, _, _ := name.Owner()
	p.doubt(owner, p.called(name))
	p.skip(owner, name, what, why)
}

// uncomparedIn enters what could not be compared of a mailbox of somebody else as a
// user is shown it.
func (p *pair) uncomparedIn(user string, name cyrus.InternalName, what string, why error) {
	owner := cyrus.Owner{Name: user}
	p.doubt(owner, p.called(name))
	p.skip(owner, name, what, why)
}

// uncomparedUser enters that a side cannot be seen as a user sees it.
func (p *pair) uncomparedUser(user string, why error) {
	what := "subscriptions, what the user has seen, the user's own annotations"
	if p.options.Level == monitor.CompareView {
		what = "what the user sees"
	}
	owner := cyrus.Owner{Name: user}
	p.doubt(owner, "")
	p.skip(owner, "", what, why)
}

// skip enters what of an owner could not be compared; nobody's outcome is then
// identical.
func (p *pair) skip(owner cyrus.Owner, name cyrus.InternalName, what string, why error) {
	p.noteOwner(owner, monitor.UnknownOutcome)
	p.enterUncompared(userOf(owner), p.called(name), what, why)
}

// skipAll enters what could not be compared of all owners, or of all users.
func (p *pair) skipAll(shared bool, what string, why error) {
	for _, owner := range p.chosen {
		if shared || !owner.Shared {
			p.noteOwner(owner, monitor.UnknownOutcome)
		}
	}
	p.enterUncompared("", "", what, why)
}

// enterUncompared enters what could not be compared, once however often it is tried.
func (p *pair) enterUncompared(user, mailbox inventory.Text, what string, why error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	u := monitor.Uncompared{
		Store: p.store.Store, Server: p.store.Replica.Server, User: user, Mailbox: mailbox, What: what,
		Why: strings.ReplaceAll(why.Error(), "\n", "; "), Denied: errors.Is(why, errDenied),
	}
	if !p.skipped[u] {
		p.skipped[u] = true
		p.out.Uncompared = append(p.out.Uncompared, u)
	}
}
