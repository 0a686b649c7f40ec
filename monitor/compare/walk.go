package compare

import (
	"context"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
)

// walk opens on both sides every mailbox that a user sees, as a mail client does,
// and returns in what their messages differ as this user is shown them. Mailboxes of
// the user's own of which something was told before are passed over.
func (p *pair) walk(ctx context.Context, l *lane, who *person, master, replica *cyrus.View) (found []apart, err error) {
	onReplica := sights(replica)
	for i := range master.Mailboxes {
		m := &master.Mailboxes[i]
		r := onReplica[m.Name]
		delete(onReplica, m.Name)
		if p.wasTold(who, m.Internal) {
			continue
		}
		if r == nil {
			found = append(found, apart{owner: cyrus.Owner{Name: who.name}, name: m.Internal, kind: monitor.RightsDiffer, master: "the user sees it", replica: "the user does not see it", text: "only on the master does the user see the mailbox", shown: true})
			continue
		}
		more, err := p.open(ctx, l, who, m, r)
		if err != nil {
			return nil, err
		}
		found = append(found, more...)
	}
	for i := range replica.Mailboxes {
		r := &replica.Mailboxes[i]
		if onReplica[r.Name] != nil && !p.wasTold(who, r.Internal) {
			found = append(found, apart{owner: cyrus.Owner{Name: who.name}, name: r.Internal, kind: monitor.RightsDiffer, master: "the user does not see it", replica: "the user sees it", text: "only on the replica does the user see the mailbox", shown: true})
		}
	}
	return found, nil
}

func (p *pair) wasTold(who *person, name cyrus.InternalName) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return who.owns(name) && p.told[place{cyrus.Owner{Name: who.name}, p.called(name)}]
}

// place is a mailbox, or an account, as far as it concerns an owner.
type place struct {
	owner   cyrus.Owner
	mailbox inventory.Text
}

// open compares the messages of a mailbox as a user is shown them.
func (p *pair) open(ctx context.Context, l *lane, who *person, m, r *cyrus.Sight) ([]apart, error) {
	var v *variance
	err := twice(m.Internal, func() (err error) {
		v, err = l.messages(ctx, who.name, m.Internal, counters{master: m.Status, replica: r.Status}, wants{})
		return err
	}, &l.master, &l.replica)
	switch {
	case err == nil:
	case p.master.damageOf(m.Internal) != nil || p.replica.damageOf(m.Internal) != nil:
		if p.unreadable(&stood{suspect: suspect{name: m.Internal}}); !who.owns(m.Internal) {
			p.uncomparedIn(who.name, m.Internal, "what the user sees there", errUnreadable)
		}
		return nil, nil
	case cyrus.IsRefusal(err):
		return p.refused(ctx, l, who, m)
	default:
		return nil, err
	}
	if !who.seen {
		p.count(v)
	}
	return v.apart(cyrus.Owner{Name: who.name}, m.Internal), nil
}

// refused compares which sides let a user open a mailbox.
func (p *pair) refused(ctx context.Context, l *lane, who *person, m *cyrus.Sight) ([]apart, error) {
	ours, theirs, err := lookAt(l, func(s *side) (string, error) {
		return asUser(ctx, s, who.name, func() (string, error) {
			var refused error
			for _, refused = range s.client.Messages(ctx, m.Name) {
				break
			}
			switch {
			case cyrus.IsRefusal(refused):
				return "the user may not open it", nil
			case refused == nil:
				s.close() // the messages were left in the middle
			}
			return "the user opens it", refused
		})
	})
	if err != nil || ours == theirs {
		return nil, err
	}
	return []apart{{owner: cyrus.Owner{Name: who.name}, name: m.Internal, kind: monitor.RightsDiffer, master: ours, replica: theirs, text: "only one side lets the user open the mailbox", shown: true}}, nil
}

// apart returns in what messages differ as a user is shown them. In a mailbox of
// somebody else flags are the user's own only in what was seen.
func (v *variance) apart(owner cyrus.Owner, name cyrus.InternalName) (found []apart) {
	add := func(kind monitor.DifferenceKind, u *uids, master, replica, text string) {
		if u.count > 0 {
			found = append(found, apart{owner: owner, name: name, kind: kind, uids: u.String(), master: master, replica: replica, text: text, shown: true})
		}
	}
	flagged := monitor.FlagsDiffer
	if whose, _, _ := name.Owner(); whose != owner {
		flagged = monitor.SeenDiffers
	}
	add(monitor.MessageMissing, &v.missing, string(messages(&v.missing)), "", "the user does not see them on the replica")
	add(monitor.MessageExtra, &v.extra, "", string(messages(&v.extra)), "the user sees them only on the replica")
	add(monitor.ContentDiffers, &v.content, "its own content", "its own content", "the user sees other messages")
	add(flagged, &v.flags, string(flags(v.sample[0])), string(flags(v.sample[1])), "the user sees other flags")
	return found
}
