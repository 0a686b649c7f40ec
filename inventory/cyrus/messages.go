package cyrus

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
)

// Message is a live message of a mailbox, as the mailbox's index has it.
type Message struct {
	UID    uint32
	ModSeq uint64
	// Flags are sorted and separated by spaces, without \Recent, which says who
	// looked first. Their case has no meaning: see [SameFlags].
	Flags        string
	InternalDate int64 // seconds since 1970
	Size         int64 // bytes
	GUID         [20]byte
	// Annotations are those of all users, with whose they are, sorted; only an
	// administrator is told.
	Annotations []Annotation
}

// Annotation is one annotation of a message (RFC 5257): of one user, or shared.
type Annotation struct {
	Entry, User, Value string
}

// perFetch is how many messages one FETCH asks for: what comes back is handed on
// as it comes, so this bounds only how long a single command takes.
const perFetch = 10_000

// messageBytes is what the answer about one message may have: a hundred flags of
// the usual length.
const messageBytes = 4096

// Messages opens a mailbox for reading only and yields its messages by UID, in
// memory that does not grow with their number. The connection must be As a user
// who may read the mailbox, and the name is as that user sees it. Who stops
// before the end ends the connection, too.
func (c *Client) Messages(ctx context.Context, name string) iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) {
		exists, err := c.examine(ctx, name)
		if err != nil {
			yield(Message{}, c.named(err))
			return
		}
		var last uint32
		for from := uint32(1); from <= exists; from += perFetch {
			to := min(exists, from+perFetch-1)
			err := c.fetch(ctx, byPlace, fmt.Sprintf("%d:%d", from, to), to-from+1, "UID FLAGS MODSEQ INTERNALDATE RFC822.SIZE DIGEST.SHA1", func(_ uint32, s *scanner) error {
				m := s.message()
				switch {
				case s.err != nil:
					return s.err
				case m.UID <= last:
					return fmt.Errorf("%w: UID %d behind UID %d", errProtocol, m.UID, last)
				case !yield(m, nil):
					return errStopped
				}
				last = m.UID
				return nil
			})
			if errors.Is(err, errStopped) {
				return
			}
			if err != nil {
				yield(Message{}, c.named(err))
				return
			}
		}
	}
}

// errStopped says that nobody wants to hear more.
var errStopped = errors.New("stopped")

// examine opens a mailbox for reading only and returns how many messages it has.
func (c *Client) examine(ctx context.Context, name string) (exists uint32, err error) {
	c.open, c.opened = true, ""
	defer func() { c.changes = int64(exists) * messageBytes }()
	err = c.do(ctx, "open "+quote(name), smallAnswer, func() error {
		return c.command("EXAMINE "+quote(name), func(answer []byte) error {
			s := scan(answer)
			number, rest, _ := bytes.Cut(answer, []byte(" "))
			if string(rest) != "EXISTS" || len(number) == 0 {
				return nil
			}
			exists = uint32(s.number(mostUint32))
			return s.err
		})
	})
	if err == nil {
		c.opened = name
	}
	return exists, err
}

// leave closes a mailbox that is open. What others do in it would be told with the
// answer to the next command, however small that is.
func (c *Client) leave(ctx context.Context) error {
	if !c.open || !c.can(imap.CapUnselect) {
		return nil
	}
	err := c.do(ctx, "close the mailbox", smallAnswer, func() error {
		return c.command("UNSELECT", func([]byte) error { return nil })
	})
	c.open, c.opened, c.changes = false, "", 0
	return err
}

// fetch asks for items of a set of at most so many messages, and hands each answer on where its
// items begin, with the place of the message in the mailbox.
func (c *Client) fetch(ctx context.Context, by numbers, set string, most uint32, items string, take func(place uint32, s *scanner) error) error {
	command := fmt.Sprintf("%s %s (%s)", by, set, items)
	return c.do(ctx, "read the messages", longestAnswer+int64(most)*messageBytes, func() error {
		return c.command(command, func(answer []byte) error {
			s := scan(answer)
			_, rest, _ := bytes.Cut(answer, []byte(" "))
			if !bytes.HasPrefix(rest, []byte("FETCH ")) || !bytes.Contains(rest, []byte("UID ")) {
				return nil // without a UID it tells what somebody else changed meanwhile
			}
			place := uint32(s.number(mostUint32))
			if s.err == nil {
				s.expect(" FETCH ")
			}
			return take(place, s)
		})
	})
}

// message reads: (FLAGS (\Seen) UID 1 …).
func (s *scanner) message() (m Message) {
	s.pairs(func(key []byte) {
		switch string(key) {
		case "UID":
			m.UID = uint32(s.number(mostUint32))
		case "MODSEQ":
			s.expect("(")
			m.ModSeq = s.number(mostModSeq)
			s.expect(")")
		case "FLAGS":
			m.Flags = s.flags()
		case "INTERNALDATE":
			m.InternalDate = s.date()
		case "RFC822.SIZE":
			m.Size = int64(s.number(mostUint32))
		case "DIGEST.SHA1":
			m.GUID = s.guid()
		default:
			s.skip()
		}
	})
	s.end()
	if s.err == nil && m.UID == 0 {
		s.fail("a message with its UID")
	}
	return m
}

// date reads: "26-Nov-2026 12:30:05 +0000".
func (s *scanner) date() int64 {
	at, err := time.Parse("_2-Jan-2006 15:04:05 -0700", string(s.text()))
	if err != nil {
		s.fail("a date")
	}
	return at.Unix()
}

// list reads a list and calls value for each of its values.
func (s *scanner) list(value func()) {
	s.expect("(")
	for first := true; s.err == nil && !s.is(")"); first = false {
		if !first {
			s.expect(" ")
		}
		value()
	}
}

// flags reads: (\Seen $Label).
func (s *scanner) flags() string {
	var flags []string
	s.list(func() {
		if flag := string(s.text()); !strings.EqualFold(flag, `\recent`) {
			flags = append(flags, flag)
		}
	})
	slices.SortFunc(flags, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) })
	return strings.Join(flags, " ")
}

// SameFlags reports whether two messages have the same flags: servers keep the case in
// which a keyword was first given in a mailbox, and take any for it (RFC 9051, 2.3.2).
func SameFlags(a, b *Message) bool { return strings.EqualFold(a.Flags, b.Flags) }

// guid reads the SHA-1 of a message in hexadecimal digits.
func (s *scanner) guid() (sum [20]byte) {
	text := s.word()
	if len(text) != 2*len(sum) {
		s.fail("a SHA-1")
		return sum
	}
	if _, err := hex.Decode(sum[:], text); err != nil {
		s.fail("a SHA-1")
	}
	return sum
}
