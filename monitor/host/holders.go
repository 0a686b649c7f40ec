package host

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/processes"
)

// Holders tells which processes of the instance have files of users open.
func (h *Host) Holders(ctx context.Context, users []inventory.UserID) (string, error) {
	list, err := h.holding(ctx, users, services...)
	var texts []string
	for _, p := range list {
		texts = append(texts, fmt.Sprintf("process %d (%s)", p.number, inventory.Printable(p.words)))
	}
	return strings.Join(texts, ", "), err
}

// holding returns the processes of the instance, of these programs, that have files of users
// open: of their mail, their scripts, or what they have seen.
func (h *Host) holding(ctx context.Context, users []inventory.UserID, programs ...string) ([]process, error) {
	all, err := h.processes(ctx)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(p process) bool {
		return !slices.Contains(programs, p.program()) || !processes.SeenIn(p.words, h.Conf).Runs
	})
	if len(all) == 0 {
		return nil, nil
	}
	dirs, err := h.dirs(ctx, users)
	if err != nil {
		return nil, err
	}
	open, err := h.open(ctx, all)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(p process) bool {
		return !slices.ContainsFunc(open[p.number], func(file string) bool {
			return slices.ContainsFunc(dirs, func(dir string) bool { return file == dir || strings.HasPrefix(file, dir+"/") })
		})
	}), nil
}

// still returns which of some processes run.
func (h *Host) still(ctx context.Context, of []process) ([]process, error) {
	all, err := h.processes(ctx)
	return slices.DeleteFunc(all, func(p process) bool { return !slices.Contains(of, p) }), err
}

// dirs returns the directories in which users have files, without links in their names. Of who
// is not on the instance there are none.
func (h *Host) dirs(ctx context.Context, users []inventory.UserID) ([]string, error) {
	var dirs []string
	for some := range slices.Chunk(users, PerCommand) {
		text, err := h.mbpath(ctx, "-qau", some)
		if err != nil {
			return nil, fmt.Errorf("find the files of users on %s: %w", h.Server, err)
		}
		var own []string
		for line := range strings.Lines(text) {
			_, dir, found := strings.Cut(strings.TrimSpace(line), ": ")
			if found && path.IsAbs(dir) && !slices.Contains(own, dir) {
				own = append(own, dir)
			}
		}
		if len(own) == 0 {
			continue
		}
		if text, err = h.ask(ctx, Short, slices.Concat([]string{"readlink", "-m", "--"}, own)...); err != nil {
			return nil, err
		}
		dirs = append(dirs, strings.Split(strings.TrimSuffix(text, "\n"), "\n")...)
	}
	return dirs, nil
}

// open returns which files and directories processes have open, by their numbers. It fails
// where that of one is not told that runs.
func (h *Host) open(ctx context.Context, of []process) (map[int][]string, error) {
	words := []string{"find"}
	for _, p := range of {
		proc := path.Join("/proc", strconv.Itoa(p.number))
		words = append(words, path.Join(proc, "cwd"), path.Join(proc, "fd"))
	}
	text, unread := h.ask(ctx, Short, append(words, "-type", "l", "-printf", `%p %l\n`)...)
	open := map[int][]string{}
	for line := range strings.Lines(text) {
		link, file, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if parts := strings.Split(link, "/"); len(parts) > 3 {
			if n, err := strconv.Atoi(parts[2]); err == nil {
				open[n] = append(open[n], file)
			}
		}
	}
	if unread == nil {
		return open, nil
	}
	left, err := h.still(ctx, of) // others have ended meanwhile
	for _, p := range left {
		if err == nil && len(open[p.number]) == 0 {
			err = fmt.Errorf("what process %d has open is not told: %s: %w", p.number, inventory.Printable(p.words), unread)
		}
	}
	return open, err
}
