package cyrus

import (
	"bytes"
	"context"
	"strconv"
	"strings"

	"github.com/emersion/go-imap/v2"
)

// Seen opens a mailbox for reading only and returns the UIDs of the messages that the
// user has seen whom the connection acts as, as ranges in rising order. The name is as
// that user sees it.
func (c *Client) Seen(ctx context.Context, name string) ([]UIDs, error) {
	exists, err := c.examine(ctx, name)
	if err != nil {
		return nil, c.named(err)
	}
	command := "UID SEARCH SEEN"
	if c.can(imap.CapESearch) {
		command = "UID SEARCH RETURN (ALL) SEEN"
	}
	const uidBytes = 12
	room := longestAnswer + int64(exists)*uidBytes
	c.raw.most = int(room)
	defer func() { c.raw.most = longestAnswer }()
	var seen []UIDs
	err = c.do(ctx, "search what was seen", room, func() error {
		return c.command(command, func(answer []byte) (err error) {
			switch {
			case bytes.HasPrefix(answer, []byte("ESEARCH ")):
				_, set, _ := bytes.Cut(answer, []byte(" ALL "))
				seen, err = ranges(strings.Split(string(set), ","))
			case bytes.HasPrefix(answer, []byte("SEARCH")):
				seen, err = ranges(strings.Fields(string(answer))[1:])
			}
			return err
		})
	})
	return seen, c.named(err)
}

// ranges reads the parts of a set of UIDs, such as 3 and 5:7, in rising order.
func ranges(parts []string) (list []UIDs, err error) {
	for _, part := range parts {
		if part == "" {
			continue
		}
		first, last, isRange := strings.Cut(part, ":")
		if !isRange {
			last = first
		}
		from, err := strconv.ParseUint(first, 10, 32)
		if err != nil {
			return nil, protocolError("expected a UID", []byte(part))
		}
		to, err := strconv.ParseUint(last, 10, 32)
		n := len(list)
		if err != nil || from == 0 || to < from || n > 0 && uint32(from) <= list[n-1].Last {
			return nil, protocolError("expected UIDs in rising order", []byte(part))
		}
		if n > 0 && list[n-1].Last == uint32(from)-1 {
			list[n-1].Last = uint32(to)
			continue
		}
		list = append(list, UIDs{uint32(from), uint32(to)})
	}
	return list, nil
}
