package cyrus

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/emersion/go-imap/v2"
)

// Annotations that imapd tells of every mailbox (imap/annotate.c).
const (
	checksumsEntry = "/shared/vendor/cmu/cyrus-imapd/synccrcs"
	uniqueIDEntry  = "/shared/vendor/cmu/cyrus-imapd/uniqueid"
)

// Marks returns the marks of all mailboxes of the server, sorted by internal
// name, and apart from them those of what was deleted and is kept for a while. It is the
// fastest way to see a whole instance: two commands, where the server has LIST
// with STATUS and METADATA (RFC 5464); else as slow as [Client.Mailboxes].
func (c *Client) Marks(ctx context.Context) (kept, deleted []Mark, err error) {
	list, err := c.list(ctx, c.listAll)
	if err != nil {
		return nil, nil, err
	}
	if err := c.readMarks(ctx, list); err != nil {
		return nil, nil, c.named(err)
	}
	marks := func(mailboxes []Mailbox) []Mark {
		list := make([]Mark, len(mailboxes))
		for i := range mailboxes {
			list[i] = mailboxes[i].Mark
		}
		return list
	}
	live, gone := list.sorted()
	return marks(live), marks(gone), nil
}

// readMarks completes a list by annotations, or by SYNCGET where those do not
// tell enough.
func (c *Client) readMarks(ctx context.Context, list *mailboxList) error {
	if list.values < allValues || !c.can(imap.CapMetadata) {
		return c.readDetails(ctx, list)
	}
	err := c.do(ctx, "read the checksums", c.options.room(listBytes), func() error {
		return c.command(`GETMETADATA "*" (`+checksumsEntry+" "+uniqueIDEntry+`)`, list.markOf)
	})
	if IsRefusal(err) {
		// One damaged mailbox is enough for that.
		return c.readDetails(ctx, list)
	}
	if err != nil {
		return err
	}
	for i := range list.mailboxes {
		if m := &list.mailboxes[i]; m.Readable && !m.Checksums.Known {
			return c.readDetails(ctx, list)
		}
	}
	if err := c.findReading(ctx, list); err != nil {
		return err
	}
	list.nameUntold()
	return nil
}

// findReading asks which of two readings an external name with an @ has, of one
// such name: all others have the same.
func (c *Client) findReading(ctx context.Context, list *mailboxList) error {
	for i := range list.mailboxes {
		m := &list.mailboxes[i]
		readings := m.Name.internal(list.separator)
		if !m.Readable || len(readings) == 1 {
			continue
		}
		return c.syncGet(ctx, readings, longestAnswer, func(name InternalName, _ *Mailbox) (known bool, err error) {
			m.Internal = name
			return name == readings[0] || name == readings[1], nil
		})
	}
	return nil
}

// markOf enters the unique identifier and the checksums of a mailbox.
func (l *mailboxList) markOf(answer []byte) error {
	return metadata(answer, func(s *scanner, mailbox, entry, value string) {
		i, known := l.byName[ExternalName(mailbox)]
		switch {
		case !known:
		case entry == uniqueIDEntry:
			l.mailboxes[i].UniqueID = value
		case entry == checksumsEntry:
			checksums, valid := parseChecksums(value)
			if l.mailboxes[i].Checksums = checksums; !valid {
				s.fail("two checksums")
			}
		}
	})
}

// parseChecksums reads: 3010837584 1115507598.
func parseChecksums(text string) (_ Checksums, valid bool) {
	first, second, _ := strings.Cut(text, " ")
	messages, err := strconv.ParseUint(first, 10, 32)
	if err != nil {
		return Checksums{}, false
	}
	annotations, err := strconv.ParseUint(second, 10, 32)
	return Checksums{Known: true, Messages: uint32(messages), Annotations: uint32(annotations)}, err == nil
}

// Owners returns how many mailboxes each user and each shared tree has. It counts as
// [Client.Names] tells them.
func (c *Client) Owners(ctx context.Context) (map[Owner]int, error) {
	names, err := c.Names(ctx)
	if err != nil {
		return nil, err
	}
	owners := map[Owner]int{}
	for _, n := range names {
		if owner, _, kept := n.Owner(); kept {
			owners[owner]++
		}
	}
	return owners, nil
}

// Names returns the internal names of all mailboxes without a look into any of
// them, sorted, without those that were deleted and are kept for a while. Where a
// name with an @ has two readings both are told: there is a mailbox of one of them.
func (c *Client) Names(ctx context.Context) ([]InternalName, error) {
	list, err := c.list(ctx, func(*mailboxList) string { return `LIST "" "*"` })
	if err != nil {
		return nil, err
	}
	var names []InternalName
	for i := range list.mailboxes {
		for _, name := range list.mailboxes[i].Name.internal(list.separator) {
			if _, _, kept := name.Owner(); kept {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return names, nil
}

// Details returns what SYNCGET tells of these mailboxes, each as of one moment,
// in any order. A mailbox that does not exist is
// left out. How many messages there are and how large they are remains unknown.
// With an error comes what was told before.
func (c *Client) Details(ctx context.Context, names []InternalName) ([]Mailbox, error) {
	wanted := map[InternalName]bool{}
	for _, name := range names {
		wanted[name] = true
	}
	var found []Mailbox
	take := func(name InternalName, m *Mailbox) (known bool, err error) {
		known = wanted[name]
		delete(wanted, name)
		m.Name, m.Internal, m.Readable = name.External(c.server.Separator), name, true
		m.Status.Messages, m.Status.Size = UnknownCount, UnknownCount
		found = append(found, *m)
		return known, nil
	}
	for some := range slices.Chunk(names, perSyncGet) {
		if err := c.syncGet(ctx, some, longestAnswer+int64(len(some))*detailBytes, take); err != nil {
			return found, c.named(err)
		}
	}
	for _, name := range names {
		if !name.special() || !wanted[name] {
			continue
		}
		mailbox, _, err := c.full(ctx, name, fewRecords)
		if errors.Is(err, ErrNoMailbox) || IsRefusal(err) {
			continue
		}
		if err != nil {
			return found, c.named(err)
		}
		mailbox.Status.Messages, mailbox.Status.Size = UnknownCount, UnknownCount
		found = append(found, *mailbox)
	}
	return found, nil
}
