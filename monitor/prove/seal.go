package prove

import (
	"slices"

	"github.com/interlacemail/interlace/inventory/cyrus"
)

// Seal holds HIGHESTMODSEQ of each mailbox, which grows with every write.
type Seal map[cyrus.InternalName]uint64

// Seal seals what an instance has.
func (h *Holding) Seal() Seal {
	s := Seal{}
	for name, m := range h.Mailboxes {
		s[name] = m.Status.HighestModSeq
	}
	return s
}

// Written returns the mailboxes that are there now and were not the same, sorted. What was
// removed since holds nothing new.
func (s Seal) Written(now Seal) []cyrus.InternalName {
	var names []cyrus.InternalName
	for name, modseq := range now {
		if was, there := s[name]; !there || was != modseq {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Differences returns the mailboxes that are not the same, sorted.
func (s Seal) Differences(now Seal) []cyrus.InternalName {
	names := s.Written(now)
	for name := range s {
		if _, there := now[name]; !there {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
