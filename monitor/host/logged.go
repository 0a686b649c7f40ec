package host

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/interlacemail/interlace/inventory"
)

// Written returns the sync logs of the default channel to which something was added since the
// instance runs, by the clock of its server: by somebody who changes mailboxes there.
func (h *Host) Written(ctx context.Context) ([]string, error) {
	r, err := h.Activity(ctx)
	if err != nil {
		return nil, err
	}
	now, err := h.clock(ctx)
	if err != nil {
		return nil, err
	}
	dir := h.logDir()
	if there, err := h.Exists(ctx, dir); err != nil || !there {
		return nil, err
	}
	text, err := h.ask(ctx, Short, "find", dir, "-ignore_readdir_race", "-mindepth", "1", "-maxdepth", "1", "-type", "f", "-printf", `%T@ %P\n`)
	if err != nil {
		return nil, fmt.Errorf("look at the sync logs on %s: %w", h.Server, err)
	}
	var files []string
	for line := range strings.Lines(text) {
		at, name, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		changed, err := strconv.ParseFloat(at, 64)
		if err != nil {
			return nil, fmt.Errorf("look at the sync logs on %s: find prints %s", h.Server, inventory.Quoted(line))
		}
		if (name == "log" || name == "log-run") && (r.Age == 0 || changed > float64(now)-r.Age.Seconds()+1) {
			files = append(files, path.Join(dir, name))
		}
	}
	slices.Sort(files)
	return files, nil
}

// Unworked returns the sync logs of channels that imapd.conf does not name: no client works
// them off.
func (h *Host) Unworked(ctx context.Context) ([]string, error) {
	logs, err := h.Logs(ctx)
	var files []string
	for channel := range logs {
		switch {
		case slices.Contains(h.Channels(), channel):
		case channel == DefaultChannel:
			files = append(files, path.Join(h.logDir(), "log"))
		default:
			files = append(files, path.Join(h.logDir(), channel, "log"))
		}
	}
	slices.Sort(files)
	return files, err
}

// logDir is where the instance logs what its replicas are to get.
func (h *Host) logDir() string { return path.Join(h.Settings["configdirectory"], "sync") }

// clock returns the time on the server, in seconds since 1970.
func (h *Host) clock(ctx context.Context) (int64, error) {
	text, err := h.ask(ctx, Short, "date", "+%s")
	if err != nil {
		return 0, err
	}
	now, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("date on %s: %w", h.Server, err)
	}
	return now, nil
}
