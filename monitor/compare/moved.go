package compare

import (
	"context"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
)

// listing is what the two sides had at first, sorted by name.
type listing struct{ master, replica []cyrus.Mailbox }

// noteMoved notes what may differ only since a side has not the mailboxes any more that it had at
// first: one was made, moved, deleted or made anew meanwhile.
func (p *pair) noteMoved(ctx context.Context, l *lane, found []apart) error {
	about := p.listed.about(found)
	names := slices.Compact(slices.Sorted(slices.Values(slices.Concat(about...))))
	names = slices.DeleteFunc(names, func(name cyrus.InternalName) bool { return !p.compares(name) })
	theirs, err := l.replica.moved(ctx, names, p.listed.replica)
	if err != nil {
		return err
	}
	ours, err := l.master.moved(ctx, names, p.listed.master)
	for i := range found {
		found[i].moved = slices.ContainsFunc(about[i], func(name cyrus.InternalName) bool { return ours[name] || theirs[name] })
	}
	return err
}

// about returns the mailboxes that each of what is found is about: of a quota all that count in
// it.
func (h *listing) about(found []apart) [][]cyrus.InternalName {
	inRoot := map[cyrus.InternalName][]cyrus.InternalName{}
	for i := range found {
		if found[i].kind == monitor.QuotaDiffers {
			inRoot[found[i].name] = nil
		}
	}
	for _, mailboxes := range [][]cyrus.Mailbox{h.master, h.replica} {
		for i := range mailboxes {
			if in, asked := inRoot[mailboxes[i].QuotaRoot]; asked {
				inRoot[mailboxes[i].QuotaRoot] = append(in, mailboxes[i].Internal)
			}
		}
	}
	about := make([][]cyrus.InternalName, len(found))
	for i := range found {
		about[i] = append(slices.Clone(inRoot[found[i].name]), found[i].name, found[i].subscribed)
	}
	return about
}

// moved returns which of these mailboxes the side had and has not any more, or has and had not.
func (s *side) moved(ctx context.Context, names []cyrus.InternalName, had []cyrus.Mailbox) (map[cyrus.InternalName]bool, error) {
	moved := map[cyrus.InternalName]bool{}
	if len(names) == 0 {
		return moved, nil
	}
	now, err := s.details(ctx, names)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		i, known := slices.BinarySearchFunc(had, name, func(m cyrus.Mailbox, name cyrus.InternalName) int {
			return strings.Compare(string(m.Internal), string(name))
		})
		if !known {
			moved[name] = now[name] != nil
			continue
		}
		is, err := s.sure(ctx, name, now[name])
		if err != nil {
			return nil, err
		}
		moved[name] = is == nil || another(is, &had[i])
	}
	return moved, nil
}
