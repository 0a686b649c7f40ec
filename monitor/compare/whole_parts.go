package compare

import (
	"cmp"
	"context"
	"iter"
	"slices"

	"github.com/interlacemail/interlace/inventory/cyrus"
)

// Span are the messages of a mailbox with some UIDs; none, where the last one is before the first.
type Span struct {
	Incarnation
	cyrus.UIDs
}

// Incarnation is a mailbox as long as its UIDs stand for the same messages.
type Incarnation struct {
	Mailbox     cyrus.InternalName
	UniqueID    string
	UIDValidity uint32
}

func (b *box) incarnation() Incarnation {
	return Incarnation{b.Internal, b.UniqueID, b.Status.UIDValidity}
}

// Joined returns spans in order, without what several have, and those as one that touch.
func Joined(spans []Span) []Span {
	spans = slices.SortedFunc(slices.Values(spans), compareSpans)
	joined := spans[:0]
	for _, s := range spans {
		n := len(joined)
		switch {
		case s.Last < s.First:
		case n > 0 && joined[n-1].Incarnation == s.Incarnation && uint64(s.First) <= uint64(joined[n-1].Last)+1:
			joined[n-1].Last = max(joined[n-1].Last, s.Last)
		default:
			joined = append(joined, s)
		}
	}
	return joined
}

func compareSpans(a, b Span) int {
	return cmp.Or(cmp.Compare(a.Mailbox, b.Mailbox), cmp.Compare(a.UniqueID, b.UniqueID), cmp.Compare(a.UIDValidity, b.UIDValidity), cmp.Compare(a.First, b.First))
}

// part is what is read of a mailbox at once.
type part struct {
	box  *box
	uids cyrus.UIDs
}

// span are the messages of a part that were read when that was the last UID: what comes behind it
// later, in the last part of a mailbox, was not.
func (p *part) span(last uint32) Span {
	uids := p.uids
	if uids.Last == allUIDs.Last {
		uids.Last = max(last, uids.First-1)
	}
	return Span{p.box.incarnation(), uids}
}

// A part has at most so many messages and, unless it is a single one, so many bytes: after each
// it is known whether the server gets slower, and no part holds up the end for long.
const partMessages, partBytes = 1000, 32 << 20

// allUIDs are those that there can be: what comes while a mailbox is read belongs to its last part.
var allUIDs = cyrus.UIDs{First: 1, Last: 1<<32 - 1}

// turns returns what is to be read: parts of a large mailbox one by one, and small mailboxes of an
// owner together, so that nobody is logged in more often than need be.
func (w *whole) turns(ctx context.Context, holders []*holder) ([][]part, error) {
	gaps, err := w.gaps(ctx, holders)
	if err != nil {
		return nil, err
	}
	var turns [][]part
	for _, h := range holders {
		var turn []part
		var all size
		end := func() {
			if len(turn) > 0 {
				turns = append(turns, turn)
			}
			turn, all = nil, size{}
		}
		for _, b := range h.boxes {
			each := b.size
			if b.large() {
				each = size{partMessages, partBytes}
			}
			for _, uids := range gaps[b] {
				if all.plus(each).over() {
					end()
				}
				turn, all = append(turn, part{b, uids}), all.plus(each)
				h.left++
			}
		}
		end()
	}
	return turns, nil
}

// size is how much there is; nothing, where that is not known.
type size struct{ messages, bytes int64 }

// over tells whether it is more than is read at once.
func (s size) over() bool { return s.messages > partMessages || s.bytes > partBytes }

func (s size) plus(other size) size { return size{s.messages + other.messages, s.bytes + other.bytes} }

// sizes returns what is told of the sizes of all mailboxes at once. A server that cannot tell
// that, since one is damaged, leaves it unknown.
func (s *side) sizes(ctx context.Context) map[cyrus.InternalName]size {
	marks, _, err := s.client.Marks(ctx)
	if err != nil {
		s.close()
	}
	sizes := map[cyrus.InternalName]size{}
	for i := range marks {
		sizes[marks[i].Internal] = size{max(marks[i].Status.Messages, 0), max(marks[i].Status.Size, 0)}
	}
	return sizes
}

// large tells whether a mailbox has, or may have, more than is read at once.
func (b *box) large() bool {
	return b.size.over() || b.size == size{} && b.Status.UIDNext > partMessages
}

// gaps returns what was not read before of each mailbox; large ones are cut by what their indices
// say of the sizes of messages.
func (w *whole) gaps(ctx context.Context, holders []*holder) (map[*box][]cyrus.UIDs, error) {
	before := map[Incarnation][]Span{}
	for _, s := range Joined(w.options.Read) {
		before[s.Incarnation] = append(before[s.Incarnation], s)
	}
	gaps := map[*box][]cyrus.UIDs{}
	var large []*box
	for _, h := range holders {
		for _, b := range h.boxes {
			gaps[b] = gapsOf(before[b.incarnation()])
			if b.large() && len(gaps[b]) > 0 {
				large = append(large, b)
			}
		}
	}
	pieces := make([][]cyrus.UIDs, len(large))
	err := w.share(ctx, len(large), func(ctx context.Context, s *side, i int) error {
		err := w.as(ctx, s, large[i], func(name string) (err error) {
			pieces[i], err = cut(gaps[large[i]], s.client.Sizes(ctx, name))
			return err
		})
		return w.failed(ctx, s, part{box: large[i]}, err)
	})
	for i, b := range large {
		gaps[b] = pieces[i]
	}
	return gaps, err
}

// gapsOf are the UIDs of a mailbox that are in none of these spans, which are joined.
func gapsOf(before []Span) []cyrus.UIDs {
	var gaps []cyrus.UIDs
	next := uint64(allUIDs.First)
	for _, s := range before {
		if uint64(s.First) > next {
			gaps = append(gaps, cyrus.UIDs{First: uint32(next), Last: s.First - 1})
		}
		next = uint64(s.Last) + 1
	}
	if next <= uint64(allUIDs.Last) {
		gaps = append(gaps, cyrus.UIDs{First: uint32(next), Last: allUIDs.Last})
	}
	return gaps
}

// cut cuts gaps, in their order, such that none has more messages or bytes than are read at once.
func cut(gaps []cyrus.UIDs, sizes iter.Seq2[cyrus.Sized, error]) ([]cyrus.UIDs, error) {
	var pieces []cyrus.UIDs
	left := slices.Clone(gaps)
	messages, bytes := 0, int64(0)
	for m, err := range sizes {
		if err != nil {
			return nil, err
		}
		for len(left) > 0 && left[0].Last < m.UID {
			pieces, left = append(pieces, left[0]), left[1:]
			messages, bytes = 0, 0
		}
		if len(left) == 0 || m.UID < left[0].First {
			continue
		}
		if messages > 0 && (messages == partMessages || bytes+m.Size > partBytes) {
			pieces = append(pieces, cyrus.UIDs{First: left[0].First, Last: m.UID - 1})
			left[0].First = m.UID
			messages, bytes = 0, 0
		}
		messages, bytes = messages+1, bytes+m.Size
	}
	return append(pieces, left...), nil
}
