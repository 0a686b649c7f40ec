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

// grace is a signal by which something is ended, and how long that may take.
type grace struct {
	signal string
	wait   time.Duration
}

// Settle makes sure that nothing runs on the server any more that was started there for
// the unit: by a run that was killed, or for a step that was given up. What does is ended,
// with all that it has started, and its lock is free then.
func (h *Host) Settle(ctx context.Context) error {
	if h.settled || h.Dry {
		return nil
	}
	if err := h.Know(ctx); err != nil {
		return err
	}
	left, err := h.remains(ctx, nil)
	if err == nil {
		err = h.end(ctx, left, h.remains, grace{"TERM", 2 * time.Second}, grace{"KILL", 5 * time.Second})
	}
	if err == nil {
		_, err = h.ask(ctx, Short, "flock", "-o", "-E", strconv.Itoa(occupied), "-w", "5", h.Own(".lock"), "true")
	}
	if err != nil {
		return fmt.Errorf("end what still runs of the unit on %s: %w", h.Server, err)
	}
	h.settled = true
	return nil
}

// end ends processes, by one signal after the other, and fails where one runs even then. Still
// returns which of them do, or what has come of them.
func (h *Host) end(ctx context.Context, left []process, still func(context.Context, []process) ([]process, error), graces ...grace) error {
	var refused error
	for _, g := range graces {
		if len(left) == 0 {
			break
		}
		_, refused = h.ask(ctx, Short, append([]string{"kill", "-" + g.signal}, numbers(left)...)...) // some may have ended by themselves
		for begin := time.Now(); len(left) > 0 && time.Since(begin) < g.wait; {
			err := Pause(ctx, time.Second/10)
			if err == nil {
				left, err = still(ctx, left)
			}
			if err != nil {
				return err
			}
		}
	}
	if len(left) == 0 {
		return nil
	}
	return errors.Join(fmt.Errorf("process %d does not end: %s", left[0].number, inventory.Printable(left[0].words)), refused)
}

// process is one that runs on a server.
type process struct {
	number, parent int
	words          string
}

// program is the name of what it runs; services of Cyrus put a colon behind it.
func (p *process) program() string {
	command, _, _ := strings.Cut(p.words, " ")
	return strings.TrimSuffix(path.Base(command), ":")
}

func numbers(list []process) []string {
	var numbers []string
	for _, p := range list {
		numbers = append(numbers, strconv.Itoa(p.number))
	}
	return numbers
}

// remains returns what runs on the server for the unit: what waits for its lock or holds
// it, and what reads its private configuration, with all that these have started, and
// which of some processes still run.
func (h *Host) remains(ctx context.Context, of []process) ([]process, error) {
	all, err := h.processes(ctx)
	if err != nil {
		return nil, err
	}
	found := map[int]bool{}
	for more := true; more; {
		more = false
		for _, p := range all {
			if !found[p.number] && (found[p.parent] || slices.Contains(of, p) || h.starts(&p)) {
				found[p.number], more = true, true
			}
		}
	}
	return slices.DeleteFunc(all, func(p process) bool { return !found[p.number] }), nil
}

// processes returns what runs on the server.
func (h *Host) processes(ctx context.Context) ([]process, error) {
	text, err := h.ask(ctx, Short, "ps", "-A", "-ww", "-o", "pid=,ppid=,stat=,args=")
	if err != nil {
		return nil, err
	}
	var all []process
	for line := range strings.Lines(text) {
		if p, runs := readProcess(line); runs {
			all = append(all, p)
		}
	}
	return all, nil
}

// readProcess reads a line of ps. What has ended, and only nobody has asked for, does not run.
func readProcess(line string) (p process, runs bool) {
	words := strings.Fields(line)
	if len(words) < 4 {
		return p, false
	}
	var wrong [2]error
	p.number, wrong[0] = strconv.Atoi(words[0])
	p.parent, wrong[1] = strconv.Atoi(words[1])
	p.words = strings.Join(words[3:], " ")
	return p, errors.Join(wrong[:]...) == nil && !strings.HasPrefix(words[2], "Z")
}

// starts reports whether a process is one that the unit itself starts on this server, and
// not the one at this end of a runner.
func (h *Host) starts(p *process) bool {
	switch p.program() {
	case "flock":
		return holds(p.words, h.Own(".lock"))
	case "timeout", "sync_client":
		return holds(p.words, h.Own(".conf"))
	}
	return false
}

func holds(words, word string) bool { return strings.Contains(words+" ", " "+word+" ") }
