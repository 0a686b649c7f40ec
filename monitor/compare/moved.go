package compare

import (
	"context"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
)

// listing is what the two sides had at first of those who are compared, sorted by name.
type listing struct {
	owners          map[cyrus.Owner]bool
	master, replica []cyrus.Mailbox
}

// listingOf leaves out what the two sides have of others.
func listingOf(owners []cyrus.Owner, master, replica []cyrus.Mailbox) listing {
	h := listing{owners: map[cyrus.Owner]bool{}}
	for _, owner := range owners {
		h.owners[owner] = true
	}
	wanted := func(mailboxes []cyrus.Mailbox) []cyrus.Mailbox {
		return slices.DeleteFunc(slices.Clone(mailboxes), func(m cyrus.Mailbox) bool { return !h.wants(m.Internal) })
	}
	h.master, h.replica = wanted(master), wanted(replica)
	return h
}

// find looks a mailbox up in a list that is sorted by name.
func find(list []cyrus.Mailbox, name cyrus.InternalName) (at int, found bool) {
	return slices.BinarySearchFunc(list, name, func(m cyrus.Mailbox, name cyrus.InternalName) int {
		return strings.Compare(string(m.Internal), string(name))
	})
}

// wants tells whether a mailbox is to be compared.
func (h *listing) wants(name cyrus.InternalName) bool {
	owner, _, kept := name.Owner()
	return kept && h.owners[owner]
}

// noteMoved notes what may differ only since a side has not the mailboxes any more that it had at
// first: one was made, moved, deleted or made anew meanwhile.
func (p *pair) noteMoved(ctx context.Context, l *lane, found []apart) error {
	about := p.listed.about(found)
	names := slices.Compact(slices.Sorted(slices.Values(slices.Concat(about...))))
	names = slices.DeleteFunc(names, func(name cyrus.InternalName) bool { return !p.listed.wants(name) })
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
	counting := h.counting(found)
	about := make([][]cyrus.InternalName, len(found))
	for i := range found {
		a := &found[i]
		if about[i] = []cyrus.InternalName{a.name, a.subscribed}; a.kind == monitor.QuotaDiffers {
			about[i] = append(about[i], counting[a.name]...)
		}
	}
	return about
}

// counting returns the mailboxes that count in the quotas that are found, by quota root.
func (h *listing) counting(found []apart) map[cyrus.InternalName][]cyrus.InternalName {
	in := map[cyrus.InternalName][]cyrus.InternalName{}
	for i := range found {
		if found[i].kind == monitor.QuotaDiffers {
			in[found[i].name] = nil
		}
	}
	if len(in) == 0 {
		return nil
	}
	for _, mailboxes := range [][]cyrus.Mailbox{h.master, h.replica} {
		for i := range mailboxes {
			root := mailboxes[i].QuotaRoot
			if names, asked := in[root]; asked {
				in[root] = append(names, mailboxes[i].Internal)
			}
		}
	}
	return in
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
		i, known := find(had, name)
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
