package main

import (
	"context"
	"errors"
	"slices"
	"strconv"
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
// the users or delivered to one of them for a day. It is not known where neither the
// inventory says which log that is nor the configuration what of the journal, and where it
// does not go back that far.
func (c *config) quiet(ctx context.Context, now time.Time, in inventory.Instance, users []inventory.UserID) (quiet, known bool, last time.Time, err error) {
	first, lines, err := c.linesOf(ctx, now, in, users)
	if oldest, dated := logged(first, now); err != nil || !dated || now.Sub(oldest) < quietDay {
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

// linesOf returns the first line of the log of an instance, or one that is as old as
// matters, and those that name one of the users. Without a first line it is not known
// what happened there.
func (c *config) linesOf(ctx context.Context, now time.Time, in inventory.Instance, users []inventory.UserID) (first, lines string, err error) {
	var oldest, named []string
	files := []string{"--", in.Log + ".1", in.Log}
	switch {
	case in.Log != "":
		oldest = append([]string{"head", "-q", "-n", "1"}, files...)
		named = []string{"grep", "-h", "-s", "-w", "-F"}
		for _, u := range users {
			named = append(named, "-e", string(u), "-e", strings.ReplaceAll(string(u), ".", "^"))
		}
		named = append(named, files...)
	case len(c.Monitor.Journal) > 0:
		journal := append([]string{"journalctl", "-q", "--no-pager", "-o", "short-unix"}, c.Monitor.Journal...)
		day := "@" + strconv.FormatInt(now.Add(-quietDay).Unix(), 10)
		oldest = append(slices.Clone(journal), "--until="+day, "-n", "1")
		named = append(journal, "--since="+day, "--case-sensitive=yes", "--grep="+wholeNames(users))
	default:
		return "", "", nil
	}
	if first, _ = c.run(ctx, in.Server, "", oldest...); first == "" {
		return "", "", nil // nobody may read it here, or there is none
	}
	lines, err = c.run(ctx, in.Server, "", named...)
	var status interface{ ExitCode() int }
	if errors.As(err, &status) && (status.ExitCode() == 1 || status.ExitCode() == 2 && in.Log != "") {
		err = nil // no line does, or the older file is not there
	}
	return first, lines, err
}

// wholeNames is a regular expression of PCRE that finds the names of users as whole words.
func wholeNames(users []inventory.UserID) string {
	names := make([]string, 0, 2*len(users))
	for _, u := range users {
		for _, name := range []string{string(u), strings.ReplaceAll(string(u), ".", "^")} {
			names = append(names, `\Q`+strings.ReplaceAll(name, `\E`, `\E\\E\Q`)+`\E`)
		}
	}
	return `(?<!\w)(?:` + strings.Join(names, "|") + `)(?!\w)`
}

// logged reads when a line of a log was written: as RFC 3339, in seconds since 1970 or,
// without a year, as RFC 3164 in the zone of this machine.
func logged(line string, now time.Time) (time.Time, bool) {
	word, _, _ := strings.Cut(line, " ")
	if at, err := time.Parse(time.RFC3339Nano, word); err == nil {
		return at, true
	}
	if seconds, err := strconv.ParseFloat(word, 64); err == nil {
		return time.UnixMicro(int64(seconds * 1e6)), true
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
