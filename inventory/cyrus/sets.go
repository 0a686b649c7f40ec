package cyrus

import (
	"context"
	"fmt"
	"iter"
	"strconv"
	"strings"
)

// numbers are those by which messages are asked for: the command that takes them.
type numbers string

const (
	byPlace numbers = "FETCH"
	byUID   numbers = "UID FETCH"
)

// of returns the number of a message.
func (n numbers) of(d *Digest) uint32 {
	if n == byUID {
		return d.UID
	}
	return d.Place
}

// perSet is how many numbers a set has at most: it is one line.
const perSet = 1000

// sets yields numbers as IMAP writes sets of them, such as 3:5,9.
func sets(numbers iter.Seq[uint32]) iter.Seq[string] {
	return func(yield func(string) bool) {
		var b strings.Builder
		n, first, last := 0, uint32(0), uint32(0)
		end := func() { b.WriteString(run(first, last)) }
		for number := range numbers {
			switch {
			case n == 0:
				first = number
			case n == perSet:
				if end(); !yield(b.String()) {
					return
				}
				b.Reset()
				n, first = 0, number
			case number != last+1:
				end()
				b.WriteByte(',')
				first = number
			}
			n, last = n+1, number
		}
		if n > 0 {
			end()
			yield(b.String())
		}
	}
}

// run writes the numbers from the first to the last one as IMAP does, such as 3:5 or 9.
func run(first, last uint32) string {
	text := strconv.FormatUint(uint64(first), 10)
	if last != first {
		text += ":" + strconv.FormatUint(uint64(last), 10)
	}
	return text
}

// UIDs are those from the first to the last one, both among them.
type UIDs struct{ First, Last uint32 }

// String writes them as IMAP does, such as 3:5 or 9.
func (u UIDs) String() string { return run(u.First, u.Last) }

// SetOf writes UIDs as IMAP writes a set of them, such as 3:5,9.
func SetOf(uids []UIDs) string {
	parts := make([]string, len(uids))
	for i := range uids {
		parts[i] = uids[i].String()
	}
	return strings.Join(parts, ",")
}

// Sized is a message as the index has it: its UID and its bytes.
type Sized struct {
	UID  uint32
	Size int64
}

// Sizes yields the messages of a mailbox by UID, in memory that does not grow with their
// number. The connection must be As a user who may read the mailbox.
func (c *Client) Sizes(ctx context.Context, name string) iter.Seq2[Sized, error] {
	return func(yield func(Sized, error) bool) {
		exists, err := c.examine(ctx, name)
		for from := uint32(1); from <= exists && err == nil; from += perFetch {
			var list []Digest
			to := min(exists, from+perFetch-1)
			list, err = c.told(ctx, byPlace, fmt.Sprintf("%d:%d", from, to), to-from+1, "UID RFC822.SIZE")
			for i := range list {
				if !yield(Sized{list[i].UID, list[i].Size}, nil) {
					return
				}
			}
		}
		if err != nil {
			yield(Sized{}, c.named(err))
		}
	}
}
