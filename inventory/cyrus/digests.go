package cyrus

import (
	"context"
	"iter"
)

// Digest is what the index says of a message's content, and what lies on the
// disk.
type Digest struct {
	Place           uint32 // in the mailbox, 1 for the first
	UID             uint32
	Index, File     [20]byte
	Size, FileBytes int64
	// Missing says that there is no file, or none that the server can read.
	Missing bool
}

// Digests has the server read files of messages and yields what is in them. Which
// messages says choose: it is told how many there are and yields places in the
// mailbox, 1 for the first. The connection must be As a user who may read the
// mailbox.
func (c *Client) Digests(ctx context.Context, name string, choose func(exists uint32) iter.Seq[uint32]) iter.Seq2[Digest, error] {
	return func(yield func(Digest, error) bool) {
		exists, err := c.examine(ctx, name)
		if err != nil {
			yield(Digest{}, c.named(err))
			return
		}
		for place := range choose(exists) {
			if place == 0 || place > exists {
				continue
			}
			digest, err := c.digestAt(ctx, place)
			digest.Place = place
			if !yield(digest, c.named(err)) || err != nil {
				return
			}
		}
	}
}

// digestAt reads one message. Of one without a file Cyrus tells nothing when it
// is asked for what is in the file, and then what the index says.
func (c *Client) digestAt(ctx context.Context, place uint32) (digest Digest, err error) {
	for _, items := range []string{"UID RFC822.SIZE DIGEST.SHA1 RFC822.FILESIZE RFC822.SHA1", "UID RFC822.SIZE DIGEST.SHA1"} {
		err = c.fetch(ctx, place, place, items, func(s *scanner) error {
			digest = s.digest()
			return s.err
		})
		if err != nil || digest.UID != 0 {
			return digest, err
		}
	}
	return digest, nil
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

// Damaged tells whether the file is not what the index says.
func (d *Digest) Damaged() bool { return d.Missing || d.File != d.Index || d.FileBytes != d.Size }
