package cyrus

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"time"
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
// mailbox. The server hashes the messages, none comes over the connection; several
// small ones are asked for at once.
func (c *Client) Digests(ctx context.Context, name string, choose func(exists uint32) iter.Seq[uint32]) iter.Seq2[Digest, error] {
	return c.digests(ctx, name, byPlace, func(exists uint32) iter.Seq[string] {
		return sets(func(yield func(uint32) bool) {
			for place := range choose(exists) {
				if place > 0 && place <= exists && !yield(place) {
					return
				}
			}
		})
	})
}

// DigestsOf is as [Client.Digests] for the messages with these UIDs, as they are in the
// mailbox now. It keeps the UIDs and sizes of those in a few hundred of the ranges at once.
func (c *Client) DigestsOf(ctx context.Context, name string, uids ...UIDs) iter.Seq2[Digest, error] {
	return c.digests(ctx, name, byUID, func(uint32) iter.Seq[string] {
		return func(yield func(string) bool) {
			for some := range slices.Chunk(uids, perSet/2) { // each has a first and a last one
				if !yield(SetOf(some)) {
					return
				}
			}
		}
	})
}

// digests has the server read the files of sets of messages. It is told first how large they
// are, by the index, so that what one command reads is soon read.
func (c *Client) digests(ctx context.Context, name string, by numbers, choose func(exists uint32) iter.Seq[string]) iter.Seq2[Digest, error] {
	return func(yield func(Digest, error) bool) {
		exists, err := c.examine(ctx, name)
		if err != nil {
			yield(Digest{}, c.named(err))
			return
		}
		atOnce := fewFiles
		for set := range choose(exists) {
			told, err := c.told(ctx, by, set, exists, "UID RFC822.SIZE")
			for len(told) > 0 && err == nil {
				batch := told[:files(told, atOnce)]
				told = told[len(batch):]
				begun := time.Now()
				if err = c.hash(ctx, by, batch); err != nil {
					break
				}
				atOnce = nextFiles(atOnce, time.Since(begun))
				for _, d := range batch {
					if d.UID != 0 && !yield(d, nil) {
						return
					}
				}
			}
			if err != nil {
				yield(Digest{}, c.named(err))
				return
			}
		}
	}
}

// One command reads so many files, and bytes beyond the first file: fewer at first, and where the
// server takes its time. It has to answer a command as soon as if it read a large file.
const (
	fewFiles, mostFiles = 8, 128
	mostFileBytes       = 4 << 20
	soon, late          = 200 * time.Millisecond, time.Second
)

// files is how many files the next command reads.
func files(told []Digest, atOnce int) int {
	bytes := told[0].Size
	for i := 1; i < min(len(told), atOnce); i++ {
		if bytes += told[i].Size; bytes > mostFileBytes {
			return i
		}
	}
	return min(len(told), atOnce)
}

// nextFiles is how many files may be read at once after so many took so long.
func nextFiles(atOnce int, took time.Duration) int {
	switch {
	case took < soon:
		return min(2*atOnce, mostFiles)
	case took > late:
		return max(atOnce/2, 1)
	}
	return atOnce
}

// hash has the server read the files of some messages. Of one without a file Cyrus tells nothing
// when it is asked for what is in the file, and then what the index says. One that is
// gone has no UID then.
func (c *Client) hash(ctx context.Context, by numbers, batch []Digest) error {
	asked := make([]uint32, len(batch))
	for i := range batch {
		asked[i] = by.of(&batch[i])
	}
	clear(batch)
	for _, items := range []string{"UID RFC822.SIZE DIGEST.SHA1 RFC822.FILESIZE RFC822.SHA1", "UID RFC822.SIZE DIGEST.SHA1"} {
		var left []uint32
		for i := range batch {
			if batch[i].UID == 0 {
				left = append(left, asked[i])
			}
		}
		for set := range sets(slices.Values(left)) {
			told, err := c.told(ctx, by, set, uint32(len(left)), items)
			if err != nil {
				return err
			}
			for _, d := range told {
				if i, found := slices.BinarySearch(asked, by.of(&d)); found {
					batch[i] = d
				}
			}
		}
	}
	return nil
}

// told returns what is told of a set of at most so many messages, in their order.
func (c *Client) told(ctx context.Context, by numbers, set string, most uint32, items string) (list []Digest, err error) {
	err = c.fetch(ctx, by, set, most, items, func(place uint32, s *scanner) error {
		d := s.digest()
		d.Place = place
		list = append(list, d)
		return s.err
	})
	slices.SortFunc(list, func(a, b Digest) int { return cmp.Compare(a.UID, b.UID) })
	return list, err
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
