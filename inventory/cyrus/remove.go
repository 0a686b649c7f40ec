package cyrus

import (
	"context"
	"fmt"
	"strings"
	"unicode"
)

// Remove removes one mailbox of a shared tree at once, without those below it, and has
// the server's replicas follow. Users are removed by Cyrus's own
// sync_reset, which knows no shared trees. It is the one command of this package that
// changes something: the writing half of the replication protocol (SYNCAPPLY), as an
// administrator. What was removed this way leaves nothing behind that would keep the
// same mailbox from being copied there again, as DELETE does.
func (c *Client) Remove(ctx context.Context, name InternalName) error {
	owner, _, kept := name.Owner()
	if !kept || !owner.Shared || strings.ContainsFunc(string(name), unicode.IsControl) {
		return c.named(fmt.Errorf("refusing to remove %s: it is no mailbox of a shared tree", quote(string(name))))
	}
	command := "SYNCAPPLY UNMAILBOX " + quote(string(name))
	c.wire.let(command)
	return c.named(c.do(ctx, "remove "+quote(string(name)), smallAnswer, func() error {
		return c.command(command, func([]byte) error { return nil })
	}))
}
