package cyrus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// mostRecords is how many records are asked for at once by SYNCGET: the server
// holds all of them in memory, and so do we.
const mostRecords = 50_000

// recordBytes is what a record takes in an answer: 400 bytes and what annotations
// it has.
const recordBytes = 4096

// ErrManyRecords says that a mailbox has or had more messages than are told to an
// administrator at once: its owner can read them.
var ErrManyRecords = errors.New("the mailbox has had too many messages to be read at once")

// Records returns the live messages of a mailbox, by UID, and the mailbox as of
// the same moment. An administrator may read them in any mailbox, without any
// right on it. The mailbox must have had no more than 50,000 messages: uidNext is
// its next UID, of a moment ago; zero asks for it.
func (c *Client) Records(ctx context.Context, name InternalName, uidNext uint32) (*Mailbox, []Message, error) {
	mailbox, all, err := c.all(ctx, name, uidNext)
	return mailbox, all.live, err
}

// Traces is like [Client.Records], and also returns the messages that were expunged
// and still lie on the disk, by UID.
func (c *Client) Traces(ctx context.Context, name InternalName) (mailbox *Mailbox, live, expunged []Message, err error) {
	mailbox, all, err := c.all(ctx, name, 0)
	return mailbox, all.live, all.expunged, err
}

// recorded are the messages of a mailbox.
type recorded struct{ live, expunged []Message }

func (c *Client) all(ctx context.Context, name InternalName, uidNext uint32) (*Mailbox, recorded, error) {
	had := int64(max(uidNext, fewRecords))
	if uidNext == 0 && !name.special() {
		found, err := c.Details(ctx, []InternalName{name})
		if err != nil {
			return nil, recorded{}, err
		}
		// What was expunged is told too as long as it lies on the disk.
		if len(found) == 1 {
			had = int64(max(found[0].Status.UIDNext, fewRecords))
		}
	}
	if had > mostRecords {
		return nil, recorded{}, c.named(ErrManyRecords)
	}
	mailbox, messages, err := c.full(ctx, name, had)
	return mailbox, messages, c.named(err)
}

// fewRecords is what a mailbox may have that is not for mail, or of which nothing
// else is told: SYNCGET MAILBOXES leaves out what is damaged, too.
const fewRecords = 10_000

// full asks for a mailbox that has had so many messages.
func (c *Client) full(ctx context.Context, name InternalName, had int64) (mailbox *Mailbox, messages recorded, err error) {
	room := longestAnswer + (had+1000)*recordBytes
	c.raw.most = int(room)
	defer func() { c.raw.most = longestAnswer }()
	err = c.do(ctx, "read the messages", room, func() error {
		return c.command("SYNCGET FULLMAILBOX "+quote(string(name)), func(answer []byte) (err error) {
			mailbox, messages, err = c.records(answer, name)
			return err
		})
	})
	refusal := (*Refusal)(nil)
	if errors.As(err, &refusal) && strings.Contains(refusal.Text, "NONEXISTENT") || err == nil && mailbox == nil {
		err = fmt.Errorf("%w: %s", ErrNoMailbox, quote(string(name)))
	}
	return mailbox, messages, err
}

// special tells whether a mailbox is not for mail, such as user.anna.#sieve:
// SYNCGET MAILBOXES leaves those out.
func (n InternalName) special() bool { return strings.Contains(string(n), ".#") }

// HoldsScripts reports whether a mailbox is one of Sieve scripts, which nobody can open.
func (n InternalName) HoldsScripts() bool { return strings.HasSuffix(string(n), ".#sieve") }

// ErrNoMailbox says that there is no mailbox of that name.
var ErrNoMailbox = errors.New("there is no such mailbox")

// records reads: MAILBOX %(… RECORD (%(UID 1 …) %(UID 2 …))).
func (c *Client) records(answer []byte, name InternalName) (*Mailbox, recorded, error) {
	var messages recorded
	s := scan(answer)
	if !strings.EqualFold(string(s.word()), "MAILBOX") {
		return nil, messages, nil
	}
	of, mailbox := s.mailbox(func() {
		s.list(func() {
			if m, live := s.record(); live {
				messages.live = append(messages.live, m)
			} else {
				messages.expunged = append(messages.expunged, m)
			}
		})
	})
	if s.err == nil && of != name {
		s.fail("the mailbox that was asked for")
	}
	byUID := func(a, b Message) int { return int(int64(a.UID) - int64(b.UID)) }
	if s.err == nil && !(slices.IsSortedFunc(messages.live, byUID) && slices.IsSortedFunc(messages.expunged, byUID)) {
		s.fail("messages in the order of their UIDs")
	}
	mailbox.Name, mailbox.Internal, mailbox.Readable = name.External(c.server.Separator), name, true
	mailbox.Status.Messages, mailbox.Status.Size = int64(len(messages.live)), 0
	for i := range messages.live {
		mailbox.Status.Size += messages.live[i].Size
	}
	return &mailbox, messages, s.err
}

// record reads: %(UID 1 MODSEQ 3 FLAGS (\Seen) … ANNOTATIONS (…)). One that was
// expunged is not live.
func (s *scanner) record() (m Message, live bool) {
	live = true
	s.expect("%")
	s.pairs(func(key []byte) {
		switch string(key) {
		case "UID":
			m.UID = uint32(s.number(mostUint32))
		case "MODSEQ":
			m.ModSeq = s.number(mostModSeq)
		case "FLAGS":
			m.Flags = s.flags()
			live = !slices.ContainsFunc(strings.Fields(m.Flags), func(flag string) bool { return strings.EqualFold(flag, `\expunged`) })
		case "INTERNALDATE":
			m.InternalDate = int64(s.number(mostUint32))
		case "SIZE":
			m.Size = int64(s.number(mostUint32))
		case "GUID":
			m.GUID = s.guid()
		case "ANNOTATIONS":
			m.Annotations = s.annotations()
		default:
			s.skip()
		}
	})
	return m, live
}

// annotations reads: (%(ENTRY /comment USERID "" MODSEQ 12 VALUE text)). Those
// that imapd keeps for itself tell when it did something.
func (s *scanner) annotations() []Annotation {
	var all []Annotation
	s.list(func() {
		var a Annotation
		s.expect("%")
		s.pairs(func(key []byte) {
			switch string(key) {
			case "ENTRY":
				a.Entry = string(s.text())
			case "USERID":
				a.User = string(s.text())
			case "VALUE":
				a.Value = string(s.text())
			default:
				s.skip()
			}
		})
		all = append(all, a)
	})
	slices.SortFunc(all, func(a, b Annotation) int {
		return strings.Compare(a.Entry+"\x00"+a.User, b.Entry+"\x00"+b.User)
	})
	return all
}
