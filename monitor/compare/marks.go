package compare

import (
	"context"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory/cyrus"
)

// suspect is a mailbox in which the sides differ, or which one of them lacks.
type suspect struct {
	name            cyrus.InternalName
	master, replica *cyrus.Mailbox // nil: that side has none
}

// suspects merges the mailboxes of both sides, each sorted by internal name, and
// returns those that are not the same by what same says.
func suspects(master, replica []cyrus.Mailbox, same func(master, replica *cyrus.Mailbox) bool) []suspect {
	var found []suspect
	for len(master) > 0 || len(replica) > 0 {
		order := 0
		switch {
		case len(replica) == 0:
			order = -1
		case len(master) == 0:
			order = 1
		default:
			order = strings.Compare(string(master[0].Internal), string(replica[0].Internal))
		}
		var s suspect
		if order <= 0 {
			s.name, s.master, master = master[0].Internal, &master[0], master[1:]
		}
		if order >= 0 {
			s.name, s.replica, replica = replica[0].Internal, &replica[0], replica[1:]
		}
		if order != 0 || !same(s.master, s.replica) {
			found = append(found, s)
		}
	}
	return found
}

// sameMark tells whether two copies agree in all that a look in bulk shows.
// What one side does not tell is not compared; checksums are left out where the
// two sides compute them differently.
func sameMark(master, replica *cyrus.Mark, checksums bool) bool {
	m, r := &master.Status, &replica.Status
	told := func(a, b int64) bool { return a != cyrus.UnknownCount && b != cyrus.UnknownCount }
	switch {
	case !master.Readable || !replica.Readable,
		master.UniqueID != replica.UniqueID,
		m.UIDNext != r.UIDNext, m.UIDValidity != r.UIDValidity, m.HighestModSeq != r.HighestModSeq,
		told(m.Messages, r.Messages) && m.Messages != r.Messages,
		told(m.Size, r.Size) && m.Size != r.Size,
		checksums && master.Checksums.Known && replica.Checksums.Known && master.Checksums != replica.Checksums:
		return false
	}
	return true
}

// sums counts the mailboxes in which all but the checksums agrees.
type sums struct{ agree, differ int }

// mean tells whether the checksums of two sides mean the same: not if most of them
// differ where all else agrees, which is how two versions of Cyrus that compute them
// differently look.
func (s sums) mean() bool { return s.differ <= s.agree || s.differ < fewMailboxes }

// fewMailboxes are too few to tell a different way of computing from damage.
const fewMailboxes = 10

// add counts a mailbox. It tells whether that is possible: all but the checksums agrees.
func (s *sums) add(m, r *cyrus.Mailbox) bool {
	switch {
	case !m.Checksums.Known || !r.Checksums.Known || !sameMark(&m.Mark, &r.Mark, false):
		return false
	case m.Checksums == r.Checksums:
		s.agree++
	default:
		s.differ++
	}
	return true
}

// comparable tells whether the checksums of two sides mean the same. A look in bulk tells
// counters and checksums at different moments, so what differ may be mailboxes that were
// written to in between: those are looked at again, each as of one moment, as long as they
// decide. What never stands still says nothing.
func (p *pair) comparable(ctx context.Context, l *lane, master, replica []cyrus.Mailbox) (bool, error) {
	var known sums
	var open []cyrus.InternalName
	suspects(master, replica, func(m, r *cyrus.Mailbox) bool {
		if now := (sums{}); m.Status.Messages > 0 && now.add(m, r) {
			if known.agree += now.agree; now.differ > 0 {
				open = append(open, m.Internal)
			}
		}
		return true
	})
	decide := func() bool {
		return sums{known.agree, known.differ + len(open)}.mean() != sums{known.agree + len(open), known.differ}.mean()
	}
	for try := 0; try <= p.options.Tries && decide(); try++ {
		if try > 0 {
			if err := pause(ctx, p.options.Pause); err != nil {
				return false, err
			}
		}
		var moving []cyrus.InternalName
		for some := range slices.Chunk(open, mostAsked) {
			ours, theirs, err := l.details(ctx, some...)
			if err != nil {
				return false, err
			}
			for _, name := range some {
				if m, r := ours[name], theirs[name]; m != nil && r != nil && !known.add(m, r) {
					moving = append(moving, name)
				}
			}
		}
		open = moving
	}
	return known.mean(), nil
}
