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
// under a lock of the unit, so that one never runs beside another, and all of them under
// a limit of time that holds on the server, too. What a program leaves running when it has
// ended does not hold the lock.
type host struct {
	run    Run
	server inventory.ServerID
	tools  string // the directory of the programs
	conf   string // path of imapd.conf
	unit   string // stands for the unit in names of files
	// settings are those of imapd.conf as Cyrus reads them, once read. Until then unread
	// says why they are not, and asked when that was found out.
	settings map[string]string
	unread   error
	asked    time.Time
	silent   *silent // what other units have found out of that; nil: nothing
	// settled tells that nothing runs there of the unit: before that is so nothing is
	// changed.
	settled bool
	dry     bool // nothing is done there, only told
}

// Limits of time: how long a program waits for an earlier one of the same unit, what a
// short one may take, what one may take that copies or removes mail, unless the context
// ends before, and how long a server may take to answer at all where others wait for it.
const (
	patience = 10 * time.Minute
	short    = time.Minute
	long     = 24 * time.Hour
	greeting = 10 * time.Second
)

// Exit statuses of timeout(1), and of flock(1) as it is told.
const (
	tooLong  = 124
	occupied = 75
)

// ask runs a program that changes nothing.
func (h *host) ask(ctx context.Context, limit time.Duration, words ...string) (string, error) {
	if end, ends := ctx.Deadline(); ends {
		limit = min(limit, time.Until(end))
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	text, err := h.run(ctx, h.server, "", words...)
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		err = fmt.Errorf("%s did not end within %v: %w", path.Base(words[0]), limit.Round(time.Second/10), err)
	}
	return text, err
}

// read asks Cyrus for its settings.
func (h *host) read(ctx context.Context) error {
	text, err := h.ask(ctx, short, h.tool("cyr_info"), "-C", h.conf, "conf-all")
	if err != nil {
		return fmt.Errorf("read %s on %s: %w", h.conf, h.server, err)
	}
	settings := map[string]string{}
	for line := range strings.Lines(text) {
		if key, value, found := strings.Cut(line, ":"); found {
			settings[key] = strings.TrimSpace(value)
		}
	}
	if !path.IsAbs(settings["configdirectory"]) {
		return fmt.Errorf("read %s on %s: it does not say where configdirectory is", h.conf, h.server)
	}
	h.settings = settings
	return nil
}

// known reads the settings unless that was done, or was tried in vain just now.
func (h *host) known(ctx context.Context) error {
	if h.settings != nil || h.unread != nil && time.Since(h.asked) < 3*greeting {
		return h.unread
	}
	if err := h.silent.about(h.place()); err != nil {
		return err
	}
	asking, cancel := context.WithTimeout(ctx, greeting)
	defer cancel()
	h.unread = h.read(asking)
	if h.asked = time.Now(); ctx.Err() == nil {
		h.silent.note(h.place(), h.unread)
	}
	return h.unread
}

// place stands for the instance.
func (h *host) place() string { return string(h.server) + " " + h.conf }

func (h *host) tool(name string) string { return path.Join(h.tools, name) }

// change runs one of Cyrus's programs that change something, for no longer than the limit
// or the context allows. With names it is run for each of them, as its last word.
func (h *host) change(ctx context.Context, limit time.Duration, names []inventory.UserID, tool string, arguments ...string) (string, error) {
	if err := h.settle(ctx); err != nil {
		return "", err
	}
	if end, ends := ctx.Deadline(); ends {
		limit = max(min(limit, time.Until(end)), time.Second)
	}
	var words []string
	var input strings.Builder
	if names != nil {
		words = []string{"xargs", "-r", "-d", "\\n", "-n", "1", "--"}
		arguments = append(arguments, "--")
		for _, name := range names {
			input.WriteString(string(name) + "\n")
		}
	}
	out, err := h.locked(ctx, limit, input.String(), slices.Concat(words, []string{h.tool(tool)}, arguments)...)
	if err != nil {
		h.settled = false
		err = fmt.Errorf("%s on %s: %w", tool, h.server, err)
	}
	return out, err
}

// locked runs a program under the lock of the unit.
func (h *host) locked(ctx context.Context, limit time.Duration, input string, words ...string) (string, error) {
	wait := min(patience, limit)
	lock := []string{"flock", "-o", "-E", strconv.Itoa(occupied), "-w", seconds(wait), h.own(".lock"), "timeout", "-k", "10", seconds(limit)}
	waiting, cancel := context.WithTimeout(ctx, wait+limit+short)
	defer cancel()
	out, err := h.run(waiting, h.server, input, slices.Concat(lock, words)...)
	var status interface{ ExitCode() int }
	switch {
	case err == nil:
	case ranOut(err), errors.Is(ctx.Err(), context.DeadlineExceeded):
		err = fmt.Errorf("it did not end within %v: %w", limit.Round(time.Second), err)
	case errors.As(err, &status) && status.ExitCode() == occupied:
		err = fmt.Errorf("what runs there from before did not end within %v: %w", wait, err)
	}
	return out, err
}

// ranOut reports whether a program was ended since its time was over.
func ranOut(err error) bool {
	var status interface{ ExitCode() int }
	return errors.As(err, &status) && status.ExitCode() == tooLong
}

func seconds(d time.Duration) string { return strconv.Itoa(int(d.Round(time.Second).Seconds())) }

// remove removes users with all that they have, at once, also from the instance's replicas
// as soon as its sync log has been worked off.
func (h *host) remove(ctx context.Context, users []inventory.UserID) error {
	if len(users) == 0 {
		return nil
	}
	_, err := h.change(ctx, long, users, "sync_reset", "-C", h.conf, "-f")
	return err
}
