package discover

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/interlacemail/interlace/inventory"
)

// Counters are how much had been written for each user at one time.
type Counters struct {
	Time  time.Time
	users map[inventory.UserID]counter
}

// counter is how much was written to a user's mailboxes since they were made.
type counter struct {
	Writes uint64
	Common bool // counted by one counter of the user, not by one of each mailbox
	Valid  bool // all mailboxes could be read
}

// shortestInterval is the time between two discoveries below which their
// difference does not show how much is written.
const shortestInterval = time.Hour

// rate returns the writes per second of a user between two discoveries, if they
// are far enough apart and count in the same way. A count that fell means that a
// mailbox was removed, and with it what was written to it.
func (c *Counters) rate(user inventory.UserID, now counter, at time.Time) (float64, bool) {
	if c == nil || at.Sub(c.Time) < shortestInterval {
		return 0, false
	}
	before, found := c.users[user]
	if !found || !before.Valid || !now.Valid || before.Common != now.Common || now.Writes < before.Writes {
		return 0, false
	}
	return float64(now.Writes-before.Writes) / at.Sub(c.Time).Seconds(), true
}

// Write writes the counters as CSV, for [ReadCounters].
func (c *Counters) Write(to io.Writer) error {
	names := make([]inventory.UserID, 0, len(c.users))
	for name, count := range c.users {
		if count.Valid {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	out := csv.NewWriter(to)
	rows := [][]string{{"user", "writes", "counted", c.Time.UTC().Format(time.RFC3339)}}
	for _, name := range names {
		counted := "mailbox"
		if c.users[name].Common {
			counted = "user"
		}
		rows = append(rows, []string{string(name), strconv.FormatUint(c.users[name].Writes, 10), counted, ""})
	}
	if err := out.WriteAll(rows); err != nil {
		return fmt.Errorf("write the counters: %w", err)
	}
	return nil
}

// ReadCounters reads what Write wrote.
func ReadCounters(from io.Reader) (*Counters, error) {
	in := csv.NewReader(from)
	in.FieldsPerRecord, in.ReuseRecord = 4, true
	header, err := in.Read()
	if err != nil {
		return nil, fmt.Errorf("read the counters: %w", err)
	}
	c := &Counters{users: map[inventory.UserID]counter{}}
	if c.Time, err = time.Parse(time.RFC3339, header[3]); err != nil {
		return nil, fmt.Errorf("read the counters: line 1: %w", err)
	}
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			return c, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read the counters: %w", err)
		}
		line, _ := in.FieldPos(0)
		writes, err := strconv.ParseUint(row[1], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("read the counters: line %d: %w", line, err)
		}
		if row[2] != "user" && row[2] != "mailbox" {
			return nil, fmt.Errorf("read the counters: line %d: %s is neither user nor mailbox", line, inventory.Quoted(row[2]))
		}
		c.users[inventory.UserID(row[0])] = counter{Writes: writes, Common: row[2] == "user", Valid: true}
	}
}
