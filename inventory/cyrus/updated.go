package cyrus

import (
	"context"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"
)

const lastUpdate = "/shared/vendor/cmu/cyrus-imapd/lastupdate"

// Updated returns when the index of each of these mailboxes was last written on this
// very server, by name and as it says it. A replica writes at another time than its
// master. What a server does not tell is left out.
func (c *Client) Updated(ctx context.Context, names []ExternalName) (map[ExternalName]string, error) {
	found := map[ExternalName]string{}
	if !c.can(imap.CapMetadata) {
		return found, nil
	}
	for some := range slices.Chunk(names, perMetadata) {
		quoted := make([]string, len(some))
		for i, name := range some {
			quoted[i] = quote(string(name))
		}
		err := c.do(ctx, "read when mailboxes were written", c.options.room(annotationBytes), func() error {
			return c.command("GETMETADATA ("+strings.Join(quoted, " ")+") ("+lastUpdate+")", func(answer []byte) error {
				return metadata(answer, func(_ *scanner, mailbox, entry, value string) {
					if name := ExternalName(mailbox); entry == lastUpdate && slices.Contains(some, name) {
						found[name] = value
					}
				})
			})
		})
		if err != nil && !IsRefusal(err) {
			return nil, c.named(err)
		}
	}
	return found, nil
}
