package compare

import (
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

// comparable tells whether the checksums of two sides mean the same: not if most
// of them differ where all else agrees, which is how two versions of Cyrus that
// compute them differently look.
func comparable(master, replica []cyrus.Mailbox) bool {
	agree, differ := 0, 0
	suspects(master, replica, func(m, r *cyrus.Mailbox) bool {
		if m.Status.Messages > 0 && m.Checksums.Known && r.Checksums.Known && sameMark(&m.Mark, &r.Mark, false) {
			if m.Checksums == r.Checksums {
				agree++
			} else {
				differ++
			}
		}
		return true
	})
	return differ <= agree || differ < fewMailboxes
}

// fewMailboxes are too few to tell a different way of computing from damage.
const fewMailboxes = 10
