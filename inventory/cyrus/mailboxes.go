package cyrus

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Mark is what tells two copies of a mailbox apart without a look at what is in
// them.
type Mark struct {
	Name     ExternalName
	Internal InternalName

	// Readable is false where the server lists the mailbox and does not tell
	// what is in it: it is damaged, vanished meanwhile or lies on another
	// server. Nothing below is known then.
	Readable bool
	Status   Status

	// UniqueID stays with a mailbox through renaming and replication.
	UniqueID  string
	Checksums Checksums
}

// Checksums are what Cyrus itself compares before it replicates a mailbox: XORs
// of CRC-32 over the live messages and their flags, and over the annotations of
// messages (imap/mailbox.c of Cyrus 2.4 and later). What is equal has equal ones,
// if one version of Cyrus made both; access list, quota, subscriptions and what
// others have seen are not in them.
type Checksums struct {
	Known                 bool
	Messages, Annotations uint32
}

// Mailbox is one mailbox of a server.
type Mailbox struct {
	Mark
	// FolderModSeq grows with each change of name, access list or place.
	FolderModSeq uint64
	// Type is what it is for as Cyrus writes it, such as c for a calendar; empty for mail.
	Type      string
	Partition string
	// QuotaRoot is the mailbox whose quota limits this one; empty if none does.
	QuotaRoot InternalName
	ACL       []Right
}

// UnknownCount is what a server does not tell of a mailbox that it can read.
const UnknownCount = -1

// Status is what is in a mailbox. Older servers tell no Messages and no Size.
type Status struct {
	Messages      int64
	UIDNext       uint32
	UIDValidity   uint32
	HighestModSeq uint64 // counts writes: it grows by one or more with each
	Size          int64  // bytes of the live messages; expunged ones do not count
}

// Right is one entry of an access list (RFC 4314), as it stands: the identifier
// may be a user, "anyone", "anonymous" or "group:…", and one with a leading "-"
// takes rights away.
type Right struct {
	Identifier string
	Rights     string
}

// Bounds of what STATUS may say: RFC 9051, RFC 7162 and RFC 8438.
const (
	mostUint32 = 1<<32 - 1
	mostModSeq = 1<<63 - 1
	mostSize   = 1 << 60
)

// Mailboxes returns all mailboxes of the server, sorted by internal name,
// without those that only seem to be there (\Noselect); and apart from the others those
// that were deleted and are kept for a while (DELETED.…).
func (c *Client) Mailboxes(ctx context.Context) (kept, deleted []Mailbox, err error) {
	list, err := c.list(ctx, c.listAll)
	if err != nil {
		return nil, nil, err
	}
	if list.values < allValues {
		if err := c.readSizes(ctx, list); err != nil {
			return nil, nil, c.named(err)
		}
	}
	if err := c.readDetails(ctx, list); err != nil {
		return nil, nil, c.named(err)
	}
	if list.elsewhere() {
		return nil, nil, c.named(fmt.Errorf("it lists %d mailboxes and knows nothing of any: it is a front end of a Cyrus murder, or all are damaged", len(list.mailboxes)))
	}
	kept, deleted = list.sorted()
	return kept, deleted, nil
}

// list asks for all mailboxes by a command that is chosen for the list.
func (c *Client) list(ctx context.Context, command func(*mailboxList) string) (*mailboxList, error) {
	list := newMailboxList(c.server.Separator, c.options.most())
	ask := command(list)
	err := c.do(ctx, "list the mailboxes", c.options.room(listBytes), func() error {
		return c.command(ask, list.answer)
	})
	if err != nil {
		return nil, c.named(list.where(err))
	}
	return list, nil
}

// mailboxList gathers the answers about mailboxes.
type mailboxList struct {
	separator byte
	most      int // mailboxes that may come
	values    int // that each STATUS has
	mailboxes []Mailbox
	byName    map[ExternalName]int
	passed    ExternalName // the last one listed, if it was passed over
	size      int64        // of all together
	writes    uint64       // to all together
}

func newMailboxList(separator byte, most int) *mailboxList {
	return &mailboxList{separator: separator, most: most, values: allValues, byName: map[ExternalName]int{}}
}

// where adds the last mailbox told to the error of a lost connection: a damaged
// one ends the server's process in the middle of the list. So does one that is
// elsewhere, on the mupdate server of a murder, which does not say what it is.
func (l *mailboxList) where(err error) error {
	switch {
	case !Passing(err):
		return err
	case len(l.mailboxes) == 0:
		return fmt.Errorf("%w (before the first mailbox: it is damaged, or this is the mupdate server of a Cyrus murder)", err)
	}
	return fmt.Errorf("%w (the last of %d mailboxes told was %q)", err, len(l.mailboxes), l.mailboxes[len(l.mailboxes)-1].Name)
}

