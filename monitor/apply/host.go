package apply

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

// Run runs a program on a server, word by word, with the input as its standard input, and
// returns what it prints. The error tells what it complains of and, by a method ExitCode,
// its exit status.
type Run func(ctx context.Context, server inventory.ServerID, input string, words ...string) (string, error)

// host is an instance with Cyrus's own programs for it. Those that change something run
// under a lock of the unit, so that what still runs from before is awaited, and all of
// them under a limit of time that holds on the server, too.
type host struct {
	run    Run
	server inventory.ServerID
	tools  string // the directory of the programs
	conf   string // path of imapd.conf
	unit   string // stands for the unit in names of files
	// settings are those of imapd.conf as Cyrus reads them, once read.
	settings map[string]string
}

// Limits of time: how long a program waits for an earlier one of the same unit, what a
// short one may take, and what one may take that copies or removes mail, unless the
// context ends before.
const (
	patience = 10 * time.Minute
	short    = time.Minute
	long     = 24 * time.Hour
)

// Exit statuses of timeout(1), and of flock(1) as it is told.
const (
	tooLong  = 124
	occupied = 75
)

// ask runs a program that changes nothing.
func (h *host) ask(ctx context.Context, limit time.Duration, words ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	text, err := h.run(ctx, h.server, "", words...)
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		err = fmt.Errorf("%s did not end within %v: %w", path.Base(words[0]), limit, err)
	}
	return text, err
}

// read asks Cyrus for its settings.
func (h *host) read(ctx context.Context) error {
	text, err := h.ask(ctx, short, h.tool("cyr_info"), "-C", h.conf, "conf-all")
	if err != nil {
		return fmt.Errorf("read %s on %s: %w", h.conf, h.server, err)
	}
	h.settings = map[string]string{}
	for line := range strings.Lines(text) {
		if key, value, found := strings.Cut(line, ":"); found {
			h.settings[key] = strings.TrimSpace(value)
		}
	}
	if !path.IsAbs(h.settings["configdirectory"]) {
		return fmt.Errorf("read %s on %s: it does not say where configdirectory is", h.conf, h.server)
	}
	return nil
}

func (h *host) tool(name string) string { return path.Join(h.tools, name) }

// change runs one of Cyrus's programs that change something, for no longer than the limit
// or the context allows. With names it is run for each of them, as its last word.
func (h *host) change(ctx context.Context, limit time.Duration, names []inventory.UserID, tool string, arguments ...string) (string, error) {
	if end, ends := ctx.Deadline(); ends {
		limit = max(min(limit, time.Until(end)), time.Second)
	}
	words := []string{
		"flock", "-E", strconv.Itoa(occupied), "-w", seconds(patience), h.own(".lock"), "timeout", "-k", "10", seconds(limit),
	}
	var input strings.Builder
	if names != nil {
		words = append(words, "xargs", "-r", "-d", "\\n", "-n", "1", "--")
		arguments = append(arguments, "--")
		for _, name := range names {
			input.WriteString(string(name) + "\n")
		}
	}
	words = slices.Concat(words, []string{h.tool(tool)}, arguments)
	waiting, cancel := context.WithTimeout(ctx, patience+limit+short)
	defer cancel()
	out, err := h.run(waiting, h.server, input.String(), words...)
	var status interface{ ExitCode() int }
	switch {
	case err == nil:
		return out, nil
	case errors.As(err, &status) && status.ExitCode() == tooLong, errors.Is(ctx.Err(), context.DeadlineExceeded):
		err = fmt.Errorf("it did not end within %v: %w", limit.Round(time.Second), err)
	case errors.As(err, &status) && status.ExitCode() == occupied:
		err = fmt.Errorf("what runs there from before did not end within %v: %w", patience, err)
	}
	return out, fmt.Errorf("%s on %s: %w", tool, h.server, err)
}

func seconds(d time.Duration) string { return strconv.Itoa(int(d.Round(time.Second).Seconds())) }

// deny ends all sessions of users and lets nobody log in as one of them; mail for them is
// deferred.
func (h *host) deny(ctx context.Context, users []inventory.UserID) error {
	_, err := h.change(ctx, short, users, "cyr_deny", "-C", h.conf, "-m", denial)
	return err
}

// denial is what a user is told who tries to log in.
const denial = "the mailbox is being moved"

// allow takes denials back.
func (h *host) allow(ctx context.Context, users []inventory.UserID) error {
	_, err := h.change(ctx, short, users, "cyr_deny", "-C", h.conf, "-a")
	if neverDenied(err) {
		return nil
	}
	return err
}

// neverDenied tells whether nobody was ever denied on an instance.
func neverDenied(err error) bool {
	return err != nil && strings.Contains(err.Error(), "failed to open deny db: No such file")
}

// denied returns the users who are denied everything.
func (h *host) denied(ctx context.Context) (map[inventory.UserID]bool, error) {
	text, err := h.ask(ctx, short, h.tool("cyr_deny"), "-C", h.conf, "-l")
	if neverDenied(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list who is denied on %s: %w", h.server, err)
	}
	users := map[inventory.UserID]bool{}
	lines := strings.Split(text, "\n")
	for _, line := range lines[min(1, len(lines)):] { // the first holds the headings
		if user, rest, found := strings.Cut(line, " * "); found && strings.TrimSpace(rest) != "" {
			users[inventory.UserID(strings.TrimRight(user, " "))] = true
		}
	}
	return users, nil
}

// remove removes users with all that they have, at once, also from the instance's replicas
// as soon as its sync log has been worked off.
func (h *host) remove(ctx context.Context, users []inventory.UserID) error {
	if len(users) == 0 {
		return nil
	}
	_, err := h.change(ctx, long, users, "sync_reset", "-C", h.conf, "-f")
	return err
}
