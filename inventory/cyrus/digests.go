package cyrus

import (
	"context"
	"iter"
)

// Digest is what the index says of a message's content, and what lies on the
// disk.
type Digest struct {
	UID             uint32
	Index, File     [20]byte
	Size, FileBytes int64
	// Missing says that there is no file, or none that the server can read.
	Missing bool
}

// Digests has the server read files of messages and yields what is in them, of
// the messages at these places (1 is the first) in a mailbox, by UID. The
// connection must be As a user who may read the mailbox.
func (c *Client) Digests(ctx context.Context, name string, places []uint32) iter.Seq2[Digest, error] {
	return func(yield func(Digest, error) bool) {
		exists, err := c.examine(ctx, name)
		if err != nil {
			yield(Digest{}, c.named(err))
			return
		}
		for _, place := range places {
			if place == 0 || place > exists {
				continue
			}
			var digest Digest
			err := c.fetch(ctx, place, place, "UID RFC822.SIZE DIGEST.SHA1 RFC822.FILESIZE RFC822.SHA1", func(s *scanner) error {
				digest = s.digest()
				return s.err
			})
			if !yield(digest, c.named(err)) || err != nil {
				return
			}
		}
	}
}

// digest reads: (UID 1 RFC822.FILESIZE 1409 RFC822.SHA1 7807…).
func (s *scanner) digest() (d Digest) {
	d.Missing = true
	s.pairs(func(key []byte) {
		switch string(key) {
		case "UID":
			d.UID = uint32(s.number(mostUint32))
		case "RFC822.SIZE":
			d.Size = int64(s.number(mostUint32))
		case "RFC822.FILESIZE":
			d.FileBytes = int64(s.number(mostUint32))
		case "DIGEST.SHA1":
			d.Index = s.guid()
		case "RFC822.SHA1":
			if s.is("NIL") {
				return
			}
			d.File, d.Missing = s.guid(), false
		default:
			s.skip()
		}
	})
	s.end()
	return d
}