// answer takes one untagged answer; what is neither LIST nor STATUS it leaves alone.
func (l *mailboxList) answer(answer []byte) error {
	s := scan(answer)
	switch word := s.word(); {
	case bytes.EqualFold(word, []byte("LIST")):
		l.list(s)
	case l.made(answer):
	case bytes.EqualFold(word, []byte("STATUS")):
		l.statusOf(s)
	default:
		return nil
	}
	if len(l.mailboxes) > l.most {
		return fmt.Errorf("%w: more than %d mailboxes", ErrFlood, l.most)
	}
	return s.err
}

// made tells whether an answer is the status of the mailbox that the list has just said
// is not there: it was made in that moment, and is as if it were made after the list.
func (l *mailboxList) made(answer []byte) bool {
	if l.passed == "" {
		return false
	}
	s := scan(answer)
	s.expect("STATUS ")
	name := ExternalName(s.text())
	return s.err == nil && name == l.passed
}

// list reads: (\HasChildren) "." user.anna.
func (l *mailboxList) list(s *scanner) {
	s.expect(" (")
	selectable := true
	for first := true; s.err == nil && !s.is(")"); first = false {
		if !first {
			s.expect(" ")
		}
		attribute := strings.ToLower(string(s.word()))
		if attribute == `\noselect` || attribute == `\nonexistent` {
			selectable = false
		}
	}
	s.expect(" ")
	separator := s.text()
	s.expect(" ")
	name := ExternalName(s.text())
	if s.is(" ") {
		s.skip()
	}
	s.end()
	l.passed = ""
	switch {
	case s.err != nil:
		return
	case !selectable:
		l.passed = name
		return
	case len(separator) != 1 || separator[0] != l.separator:
		s.fail("the separator " + string(l.separator))
		return
	}
	if _, twice := l.byName[name]; twice || name == "" {
		s.fail("each mailbox once, and with a name")
		return
	}
	l.byName[name] = len(l.mailboxes)
	l.mailboxes = append(l.mailboxes, Mailbox{Mark: Mark{Name: name, Status: Status{Messages: UnknownCount, Size: UnknownCount}}})
}

// statusOf reads: user.anna (MESSAGES 3 UIDNEXT 4 …). All values that were asked for
// must be there, and the mailbox must have been listed.
func (l *mailboxList) statusOf(s *scanner) {
	s.expect(" ")
	name := s.text()
	i, known := l.byName[ExternalName(name)]
	if s.err == nil && (!known || l.mailboxes[i].Readable) {
		s.fail("the status of a mailbox that was listed, once")
		return
	}
	s.expect(" ")
	status, _, told := s.status()
	if s.err == nil && told != l.values {
		s.fail(strconv.Itoa(l.values) + " values")
	}
	if s.err == nil {
		l.size, l.writes = l.size+max(status.Size, 0), l.writes+status.HighestModSeq
		if l.size > mostSize || l.writes > mostModSeq {
			s.fail("no more mail than there can be")
		}
		l.mailboxes[i].Status, l.mailboxes[i].Readable = status, true
	}
}

// status reads the values of a STATUS, (MESSAGES 3 UIDNEXT 4 …), up to the end of the
// answer, and how many of those of a [Status] were told. The others are unknown, or 0.
func (s *scanner) status() (status Status, unseen int64, told int) {
	status, unseen = Status{Messages: UnknownCount, Size: UnknownCount}, UnknownCount
	s.pairs(func(key []byte) {
		told++
		switch string(key) {
		case "MESSAGES":
			status.Messages = int64(s.number(mostUint32))
		case "UIDNEXT":
			status.UIDNext = uint32(s.number(mostUint32))
		case "UIDVALIDITY":
			status.UIDValidity = uint32(s.number(mostUint32))
		case "UNSEEN":
			told--
			unseen = int64(s.number(mostUint32))
		case "HIGHESTMODSEQ":
			status.HighestModSeq = s.number(mostModSeq)
		case "SIZE":
			status.Size = int64(s.number(mostSize))
		default:
			told--
			s.skip()
		}
	})
	s.end()
	return status, unseen, told
}

// elsewhere tells whether none of the mailboxes lies on the server itself. It may
// know their status from where they are, but none of their details.
func (l *mailboxList) elsewhere() bool {
	here := func(m Mailbox) bool { return m.UniqueID != "" }
	return len(l.mailboxes) > 0 && !slices.ContainsFunc(l.mailboxes, here)
}

// sorted returns the mailboxes, and apart from them those that are deleted.
func (l *mailboxList) sorted() (kept, deleted []Mailbox) {
	for _, m := range l.mailboxes {
		if _, gone := m.Internal.Undeleted(); gone {
			deleted = append(deleted, m)
		} else if _, _, is := m.Internal.Owner(); is {
			kept = append(kept, m)
		}
	}
	for _, list := range [][]Mailbox{kept, deleted} {
		slices.SortFunc(list, func(a, b Mailbox) int { return strings.Compare(string(a.Internal), string(b.Internal)) })
	}
	return kept, deleted
}
