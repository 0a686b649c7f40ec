package cyrus

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// perSyncGet is how many mailboxes one SYNCGET asks about: its answers are half
// a kilobyte each and the server holds them all.
const perSyncGet = 500

// bytesPerRight limits the entries of access lists apart from their bytes: one
// may have four bytes on the wire and takes more than that in memory.
const bytesPerRight = 64

// readDetails reads what replication keeps of each mailbox: internal name,
// access list, partition, quota root, unique identifier, counters. SYNCGET is the reading
// command of Cyrus's replication protocol, which imapd offers to administrators
// (imap/sync_support.c, sync_apply_get). It knows internal names only and leaves
// out what it does not find, so of a name with two readings both are asked for.
func (c *Client) readDetails(ctx context.Context, list *mailboxList) error {
	var names []InternalName
	asked := map[InternalName]int{}
	for i := range list.mailboxes {
		readings := list.mailboxes[i].Name.internal(list.separator)
		for _, name := range readings {
			asked[name] = i
		}
		names = append(names, readings...)
	}
	room := c.options.room(detailBytes)
	left, rights := room, room/bytesPerRight
	take := func(name InternalName, m *Mailbox) (known bool, err error) {
		i, known := asked[name]
		if rights -= int64(len(m.ACL)); rights < 0 {
			return known, ErrFlood
		}
		if known {
			err = list.detail(i, name, m)
		}
		return known, err
	}
	for some := range slices.Chunk(names, perSyncGet) {
		if err := c.syncGet(ctx, some, left, take); err != nil {
			return err
		}
		left -= c.wire.got()
	}
	list.nameUntold()
	return nil
}

// detail enters what SYNCGET tells of a mailbox. Its counters count where there
// was no STATUS to be had.
func (l *mailboxList) detail(i int, name InternalName, m *Mailbox) error {
	listed := &l.mailboxes[i]
	m.Name, m.Internal = listed.Name, name
	if l.values == 0 {
		m.Readable, m.Status.Messages, m.Status.Size = true, UnknownCount, listed.Status.Size
		if l.writes += m.Status.HighestModSeq; l.writes > mostModSeq {
			return fmt.Errorf("%w: more writes than there can be", errProtocol)
		}
	} else {
		m.Readable, m.Status = listed.Readable, listed.Status
	}
	*listed = *m
	return nil
}

// nameUntold names the mailboxes about which the server told no details. Where
// others show that an @ is no domain's, it is none in these either.
func (l *mailboxList) nameUntold() {
	reading := 0
	for i := range l.mailboxes {
		m := &l.mailboxes[i]
		if m.Internal != "" && strings.Contains(string(m.Name), "@") && !strings.Contains(string(m.Internal), "!") {
			reading = 1
		}
	}
	for i := range l.mailboxes {
		m := &l.mailboxes[i]
		if m.Internal == "" {
			readings := m.Name.internal(l.separator)
			m.Internal = readings[min(reading, len(readings)-1)]
		}
	}
}

// syncGet asks about some mailboxes, in an answer of at most so many bytes.
func (c *Client) syncGet(ctx context.Context, names []InternalName, bytes int64, take func(InternalName, *Mailbox) (known bool, err error)) error {
	var command strings.Builder
	command.WriteString("SYNCGET MAILBOXES (")
	for i, name := range names {
		if i > 0 {
			command.WriteByte(' ')
		}
		command.WriteString(quote(string(name)))
	}
	command.WriteByte(')')
	return c.do(ctx, "read the access lists", bytes, func() error {
		return c.command(command.String(), func(answer []byte) error {
			s := scan(answer)
			if !strings.EqualFold(string(s.word()), "MAILBOX") {
				return nil
			}
			name, mailbox := s.mailbox(s.skip)
			if s.err != nil {
				return s.err
			}
			known, err := take(name, &mailbox)
			if err == nil && !known {
				err = protocolError("a mailbox that was not asked for", answer)
			}
			return err
		})
	})
}

// mailbox reads: %(UNIQUEID … MBOXNAME … ACL "…" …). records reads the records
// of the messages where they are told.
func (s *scanner) mailbox(records func()) (name InternalName, m Mailbox) {
	s.expect(" %")
	s.pairs(func(key []byte) {
		switch string(key) {
		case "UNIQUEID":
			m.UniqueID = string(s.text())
		case "MBOXNAME":
			name = InternalName(s.text())
		case "MBOXTYPE":
			if m.Type = string(s.text()); m.Type == "e" { // for mail, which most versions do not tell
				m.Type = ""
			}
		case "PARTITION":
			m.Partition = string(s.text())
		case "QUOTAROOT":
			m.QuotaRoot = InternalName(s.text())
		case "SYNC_CRC":
			m.Checksums.Messages, m.Checksums.Known = uint32(s.number(mostUint32)), true
		case "SYNC_CRC_ANNOT":
			m.Checksums.Annotations = uint32(s.number(mostUint32))
		case "FOLDERMODSEQ":
			m.FolderModSeq = s.number(mostModSeq)
		case "HIGHESTMODSEQ":
			m.Status.HighestModSeq = s.number(mostModSeq)
		case "UIDVALIDITY":
			m.Status.UIDValidity = uint32(s.number(mostUint32))
		case "LAST_UID":
			m.Status.UIDNext = uint32(s.number(mostUint32-1)) + 1
		case "ACL":
			m.ACL = s.acl()
		case "RECORD":
			records()
		default:
			s.skip()
		}
	})
	s.end()
	if strings.ContainsFunc(m.Partition, func(r rune) bool { return r <= ' ' || r > '~' }) {
		s.fail("a partition's name")
	}
	if s.err == nil && (name == "" || m.UniqueID == "" || m.Partition == "") {
		s.fail("a mailbox with name, unique identifier and partition")
	}
	return name, m
}

// acl reads an access list: identifiers and rights in turn, each with a tab
// behind it.
func (s *scanner) acl() []Right {
	text := string(s.text())
	if text == "" {
		return nil
	}
	fields := strings.Split(strings.TrimSuffix(text, "\t"), "\t")
	if len(fields)%2 != 0 {
		s.fail("an access list of identifiers and rights")
		return nil
	}
	rights := make([]Right, len(fields)/2)
	for i := range rights {
		rights[i] = Right{Identifier: fields[2*i], Rights: fields[2*i+1]}
		if rights[i].Identifier == "" {
			s.fail("an identifier")
		}
	}
	return rights
}
