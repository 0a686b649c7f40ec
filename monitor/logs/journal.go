package logs

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/interlacemail/interlace/monitor"
)

const (
	// journalLog is the name of the journal among logs.
	journalLog = "journal"
	// mostEntry is how long an entry of a journal may be in JSON, where bytes that
	// do not print take up to four times their room.
	mostEntry = 8 * MostBytes
)

// journal follows the journal of systemd through journalctl.
type journal struct {
	ctx     context.Context // journalctl runs no longer than that
	command []string        // journalctl -o json, and what selects the entries
	whole   bool            // it ends after what is there now
	cursor  string
	known   bool
	seen    time.Time
	begun   time.Time

	lines chan []byte // nil: it does not run
	ended chan error
	stop  context.CancelFunc
	again time.Time // not to be started before
	pause time.Duration
}

func newJournal(ctx context.Context, command []string, positions []monitor.Position, once bool) *journal {
	j := &journal{ctx: ctx, command: command, whole: once}
	for i := range positions {
		if positions[i].Log == journalLog {
			j.cursor, j.known, j.seen = positions[i].Cursor, true, positions[i].Seen
		}
	}
	return j
}

// arguments are what journalctl is to be called with: everything after the last
// entry that was told or, before there was one, all of this second.
func (j *journal) arguments() []string {
	args := slices.Clone(j.command)
	switch {
	case j.cursor != "":
		args = append(args, "--after-cursor="+j.cursor)
	case j.known:
		args = append(args, fmt.Sprintf("--since=@%d", j.seen.Unix()))
	default:
		args = append(args, fmt.Sprintf("--since=@%d", j.begun.Unix()))
	}
	if !j.whole {
		args = append(args, "--follow", "--no-tail")
	}
	return args
}

// start starts journalctl.
func (j *journal) start(now time.Time) error {
	if j.begun.IsZero() {
		j.begun = now
	}
	ctx, stop := context.WithCancel(j.ctx)
	args := j.arguments()
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	var complaint strings.Builder
	cmd.Stderr = &limited{&complaint}
	cmd.WaitDelay = time.Second
	output, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		stop()
		return err
	}
	j.stop, j.lines, j.ended = stop, make(chan []byte, 1024), make(chan error, 1)
	go func(lines chan<- []byte, ended chan<- error) {
		readEntries(ctx, output, lines)
		err := cmd.Wait()
		stop()
		if err != nil {
			ended <- fmt.Errorf("%s: %w: %s", args[0], err, shown(strings.TrimSpace(complaint.String()), mostExample))
		} else {
			ended <- nil
		}
		close(lines)
	}(j.lines, j.ended)
	return nil
}

// limited keeps the beginning of a text.
type limited struct{ *strings.Builder }

func (l *limited) Write(b []byte) (int, error) {
	l.Builder.Write(b[:max(0, min(len(b), 4096-l.Len()))])
	return len(b), nil
}

// readEntries sends each line, but those that are too long.
func readEntries(ctx context.Context, r io.Reader, lines chan<- []byte) {
	buffered := bufio.NewReaderSize(r, mostEntry)
	for long := false; ; {
		line, err := buffered.ReadSlice('\n')
		if err == nil && !long {
			select {
			case lines <- slices.Clone(line):
			case <-ctx.Done():
				return
			}
		}
		long = errors.Is(err, bufio.ErrBufferFull)
		if err != nil && !long {
			return
		}
	}
}

// read tells the entries that have come.
func (j *journal) read(now time.Time, most int64, tell func(Line)) (more bool, err error) {
	if j.lines == nil {
		if now.Before(j.again) {
			return false, nil
		}
		if err := j.start(now); err != nil {
			j.rest(now)
			return false, err
		}
	}
	j.seen = now
	for told := int64(0); told < most; {
		line, ok, wait := j.next()
		switch {
		case wait:
			return false, nil
		case !ok:
			err := <-j.ended
			j.lines = nil
			j.rest(now)
			return false, err
		}
		j.pause = 0
		told += int64(len(line))
		j.tell(line, tell)
	}
	return true, nil
}

// next returns the next entry; wait says that there is none yet.
func (j *journal) next() (line []byte, ok, wait bool) {
	if j.whole {
		line, ok = <-j.lines
		return line, ok, false
	}
	select {
	case line, ok = <-j.lines:
		return line, ok, false
	default:
		return nil, false, true
	}
}

// tell hands an entry over, unless it came before a journal that was not known was begun
// with.
func (j *journal) tell(line []byte, tell func(Line)) {
	e, cursor, ok := parseJournal(Line{Log: journalLog, Text: line})
	if !ok {
		return
	}
	before := !j.known && e.At.Before(j.begun)
	if j.cursor = cursor; !before {
		tell(Line{Log: journalLog, Entry: &e})
	}
}

// rest waits longer and longer before journalctl is started again.
func (j *journal) rest(now time.Time) {
	j.pause = min(max(2*j.pause, time.Second), time.Minute)
	j.again = now.Add(j.pause)
}

func (j *journal) positions() []monitor.Position {
	if j.seen.IsZero() {
		return nil
	}
	return []monitor.Position{{Log: journalLog, Cursor: j.cursor, Seen: j.seen}}
}

// close ends journalctl and waits for it.
func (j *journal) close() {
	if j.lines == nil {
		return
	}
	j.stop()
	for range j.lines {
	}
	j.lines = nil
}
