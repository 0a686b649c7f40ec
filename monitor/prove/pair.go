package prove

import (
	"fmt"
	"maps"

	"github.com/interlacemail/interlace/inventory/cyrus"
)

// Pair are the marks of a mailbox on a master and on its replica; the mark of one that is
// not there is empty.
type Pair [2]cyrus.Mark

// Unlike returns the pairs of the marks of a master and of its replica that are not the same.
// With the same version of Cyrus on both their checksums count, too.
func Unlike(marks [2][]cyrus.Mark, sameVersion bool) map[cyrus.InternalName]Pair {
	pairs := map[cyrus.InternalName]Pair{}
	for i := range marks {
		for _, m := range marks[i] {
			p := pairs[m.Internal]
			p[i] = m
			pairs[m.Internal] = p
		}
	}
	maps.DeleteFunc(pairs, func(_ cyrus.InternalName, p Pair) bool { return p.same(sameVersion) })
	return pairs
}

// same reports whether the marks are the same, as far as both servers tell them. Another
// version of Cyrus may have other checksums for the same.
func (p Pair) same(sameVersion bool) bool {
	a, b := p[0], p[1]
	if !sameVersion || !a.Checksums.Known || !b.Checksums.Known {
		a.Checksums, b.Checksums = cyrus.Checksums{}, cyrus.Checksums{}
	}
	if a.Status.Messages == cyrus.UnknownCount || b.Status.Messages == cyrus.UnknownCount {
		a.Status.Messages, b.Status.Messages = 0, 0
	}
	if a.Status.Size == cyrus.UnknownCount || b.Status.Size == cyrus.UnknownCount {
		a.Status.Size, b.Status.Size = 0, 0
	}
	return a.Readable && a == b
}

// Text says in what the marks differ.
func (p Pair) Text() string {
	master, replica := &p[0], &p[1]
	switch {
	case replica.Internal == "":
		return "is missing"
	case master.Internal == "":
		return "is only there"
	case !master.Readable || !replica.Readable:
		return "can't be read"
	case master.UniqueID != replica.UniqueID:
		return "is another mailbox"
	case master.Status != replica.Status:
		return fmt.Sprintf("has %d messages and HIGHESTMODSEQ %d, not %d and %d", replica.Status.Messages, replica.Status.HighestModSeq, master.Status.Messages, master.Status.HighestModSeq)
	}
	return "has other checksums"
}
