package cyrus

import (
	"context"
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
	for some := range slices.Chunk(roots, window) {
		err := c.do(ctx, "read the quotas", int64(len(some))*4096, func() error {
			return c.quotas(some, &quotas)
		})
		if err != nil {
			return nil, c.named(err)
		}
	}
	return quotas, nil
}

func (c *Client) quotas(roots []InternalName, quotas *[]Quota) error {
	commands := make([]*imapclient.GetQuotaCommand, len(roots))
	for i, root := range roots {
		commands[i] = c.imap.GetQuota(string(root.External(c.server.Separator)))
	}
	for i, command := range commands {
		data, err := command.Wait()
		if err != nil {
			return fmt.Errorf("of %s: %w", roots[i], err)
		}
		if data == nil {
			// The library drops an answer about another root in silence.
			return fmt.Errorf("%w: no answer about the quota of %s", errProtocol, roots[i])
		}
		storage, limited := data.Resources[imap.QuotaResourceStorage]
		if !limited {
			continue
		}
		if storage.Usage < 0 || storage.Limit < 0 || storage.Usage > mostSize>>10 || storage.Limit > mostSize>>10 {
			return fmt.Errorf("%w: the quota of %s is %d of %d KiB", errProtocol, roots[i], storage.Usage, storage.Limit)
		}
		*quotas = append(*quotas, Quota{Root: roots[i], Used: storage.Usage << 10, Limit: storage.Limit << 10})
	}
	return nil
}
