package host

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

// Host is an instance with Cyrus's own programs for it. Those that change something run
// under a lock of the unit, so that one never runs beside another, and all of them under
// a limit of time that holds on the server, too. What a program leaves running when it has
// ended does not hold the lock.
type Host struct {
	Run    Run
	Server inventory.ServerID
	Tools  string // the directory of Cyrus's programs
	Conf   string // path of imapd.conf
	Unit   string // the name that stands for the unit there (see [FileName])
	Dry    bool   // nothing is done there, only told

	// Settings are those of imapd.conf as Cyrus reads them; nil: they are not read.
	Settings map[string]string
	// Silent is what other units have found out of that; nil: nothing.
	Silent *Silent

	unread error // why the settings were not read when that was last tried
	asked  time.Time
	owner  string // of configdirectory, by number; empty: not asked for yet
	// settled tells that nothing runs there of the unit: before that is so nothing is
	// changed.
	settled bool
}

// As is the same instance with another name for the files there, for what may go on at the
// same time.
func (h *Host) As(unit string) *Host {
	other := *h
	other.Unit, other.settled = unit, false
	return &other
}

// Limits of time.
const (
	// Patience is how long a program waits for an earlier one of the same unit.
	Patience = 10 * time.Minute
	// Short is what a short program may take.
	Short = time.Minute
	// long is what one may take that copies mail, unless the context ends before.
	long = 24 * time.Hour
	// Greeting is how long a server may take to answer at all where others wait for it.
	Greeting = 10 * time.Second
)

// Exit statuses of timeout(1), and of flock(1) as it is told.
const (
	tooLong  = 124
	occupied = 75
)

// ask runs a program that changes nothing.
func (h *Host) ask(ctx context.Context, limit time.Duration, words ...string) (string, error) {
	if end, ends := ctx.Deadline(); ends {
		limit = min(limit, time.Until(end))
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	text, err := h.Run(ctx, h.Server, "", words...)
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		err = fmt.Errorf("%s did not end within %v: %w", path.Base(words[0]), limit.Round(time.Second/10), err)
	}
	return text, err
}

// Read asks Cyrus for the settings.
func (h *Host) Read(ctx context.Context) error {
	text, err := h.ask(ctx, Short, h.tool("cyr_info"), "-C", h.Conf, "conf-all")
	if err != nil {
		return fmt.Errorf("read %s on %s: %w", h.Conf, h.Server, err)
	}
	settings := map[string]string{}
	for line := range strings.Lines(text) {
		if key, value, found := strings.Cut(line, ":"); found {
			settings[key] = strings.TrimSpace(value)
		}
	}
	if !path.IsAbs(settings["configdirectory"]) {
		return fmt.Errorf("read %s on %s: it does not say where configdirectory is", h.Conf, h.Server)
	}
	h.Settings = settings
	return nil
}

// Know reads the settings unless that was done, or was tried in vain just now.
func (h *Host) Know(ctx context.Context) error {
	if h.Settings != nil || h.unread != nil && time.Since(h.asked) < 3*Greeting {
		return h.unread
	}
	if err := h.Silent.About(h.place()); err != nil {
		return err
	}
	asking, cancel := context.WithTimeout(ctx, Greeting)
	defer cancel()
	h.unread = h.Read(asking)
	if h.asked = time.Now(); ctx.Err() == nil {
		h.Silent.Note(h.place(), h.unread)
	}
	return h.unread
}

// place stands for the instance.
func (h *Host) place() string { return string(h.Server) + " " + h.Conf }

func (h *Host) tool(name string) string { return path.Join(h.Tools, name) }

// change runs one of Cyrus's programs that change something, for no longer than the limit
// or the context allows. With names it is run for each of them, as its last word.
func (h *Host) change(ctx context.Context, limit time.Duration, names []inventory.UserID, tool string, arguments ...string) (string, error) {
	if err := h.Settle(ctx); err != nil {
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
		err = fmt.Errorf("%s on %s: %w%s", tool, h.Server, err, h.unsaid(err))
	}
	return out, err
}

// unsaid says where it stands why a program of Cyrus has failed that has said nothing else.
func (h *Host) unsaid(err error) string {
	var status interface{ ExitCode() int }
	if !errors.As(err, &status) || RanOut(err) || !strings.HasSuffix(strings.TrimRight(err.Error(), ": "), fmt.Sprintf("exit status %d", status.ExitCode())) {
		return ""
	}
	return fmt.Sprintf("; why it failed stands in the mail log on %s: as that it may not open a file there, or is not let in elsewhere", h.Server)
}

// locked runs a program under the lock of the unit.
func (h *Host) locked(ctx context.Context, limit time.Duration, input string, words ...string) (string, error) {
	wait := min(Patience, limit)
	lock := []string{"flock", "-o", "-E", strconv.Itoa(occupied), "-w", seconds(wait), h.Own(".lock"), "timeout", "-k", "10", seconds(limit)}
	waiting, cancel := context.WithTimeout(ctx, wait+limit+Short)
	defer cancel()
	out, err := h.Run(waiting, h.Server, input, slices.Concat(lock, words)...)
	var status interface{ ExitCode() int }
	switch {
	case err == nil:
	case RanOut(err), errors.Is(ctx.Err(), context.DeadlineExceeded):
		err = fmt.Errorf("it did not end within %v: %w", limit.Round(time.Second), err)
	case errors.As(err, &status) && status.ExitCode() == occupied:
		err = fmt.Errorf("what runs there from before did not end within %v: %w", wait, err)
	}
	return out, err
}

// RanOut reports whether an error says that a program was ended since its time was over.
func RanOut(err error) bool {
	var status interface{ ExitCode() int }
	return errors.As(err, &status) && status.ExitCode() == tooLong
}

func seconds(d time.Duration) string { return strconv.Itoa(int(d.Round(time.Second).Seconds())) }

// CountQuotas has the instance count anew what its quotas have as used.
func (h *Host) CountQuotas(ctx context.Context) error {
	_, err := h.change(ctx, long, nil, "quota", "-C", h.Conf, "-f", "-q")
	return err
}
