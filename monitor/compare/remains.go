package compare

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
)

// tellRemains tells what the replica has left of a mailbox that is missing there: it was deleted or
// renamed on the replica alone. sync_client -u gives that its name again, and what is newer in
// it wins: messages that were expunged there are expunged on the master.
func (p *pair) tellRemains(ctx context.Context, l *lane, s *stood, d *monitor.Difference) error {
	there, err := p.remainsNow(ctx, l, s)
	if err != nil || there == "" {
		return err
	}
	if d.Text = fmt.Sprintf("the replica calls this mailbox %s", inventory.Printable(string(p.called(there)))); !deleted(there) {
		return nil // and what that has is compared by itself
	}
	v, err := p.compareRemains(ctx, l, s, there)
	switch {
	case err != nil && !cannotRead(err) && !errors.Is(err, cyrus.ErrNoMailbox):
		return err
	case err != nil:
		d.Unsaved = 1
		d.Text += ", and what that has cannot be told: " + err.Error()
	default:
		d.Unsaved = v.extra.count + v.content.count
		d.Text += remainsText(v)
	}
	return nil
}

// remainsNow returns what the replica calls a mailbox that is missing there; empty if it has
// nothing of it. What was deleted while its mailboxes were listed may be in no list, and what was
// deleted since is not: for those it is listed once more.
func (p *pair) remainsNow(ctx context.Context, l *lane, s *stood) (cyrus.InternalName, error) {
	_, had := find(p.listed.replica, s.name)
	p.mu.Lock()
	there := p.remains[s.name]
	sure := there != "" || p.relisted && !had
	p.mu.Unlock()
	if sure {
		return there, nil
	}
	ours, err := l.master.holding(ctx, true)
	if err != nil {
		return "", err
	}
	theirs, err := l.replica.holding(ctx, true)
	if err != nil {
		return "", err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for name, there := range remainsOf(ours, theirs) {
		p.remains[name] = cmp.Or(p.remains[name], there)
	}
	add(p.strays, straysOf(ours, theirs))
	add(p.buried, buriedIn(ours, theirs))
	p.relisted = true
	return p.remains[s.name], nil
}

// add adds to lists by key what they do not have.
func add[K, V comparable](lists, more map[K][]V) {
	for key, list := range more {
		for _, v := range list {
			if !slices.Contains(lists[key], v) {
				lists[key] = append(lists[key], v)
			}
		}
	}
}

// compareRemains compares the messages of the master's mailbox with those of what the replica has left
// of it, which only an administrator can read.
func (p *pair) compareRemains(ctx context.Context, l *lane, s *stood, there cyrus.InternalName) (*variance, error) {
	replica, theirs, err := l.replica.records(ctx, there, 0)
	if err == nil && replica == nil {
		err = errLost
	}
	if err != nil {
		return nil, err
	}
	master, ours, err := l.master.records(ctx, s.name, s.master.Status.UIDNext)
	if err == nil && master == nil {
		err = errLost
	}
	if err != nil {
		return nil, err
	}
	return compareMessages(each(ours), each(theirs), counters{master: master.Status, replica: replica.Status}, wants{})
}

// remainsText says in what that differs from the master's mailbox.
func remainsText(v *variance) string {
	var list []string
	switch {
	case v.missing.count > 0 && v.compared == 0:
		list = append(list, "lacks all of its messages")
	case v.missing.count > 0:
		list = append(list, fmt.Sprintf("lacks %d of its messages", v.missing.count))
	}
	if own := v.extra.count + v.content.count; own > 0 {
		list = append(list, "has messages that only it has: "+inventory.FormatNumber(float64(own)))
	}
	if v.flags.count > 0 {
		list = append(list, fmt.Sprintf("has other flags on %d", v.flags.count))
	}
	if len(list) == 0 {
		return ""
	}
	return ", which " + strings.Join(list, ", ")
}

// anyRemains tells whether the replica has one of the owner's mailboxes under another name that is
// the owner's, too.
func (r *remedy) anyRemains() bool {
	for name, there := range r.remains {
		if ownerOf(name) == r.owner && !deleted(name) && ownerOf(there) == r.owner {
			return true
		}
	}
	return false
}

// onlyRemainsHave tells whether a difference is of a mailbox that the replica has deleted with messages
// in it that only that has: nobody can read them under its name.
func (r *remedy) onlyRemainsHave(d *monitor.Difference) bool {
	there, has := r.remains[r.inner[d.Mailbox]]
	return d.Kind == monitor.MailboxMissing && has && deleted(there) && d.Unsaved > 0
}

// hasRemains tells whether a difference is of a mailbox that the replica has under another name.
func (r *remedy) hasRemains(d *monitor.Difference) bool {
	_, has := r.remains[r.inner[d.Mailbox]]
	return d.Kind == monitor.MailboxMissing && has
}

// undelete prints no command, but how mailboxes get back the names that they have on the master.
func (r *remedy) undelete(which func(*monitor.Difference) bool) {
	at := r.store.Replica.Server
	for i := range r.list {
		d := &r.list[i]
		if !which(d) {
			continue
		}
		there := inventory.Printable(string(r.called(r.remains[r.inner[d.Mailbox]])))
		r.warn("no command is printed: sync_client would take for newer what was changed in %s on %s, and expunge on the master what was expunged there", there, at)
		r.warn("as an administrator of %s give yourself all rights on %s, rename it to %s and take away again the rights that you gave yourself", at, there, inventory.Printable(string(d.Mailbox)))
	}
	r.warn("then compare again: what only the replica has is saved then")
}
