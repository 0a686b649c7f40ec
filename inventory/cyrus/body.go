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

// Body writes a message as it was delivered. It is asked for in pieces, so that
// one of any size takes little memory, and by BODY.PEEK, which leaves it unseen.
// The connection must be As a user who may read the mailbox, and the name is as
// that user sees it.
func (c *Client) Body(ctx context.Context, name string, uid uint32, to io.Writer) error {
	if _, err := c.examine(ctx, name); err != nil {
		return c.named(err)
	}
	for offset := 0; ; offset += perPiece {
		piece, err := c.piece(ctx, uid, offset)
		if err != nil {
			return c.named(err)
		}
		if _, err := to.Write(piece); err != nil {
			return err
		}
		if len(piece) < perPiece {
			return nil
		}
	}
}

func (c *Client) piece(ctx context.Context, uid uint32, offset int) (piece []byte, err error) {
	found := false
	err = c.do(ctx, "read a message", perPiece+smallAnswer, func() error {
		return c.command(fmt.Sprintf("UID FETCH %d (BODY.PEEK[]<%d.%d>)", uid, offset, perPiece), func(answer []byte) error {
			_, rest, _ := bytes.Cut(answer, []byte(" "))
			if !bytes.HasPrefix(rest, []byte("FETCH ")) {
				return nil
			}
			s := scan(rest)
			s.expect("FETCH ")
			s.pairs(func(key []byte) {
				if !strings.HasPrefix(string(key), "BODY[]") {
					s.skip()
					return
				}
				piece, found = bytes.Clone(s.text()), true
			})
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
