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
	Writes    uint64
	Common    bool   // counted by one counter of the user, not by one of each mailbox
	Mailboxes uint64 // stands for the mailboxes that were counted
	Newest    uint32 // the highest UIDVALIDITY of them: one made later has a higher one
	Valid     bool   // all mailboxes could be read
}

// shortestInterval is the time between two discoveries below which their
// difference does not show how much is written.
const shortestInterval = time.Hour

// rate returns the writes per second of a user between two discoveries, if they
// are far enough apart, count in the same way, and every mailbox that was there
// is there still: one that was removed, made anew or renamed took its count away,
// and one that came from elsewhere brought a count along. So the mailboxes that were
// made before must be those that were counted; what was written to the others was
// written since.
func (c *Counters) rate(user inventory.UserID, now counter, older uint64, at time.Time) (float64, bool) {
	if c == nil || at.Sub(c.Time) < shortestInterval {
		return 0, false
	}
	before, found := c.users[user]
	if !found || !before.Valid || !now.Valid || before.Common != now.Common || before.Mailboxes != older || now.Writes < before.Writes {
		return 0, false
	}
	return float64(now.Writes-before.Writes) / at.Sub(c.Time).Seconds(), true
}

// newest returns the highest UIDVALIDITY that was counted of an owner on a store.
func (c *Counters) newest(name inventory.UserID, store inventory.StoreID) uint32 {
	if c == nil {
		return 0
	}
	if count, found := c.users[name]; found {
		return count.Newest
	}
	return c.users[onStore(name, store)].Newest
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
	rows := [][]string{{"user", "writes", "counted", "mailboxes", "newest", c.Time.UTC().Format(time.RFC3339)}}
	for _, name := range names {
		count, counted := c.users[name], "mailbox"
		if count.Common {
			counted = "user"
		}
		rows = append(rows, []string{
			string(name), strconv.FormatUint(count.Writes, 10), counted,
			strconv.FormatUint(count.Mailboxes, 16), strconv.FormatUint(uint64(count.Newest), 10), "",
		})
	}
	if err := out.WriteAll(rows); err != nil {
		return fmt.Errorf("write the counters: %w", err)
	}
	return nil
}

// ReadCounters reads what Write wrote.
func ReadCounters(from io.Reader) (*Counters, error) {
	in := csv.NewReader(from)
	in.FieldsPerRecord, in.ReuseRecord = 6, true
	header, err := in.Read()
	if err != nil {
		return nil, fmt.Errorf("read the counters: %w", err)
	}
	c := &Counters{users: map[inventory.UserID]counter{}}
	if c.Time, err = time.Parse(time.RFC3339, header[5]); err != nil {
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
		count, err := readCounter(row)
		if err != nil {
			line, _ := in.FieldPos(0)
			return nil, fmt.Errorf("read the counters: line %d: %w", line, err)
		}
		c.users[inventory.UserID(row[0])] = count
	}
}

func readCounter(row []string) (counter, error) {
	writes, err := strconv.ParseUint(row[1], 10, 64)
	if err != nil {
		return counter{}, err
	}
	if row[2] != "user" && row[2] != "mailbox" {
		return counter{}, fmt.Errorf("%s is neither user nor mailbox", inventory.Quoted(row[2]))
	}
	mailboxes, err := strconv.ParseUint(row[3], 16, 64)
	if err != nil {
		return counter{}, err
	}
	newest, err := strconv.ParseUint(row[4], 10, 32)
	if err != nil {
		return counter{}, err
	}
	return counter{Writes: writes, Common: row[2] == "user", Mailboxes: mailboxes, Newest: uint32(newest), Valid: true}, nil
}
