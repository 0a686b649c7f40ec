package compare

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
)

// roots returns the quota roots of the mailboxes of both sides, sorted.
func roots(master, replica []cyrus.Mailbox) []cyrus.InternalName {
	found := map[cyrus.InternalName]bool{}
	for _, mailboxes := range [][]cyrus.Mailbox{master, replica} {
		for i := range mailboxes {
			if root := mailboxes[i].QuotaRoot; root != "" {
				found[root] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// quotas returns the look in which quotas the two sides differ: in limits or uses. What a
// look shows alike the next ones leave out.
func (p *pair) quotas(master, replica []cyrus.Mailbox) bulkLook {
	roots := roots(master, replica)
	return func(ctx context.Context, l *lane) (found []apart, err error) {
		theirs, err := l.replica.uses(ctx, roots)
		if err != nil {
			return nil, err
		}
		ours, err := l.master.uses(ctx, roots)
		if err != nil {
			return nil, err
		}
		var differ []cyrus.InternalName
		for _, root := range roots {
			if !slices.Equal(ours[root], theirs[root]) {
				owner, _, _ := root.Owner()
				p.miscounts[root] = [2]bool{miscounts(master, root, ours[root]), miscounts(replica, root, theirs[root])}
				differ = append(differ, root)
				found = append(found, apart{
					owner: owner, kind: monitor.QuotaDiffers, name: root,
					master: quotaText(ours[root]), replica: quotaText(theirs[root]), text: quotaApart(ours[root], theirs[root]),
				})
			}
		}
		roots = differ
		return found, nil
	}
}

func (s *side) uses(ctx context.Context, roots []cyrus.InternalName) (map[cyrus.InternalName][]cyrus.Use, error) {
	return asAdmin(ctx, s, func() (map[cyrus.InternalName][]cyrus.Use, error) { return s.client.Uses(ctx, roots) })
}

// quotaText writes a quota: STORAGE 7 of 10240.
func quotaText(uses []cyrus.Use) string {
	var texts []string
	for _, u := range uses {
		texts = append(texts, fmt.Sprintf("%s %d of %d", u.Resource, u.Used, u.Limit))
	}
	return strings.Join(texts, ", ")
}

// Texts of quotas that differ; what repairs them differs, too.
const (
	limitDiffers = "the limit of the quota differs"
	rootDiffers  = "the quota root differs"
	useDiffers   = "what counts as used differs, and the limit does not"
)

func quotaApart(master, replica []cyrus.Use) string {
	limits := func(a, b cyrus.Use) bool { return a.Resource == b.Resource && a.Limit == b.Limit }
	if slices.EqualFunc(master, replica, limits) {
		return useDiffers
	}
	return limitDiffers
}

// miscounts tells whether a side counts something else as used than what its mailboxes
// were seen to have.
func miscounts(mailboxes []cyrus.Mailbox, root cyrus.InternalName, uses []cyrus.Use) bool {
	const kib = 1024
	var size, messages int64
	for i := range mailboxes {
		m := &mailboxes[i]
		switch {
		case m.QuotaRoot != root:
		case m.Status.Size == cyrus.UnknownCount || m.Status.Messages == cyrus.UnknownCount:
			return false
		default:
			size, messages = size+m.Status.Size, messages+m.Status.Messages
		}
	}
	return slices.ContainsFunc(uses, func(u cyrus.Use) bool {
		return u.Resource == "STORAGE" && u.Used != size/kib || u.Resource == "MESSAGE" && u.Used != messages
	})
}
