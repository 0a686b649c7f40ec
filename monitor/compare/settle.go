package compare

import (
	"context"
	"time"

	"github.com/interlacemail/interlace/inventory/cyrus"
)

// stood tells of a mailbox how long its counters have stood still.
type stood struct {
	suspect
	still
	looks   int   // that showed the same as the one before
	settled bool  // it is believed: nothing on its way explains what differs
	wants   wants // of what is read
}

// look compares with the look before.
func (s *stood) look(master, replica *cyrus.Mailbox) {
	if s.looks++; unmoved(s.master, master) && unmoved(s.replica, replica) {
		s.stands()
	} else {
		s.looks, s.since, s.settled = 0, time.Time{}, false
	}
	s.master, s.replica = master, replica
}

// believed tells whether what differs is to be believed: it stood still, and where
// a change that is only on its way may explain it, for as long as is looked.
func (s *stood) believed(tries int) bool { return s.looks >= tries || s.looks > 0 && !s.late() }

// settle looks at suspects again until they agree, or are believed. It returns
// those that do not agree: still ones, and after the last try those that move. The
// replica is looked at first. What of accounts is open is looked at beside, once at least.
func (p *pair) settle(ctx context.Context, l *lane, found []suspect, accounts *bulk) ([]stood, error) {
	settled, rest, err := p.ahead(ctx, l, found)
	if err == nil {
		err = accounts.further(ctx, l, p)
	}
	if err != nil {
		return nil, err
	}
	waiting := make([]stood, len(rest))
	for i := range rest {
		waiting[i].suspect = rest[i]
	}
	for try := 1; try <= p.options.Tries && len(waiting) > 0; try++ {
		if err := pause(ctx, p.options.Pause); err != nil {
			return nil, err
		}
		names := make([]cyrus.InternalName, len(waiting))
		for i := range waiting {
			names[i] = waiting[i].name
		}
		master, replica, err := l.details(ctx, names...)
		if err != nil {
			return nil, err
		}
		left := waiting[:0]
		for _, s := range waiting {
			s.look(orDamaged(master[s.name], s.master), orDamaged(replica[s.name], s.replica))
			s.settled = s.believed(p.options.Tries)
			switch {
			case s.agrees(p):
			case try == p.options.Tries, s.settled:
				settled = append(settled, s)
			default:
				left = append(left, s)
			}
		}
		waiting = left
		if err := accounts.further(ctx, l, p); err != nil {
			return nil, err
		}
	}
	return settled, nil
}

// orDamaged returns what a look shows of a mailbox. One of which nothing is told,
// as the list did before, is there all the same.
func orDamaged(now, listed *cyrus.Mailbox) *cyrus.Mailbox {
	if now == nil && listed != nil && !listed.Readable {
		return listed
	}
	return now
}

// ahead picks out mailboxes in which the replica has given out UIDs that the
// master, asked afterwards, has not: nothing on its way can explain those. Both are
// asked anew, since a look in bulk tells what belongs to a mailbox at various moments.
func (p *pair) ahead(ctx context.Context, l *lane, found []suspect) (settled []stood, rest []suspect, err error) {
	var candidates []suspect
	for _, s := range found {
		if s.ahead() {
			candidates = append(candidates, s)
		} else {
			rest = append(rest, s)
		}
	}
	if len(candidates) == 0 {
		return nil, rest, nil
	}
	names := make([]cyrus.InternalName, len(candidates))
	for i := range candidates {
		names[i] = candidates[i].name
	}
	master, replica, err := l.details(ctx, names...)
	if err != nil {
		return nil, nil, err
	}
	for _, s := range candidates {
		now := suspect{name: s.name, master: orDamaged(master[s.name], s.master), replica: orDamaged(replica[s.name], s.replica)}
		if now.ahead() {
			settled = append(settled, stood{suspect: now, still: still{since: time.Now()}, settled: true})
		} else {
			rest = append(rest, now)
		}
	}
	return settled, rest, nil
}

// ahead tells whether the replica has given out UIDs that the master has not. A
// mailbox that was made anew under its name is another one.
func (s *suspect) ahead() bool {
	return s.master != nil && s.replica != nil && s.master.Readable && s.replica.Readable &&
		!another(s.master, s.replica) && s.replica.Status.UIDNext > s.master.Status.UIDNext
}

// another tells whether two copies are not of one mailbox: one was deleted and made
// anew, or another one renamed to its name, and nothing but their names can be held
// against each other.
func another(master, replica *cyrus.Mailbox) bool {
	return master.UniqueID != replica.UniqueID || master.Status.UIDValidity != replica.Status.UIDValidity
}

// agrees tells whether the two copies have come to be the same.
func (s *suspect) agrees(p *pair) bool {
	if s.master == nil || s.replica == nil {
		return s.master == s.replica
	}
	return p.same(s.master, s.replica)
}

// late tells whether a change that is only on its way may explain the difference:
// such a mailbox is looked at as often as is allowed, however still it stands.
func (s *suspect) late() bool {
	return s.master == nil || s.replica == nil || another(s.master, s.replica) ||
		s.master.Type != s.replica.Type || s.master.Partition != s.replica.Partition || s.master.QuotaRoot != s.replica.QuotaRoot ||
		s.master.Status.HighestModSeq > s.replica.Status.HighestModSeq || s.master.FolderModSeq > s.replica.FolderModSeq
}

// unmoved tells whether nothing was written between two looks.
func unmoved(before, after *cyrus.Mailbox) bool {
	if before == nil || after == nil {
		return before == after
	}
	told := before.FolderModSeq != 0 && after.FolderModSeq != 0
	return !another(before, after) && before.Status.HighestModSeq == after.Status.HighestModSeq &&
		before.Status.UIDNext == after.Status.UIDNext && (!told || before.FolderModSeq == after.FolderModSeq && sameDetails(before, after))
}

// pause waits, unless the context ends first.
func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	clock := time.NewTimer(d)
	defer clock.Stop()
	select {
	case <-clock.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
