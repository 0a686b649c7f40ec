package cyrus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
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
	for some := range slices.Chunk(roots, window) {
		err := c.do(ctx, "read the quotas", int64(len(some))*4096, func() error { return c.uses(some, uses) })
		if err != nil {
			return nil, c.named(err)
		}
	}
	return uses, nil
}

func (c *Client) uses(roots []InternalName, uses map[InternalName][]Use) error {
	commands := make([]*imapclient.GetQuotaCommand, len(roots))
	for i, root := range roots {
		commands[i] = c.imap.GetQuota(string(root.External(c.server.Separator)))
	}
	for i, command := range commands {
		data, err := command.Wait()
		switch {
		case errors.As(err, new(*imap.Error)):
			continue
		case err != nil:
			return fmt.Errorf("of %s: %w", roots[i], err)
		case data == nil:
			return fmt.Errorf("%w: no answer about the quota of %s", errProtocol, roots[i])
		}
		list := []Use{}
		for resource, told := range data.Resources {
			list = append(list, Use{Resource: string(resource), Used: told.Usage, Limit: told.Limit})
		}
		slices.SortFunc(list, func(a, b Use) int { return cmp.Compare(a.Resource, b.Resource) })
		uses[roots[i]] = list
	}
	return nil
}
