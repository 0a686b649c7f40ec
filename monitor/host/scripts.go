package host

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor/processes"
)

// ending is how long a session may take to end that is told to.
const ending = 5 * time.Second

// EndScripts ends the sessions in which users keep their Sieve scripts (ManageSieve). Cyrus's
// timsieved asks nobody whether a user is denied, and cyr_deny and sync_reset do not find its
// sessions, as they find others: they go on, change scripts, and hold what they have open.
func (h *Host) EndScripts(ctx context.Context, users []inventory.UserID) error {
	if h.Dry || len(users) == 0 {
		return nil
	}
	sessions, err := h.holding(ctx, users, "timsieved")
	if err == nil && len(sessions) > 0 {
		_, _ = h.ask(ctx, Short, append([]string{"kill", "-TERM"}, numbers(sessions)...)...) // some may have ended by themselves
		for begin := time.Now(); err == nil && len(sessions) > 0 && time.Since(begin) < ending; {
			if err = Pause(ctx, time.Second/10); err == nil {
				sessions, err = h.still(ctx, sessions)
			}
		}
	}
	if err == nil && len(sessions) > 0 {
		err = fmt.Errorf("process %d does not end: %s", sessions[0].number, inventory.Printable(sessions[0].words))
	}
	if err != nil {
		return fmt.Errorf("end sessions of ManageSieve on %s: %w", h.Server, err)
	}
	return nil
}

// EndScriptsCommand is the command, to be pasted, that ends these sessions; empty where there
// are none, or where that can't be asked.
func (h *Host) EndScriptsCommand(ctx context.Context, users []inventory.UserID) inventory.Text {
	sessions, err := h.holding(ctx, users, "timsieved")
	if err != nil || len(sessions) == 0 {
		return ""
	}
	return inventory.Paste(append([]string{"kill", "-TERM"}, numbers(sessions)...)...)
}

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
		program, _, _ := strings.Cut(p.words, " ")
		return !slices.Contains(programs, strings.TrimSuffix(path.Base(program), ":")) || !processes.SeenIn(p.words, h.Conf).Runs
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
		words := []string{h.tool("mbpath"), "-C", h.Conf, "-qau", "--"}
		for _, u := range some {
			words = append(words, string(u))
		}
		text, err := h.ask(ctx, Short, words...)
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

// SaveCommand is the command, to be pasted, that copies the files of a mailbox to the directory
// in which it is pasted. Tools is the directory of Cyrus's programs, and conf the path of
// imapd.conf. It is empty where one can't be pasted.
func SaveCommand(tools, conf string, name cyrus.ExternalName) inventory.Text {
	find := inventory.Paste(path.Join(tools, "mbpath"), "-C", conf, "-D", "-7", "--", string(name))
	to := inventory.Paste("saved-" + strings.ReplaceAll(string(name), "/", "."))
	if find == "" || to == "" {
		return ""
	}
	return inventory.Text(fmt.Sprintf(`cp -a -- "$(%s)" %s`, find, to))
}
