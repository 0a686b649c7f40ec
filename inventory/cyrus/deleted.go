package cyrus

import (
	"context"
	"slices"
	"strings"
)

// Deleted returns the mailboxes of these owners, nil stands for everybody, that were deleted
// and are kept for a while, by their internal names, sorted.
func (c *Client) Deleted(ctx context.Context, owners map[Owner]bool) ([]InternalName, error) {
	list, err := c.list(ctx, func(*mailboxList) string { return `LIST "" "*"` })
	if err != nil {
		return nil, err
	}
	var names []InternalName
	for i := range list.mailboxes {
		for _, name := range list.mailboxes[i].Name.internal(list.separator) {
			if was, deleted := name.Undeleted(); deleted && (owners == nil || owners[was]) {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// Undeleted returns to whom a deleted mailbox belonged: that of DELETED.user.anna.Work.6B02B5B0
// is anna. It tells whether the name is one of a deleted mailbox.
func (n InternalName) Undeleted() (owner Owner, deleted bool) {
	domain, local, found := strings.Cut(string(n), "!")
	if !found {
		domain, local = "", string(n)
	}
	rest, deleted := strings.CutPrefix(local, "DELETED.")
	end := strings.LastIndexByte(rest, '.')
	if !deleted || end < 0 {
		return Owner{}, false
	}
	was := InternalName(rest[:end])
	if domain != "" {
		was = InternalName(domain) + "!" + was
	}
	owner, _, _ = was.Owner()
	return owner, true
}
