package cyrus

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// perPiece is how many bytes of a message are asked for at once.
const perPiece = 256 << 10

// ErrNoMessage says that the server has no such message, or not the file of it.
var ErrNoMessage = errors.New("the server cannot read the message")

// Traits are what a message has beside its text.
type Traits struct {
	Flags        string // as those of a [Message]
	InternalDate int64  // seconds since 1970
}

// Body writes a message as it was delivered, and returns its traits. It is asked for in
// pieces, so that one of any size takes little memory, and by BODY.PEEK, which leaves it
// unseen. The connection must be As a user who may read the mailbox, and the name is as that
// user sees it; the mailbox stays open, since opening a large one takes long.
func (c *Client) Body(ctx context.Context, name string, uid uint32, to io.Writer) (traits Traits, err error) {
	if c.opened != name {
		if _, err := c.examine(ctx, name); err != nil {
			return traits, c.named(err)
		}
	}
	for offset := 0; ; offset += perPiece {
		piece, err := c.piece(ctx, uid, offset, &traits)
		if err != nil {
			return traits, c.named(err)
		}
		if _, err := to.Write(piece); err != nil {
			return traits, err
		}
		if len(piece) < perPiece {
			return traits, nil
		}
	}
}

// piece returns a piece of a message, and notes its traits.
func (c *Client) piece(ctx context.Context, uid uint32, offset int, traits *Traits) (piece []byte, err error) {
	found := false
	err = c.do(ctx, "read a message", perPiece+smallAnswer, func() error {
		return c.command(fmt.Sprintf("UID FETCH %d (FLAGS INTERNALDATE BODY.PEEK[]<%d.%d>)", uid, offset, perPiece), func(answer []byte) error {
			_, rest, _ := bytes.Cut(answer, []byte(" "))
			if !bytes.HasPrefix(rest, []byte("FETCH ")) {
				return nil
			}
			var now Traits
			own := false // else it tells what somebody else changed meanwhile
			s := scan(rest)
			s.expect("FETCH ")
			s.pairs(func(key []byte) {
				switch {
				case string(key) == "FLAGS":
					now.Flags = s.flags()
				case string(key) == "INTERNALDATE":
					now.InternalDate = s.date()
				case strings.HasPrefix(string(key), "BODY[]"):
					piece, own = bytes.Clone(s.text()), true
				default:
					s.skip()
				}
			})
			if own {
				*traits, found = now, true
			}
			return s.err
		})
	})
	switch {
	case err != nil:
		return nil, err
	case !found:
		return nil, ErrNoMessage
	case len(piece) > perPiece:
		return nil, fmt.Errorf("%w: more than was asked for", errProtocol)
	}
	return piece, nil
}
