package cyrus

import (
	"context"
	"strconv"

	"github.com/emersion/go-imap/v2"
)

// What a Cyrus tells of a mailbox depends on its version:
//
//	3.2 and later   LIST with the whole STATUS
//	2.5 and 3.0     LIST with STATUS, without SIZE
//	2.4             LIST without STATUS; SYNCGET has the counters
//
// To STATUS for one mailbox an administrator is told NO, in all of them. Bytes
// then come from the annotation "size", where the server has METADATA (RFC 5464),
// which is since 2.5. Messages are counted in STATUS only. Before 2.4 there is
// no SYNCGET, without which there is nothing to be learnt here.

// allValues is how many values a whole STATUS has.
const allValues = 5

// listAll returns the command that asks for all mailboxes with as much of their
// status as the server tells. As an administrator one is told of those that no
// right was given to.
func (c *Client) listAll(list *mailboxList) string {
	switch {
	case !c.can(imap.CapListStatus):
		list.values = 0
		return `LIST "" "*"`
	case !c.can(imap.CapStatusSize):
		list.values = allValues - 1
		return `LIST "" "*" RETURN (STATUS (MESSAGES UIDNEXT UIDVALIDITY HIGHESTMODSEQ))`
	}
	return `LIST "" "*" RETURN (STATUS (MESSAGES UIDNEXT UIDVALIDITY HIGHESTMODSEQ SIZE))`
}

// can tells whether the server has a capability.
func (c *Client) can(capability imap.Cap) bool { return c.imap.Caps().Has(capability) }

// sizeEntry is the annotation that has the bytes of a mailbox's live messages.
const sizeEntry = "/shared/vendor/cmu/cyrus-imapd/size"

// readSizes asks a server without STATUS=SIZE for the bytes of its mailboxes.
func (c *Client) readSizes(ctx context.Context, list *mailboxList) error {
	if !c.can(imap.CapMetadata) {
		return nil
	}
	return c.do(ctx, "read the sizes", c.options.room(listBytes), func() error {
		return c.command(`GETMETADATA "*" (`+sizeEntry+`)`, list.sizeOf)
	})
}

// sizeOf enters the bytes of a mailbox. What is told of mailboxes that were not
// listed is passed over.
func (l *mailboxList) sizeOf(answer []byte) error {
	return metadata(answer, func(s *scanner, mailbox, entry, value string) {
		i, known := l.byName[ExternalName(mailbox)]
		size, err := strconv.ParseUint(value, 10, 64)
		switch {
		case entry != sizeEntry || !known:
		case err != nil || size > mostSize-uint64(l.size):
			s.fail("a number of bytes")
		default:
			l.mailboxes[i].Status.Size = int64(size)
			l.size += int64(size)
		}
	})
}
