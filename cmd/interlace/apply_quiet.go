package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/interlacemail/interlace/inventory"
)

// quietDay is how long nobody may have come to an original before it is removed.
const quietDay = 24 * time.Hour

// coming are words of which each line has one that tells of a login or a delivery, granted
// or refused.
var coming = []string{"login", "denied access", "Delivered", "verify_user"}

// quiet looks into the mail log of an instance whether anybody logged in there as one of
// the users or delivered to one of them for a day. It is not known where the inventory does
// not say which log that is, and where the log does not go back that far.
func (c *config) quiet(ctx context.Context, now time.Time, in inventory.Instance, users []inventory.UserID) (quiet, known bool, last time.Time, err error) {
	if in.Log == "" {
		return false, false, last, nil
	}
	files := []string{in.Log + ".1", in.Log}
	first, _ := c.run(ctx, in.Server, "", append([]string{"head", "-q", "-n", "1", "--"}, files...)...)
	if first == "" {
		return false, false, last, nil // nobody may read it here, or there is none
	}
	oldest, dated := logged(first, now)
	if !dated || now.Sub(oldest) < quietDay {
		return false, false, last, nil
	}
	words := []string{"grep", "-h", "-s", "-w", "-F"}
	for _, u := range users {
		words = append(words, "-e", string(u), "-e", strings.ReplaceAll(string(u), ".", "^"))
	}
	lines, err := c.run(ctx, in.Server, "", slices.Concat(words, []string{"--"}, files)...)
	var status interface{ ExitCode() int }
	if err != nil && lines == "" && !(errors.As(err, &status) && status.ExitCode() <= 2) {
		return false, false, last, err
	}
	for line := range strings.Lines(lines) {
		at, dated := logged(line, now)
		if dated && at.After(last) && slices.ContainsFunc(coming, func(word string) bool { return strings.Contains(line, word) }) {
			last = at
		}
	}
	return now.Sub(last) >= quietDay, true, last, nil
}

// logged reads when a line of a log was written: as RFC 3339 or, without a year, as
// RFC 3164 in the zone of this machine.
func logged(line string, now time.Time) (time.Time, bool) {
	word, _, _ := strings.Cut(line, " ")
	if at, err := time.Parse(time.RFC3339Nano, word); err == nil {
		return at, true
	}
	const short = "Jan _2 15:04:05"
	if len(line) < len(short) {
		return time.Time{}, false
	}
	at, err := time.ParseInLocation(short, line[:len(short)], now.Location())
	if err != nil {
		return time.Time{}, false
	}
	at = at.AddDate(now.Year(), 0, 0)
	if at.After(now.Add(quietDay)) {
		at = at.AddDate(-1, 0, 0)
	}
	return at, true
}
