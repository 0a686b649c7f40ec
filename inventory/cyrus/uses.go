package cyrus

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// Use is how much of one resource the mailboxes of a quota root may have and
// have, in the units of RFC 9208: STORAGE in KiB, MESSAGE in messages.
type Use struct {
	Resource    string
	Used, Limit int64
}

// ErrNoQuotas says that a server does not tell quotas.
var ErrNoQuotas = errors.New("the server has no QUOTA")

// Uses returns the limits and uses of these quota roots, sorted by resource. A
// root that does not exist is left out.
func (c *Client) Uses(ctx context.Context, roots []InternalName) (map[InternalName][]Use, error) {
	if !c.can(imap.CapQuota) {
		return nil, c.named(ErrNoQuotas)
	}
	uses := make(map[InternalName][]Use, len(roots))
	err := c.askQuotas(ctx, roots, func(root InternalName, data *imapclient.QuotaData, refusal error) error {
		if refusal != nil {
			return nil
		}
		list := []Use{}
		for resource, told := range data.Resources {
			list = append(list, Use{Resource: string(resource), Used: told.Usage, Limit: told.Limit})
		}
		slices.SortFunc(list, func(a, b Use) int { return cmp.Compare(a.Resource, b.Resource) })
		uses[root] = list
		return nil
	})
	if err != nil {
		return nil, err
	}
	return uses, nil
}
