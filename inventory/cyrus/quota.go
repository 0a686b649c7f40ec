package cyrus

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// Quota is a limit on what mailboxes may hold together. What was expunged or
// deleted and still lies on the disk does not count.
type Quota struct {
	Root InternalName
	// Used and Limit are in bytes; the server keeps them in KiB.
	Used, Limit int64
}

// Commands about one quota each are sent ahead of their answers, so many.
const window = 100

// Quotas returns the storage quotas of all quota roots of the mailboxes, sorted
// by root. A root without a limit on storage is left out.
func (c *Client) Quotas(ctx context.Context, mailboxes []Mailbox) ([]Quota, error) {
	var roots []InternalName
	for i := range mailboxes {
		if root := mailboxes[i].QuotaRoot; root != "" {
			roots = append(roots, root)
		}
	}
	slices.Sort(roots)
	roots = slices.Compact(roots)
	var quotas []Quota
	err := c.askQuotas(ctx, roots, func(root InternalName, data *imapclient.QuotaData, err error) error {
		if err != nil {
			return err
		}
		storage, limited := data.Resources[imap.QuotaResourceStorage]
		if !limited {
			return nil
		}
		if storage.Usage < 0 || storage.Limit < 0 || storage.Usage > mostSize>>10 || storage.Limit > mostSize>>10 {
			return fmt.Errorf("%w: the quota is %d of %d KiB", errProtocol, storage.Usage, storage.Limit)
		}
		quotas = append(quotas, Quota{Root: root, Used: storage.Usage << 10, Limit: storage.Limit << 10})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return quotas, nil
}

// askQuotas asks about quota roots, and hands on what the server tells of each or
// that it refuses to.
func (c *Client) askQuotas(ctx context.Context, roots []InternalName, take func(root InternalName, data *imapclient.QuotaData, refusal error) error) error {
	for some := range slices.Chunk(roots, window) {
		err := c.do(ctx, "read the quotas", int64(len(some))*4096, func() error {
			commands := make([]*imapclient.GetQuotaCommand, len(some))
			for i, root := range some {
				commands[i] = c.imap.GetQuota(string(root.External(c.server.Separator)))
			}
			for i, command := range commands {
				if err := quotaOf(command, some[i], take); err != nil {
					return fmt.Errorf("of %s: %w", some[i], err)
				}
			}
			return nil
		})
		if err != nil {
			return c.named(err)
		}
	}
	return nil
}

func quotaOf(command *imapclient.GetQuotaCommand, root InternalName, take func(InternalName, *imapclient.QuotaData, error) error) error {
	data, err := command.Wait()
	switch {
	case errors.As(err, new(*imap.Error)):
		return take(root, nil, err)
	case err != nil:
		return err
	case data == nil:
		// The library drops an answer about another root in silence.
		return fmt.Errorf("%w: no answer about the quota", errProtocol)
	}
	return take(root, data, nil)
}
