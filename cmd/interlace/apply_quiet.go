package main

import (
	"context"
	"errors"
	"fmt"
	"path"
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
// does not go back that far. It fails where a line may be of another instance that writes
// into the same log.
func (c *config) quiet(ctx context.Context, now time.Time, inv *inventory.Inventory, in inventory.Instance, users []inventory.UserID) (quiet, known bool, last time.Time, err error) {
	first, lines, err := c.linesOf(ctx, now, in, users)
	if oldest, _, dated := logged(first, now); err != nil || !dated || now.Sub(oldest) < quietDay {
		return false, false, last, err
	}
	w, err := c.writersOf(ctx, inv, in)
	if err != nil {
		return false, false, last, err
	}
	var doubt time.Time
	for line := range strings.Lines(lines) {
		at, tagged, dated := logged(line, now)
		if !dated || !slices.ContainsFunc(coming, func(word string) bool { return strings.Contains(line, word) }) {
			continue
		}
		switch own, sure := w.own(tagged); {
		case !sure:
			doubt = later(doubt, at)
		case own:
			last = later(last, at)
		}
	}
	if quiet = now.Sub(last) >= quietDay; quiet && now.Sub(doubt) < quietDay {
		return false, false, last, w.unsure(doubt)
	}
	return quiet, true, last, nil
}

// logWriters are the instances of a server that write into one log.
type logWriters struct {
	of       inventory.Instance
	prefix   string   // of its lines; known where there are others
	others   []string // prefixes of the others
	confs    []string // of all
	together bool     // there are others
}

// writersOf finds out who writes into the log of an instance beside it.
func (c *config) writersOf(ctx context.Context, inv *inventory.Inventory, in inventory.Instance) (*logWriters, error) {
	w := &logWriters{of: in, confs: []string{in.IMAPDConf}}
	var err error
	for i := range inv.Stores {
		for _, other := range inv.Stores[i].Instances {
			if other.Server != in.Server || other.Log != in.Log || other.IMAPDConf == in.IMAPDConf {
				continue
			}
			prefix, unread := c.prefixOf(ctx, other)
			w.together, w.others, w.confs, err = true, append(w.others, prefix), append(w.confs, other.IMAPDConf), errors.Join(err, unread)
		}
	}
	if w.together {
		var unread error
		w.prefix, unread = c.prefixOf(ctx, in)
		err = errors.Join(err, unread)
	}
	return w, err
}

// prefixOf asks an instance with which prefix it logs.
func (c *config) prefixOf(ctx context.Context, in inventory.Instance) (string, error) {
	text, err := c.run(ctx, in.Server, "", path.Join(c.tools(), "cyr_info"), "-C", in.IMAPDConf, "conf-all")
	if err != nil {
		return "", fmt.Errorf("with which syslog_prefix %s on %s logs is not known: %w", in.IMAPDConf, in.Server, err)
	}
	for line := range strings.Lines(text) {
		if prefix, is := strings.CutPrefix(line, "syslog_prefix:"); is {
			return strings.TrimSpace(prefix), nil
		}
	}
	return "", nil
}

// own reports whether the instance wrote a line, of which this is what follows the time,
// and whether that is sure.
func (w *logWriters) own(tagged string) (own, sure bool) {
	if !w.together {
		return true, true
	}
	tag, rest, _ := strings.Cut(tagged, " ")
	if !strings.HasSuffix(tag, ":") { // it is the host
		tag, _, _ = strings.Cut(rest, " ")
	}
	name, _, _ := strings.Cut(strings.TrimSuffix(tag, ":"), "[")
	prefix := name[:max(strings.LastIndexByte(name, '/'), 0)]
	mine, others := prefix != "" && prefix == w.prefix, prefix != "" && slices.Contains(w.others, prefix)
	return mine, mine != others
}

// unsure says that a line may be of any of the instances.
func (w *logWriters) unsure(at time.Time) error {
	return fmt.Errorf("mail or users came to %s at %s, but to which of %s, which log together, the log does not say: give each a syslog_prefix of its own",
		w.of.Server, at.Format(time.RFC3339), strings.Join(w.confs, ", "))
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
// without a year, as RFC 3164 in the zone of this machine. What follows the time comes too.
func logged(line string, now time.Time) (at time.Time, rest string, dated bool) {
	word, rest, _ := strings.Cut(line, " ")
	if at, err := time.Parse(time.RFC3339Nano, word); err == nil {
		return at, rest, true
	}
	if seconds, err := strconv.ParseFloat(word, 64); err == nil {
		return time.UnixMicro(int64(seconds * 1e6)), rest, true
	}
	const short = "Jan _2 15:04:05"
	if len(line) < len(short) {
		return time.Time{}, "", false
	}
	at, err := time.ParseInLocation(short, line[:len(short)], now.Location())
	if err != nil {
		return time.Time{}, "", false
	}
	at = at.AddDate(now.Year(), 0, 0)
	if at.After(now.Add(quietDay)) {
		at = at.AddDate(-1, 0, 0)
	}
	return at, strings.TrimPrefix(line[len(short):], " "), true
}
