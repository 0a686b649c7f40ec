package apply

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/interlacemail/interlace/inventory"
)

// room fails where the disks of a new replica have no room for what its master has. Hard
// links count each time: a replica has them as files of their own.
func (c *change) room(ctx context.Context, master, fresh *host) error {
	var wrong error
	need, free, places := map[string]int64{}, map[string]int64{}, map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(master.settings)) {
		kind, _, _ := strings.Cut(key, "-")
		from, to := master.settings[key], fresh.settings[key]
		if kind != "partition" && kind != "metapartition" && kind != "archivepartition" || from == "" || to == "" {
			continue
		}
		has, err := master.kibibytes(ctx, "du", "-skl", "--", from)
		if err != nil {
			wrong = errors.Join(wrong, err)
			continue
		}
		device, available, err := fresh.available(ctx, to)
		if err != nil {
			wrong = errors.Join(wrong, err)
			continue
		}
		need[device] += has
		free[device], places[device] = available, to
	}
	for _, device := range slices.Sorted(maps.Keys(need)) {
		if need[device] > free[device] {
			wrong = errors.Join(wrong, fmt.Errorf("%s on %s has room for %s, and the master has %s", places[device], fresh.server,
				inventory.FormatSize(free[device]<<10), inventory.FormatSize(need[device]<<10)))
		}
	}
	return wrong
}

// kibibytes returns the number that a command prints first.
func (h *host) kibibytes(ctx context.Context, words ...string) (int64, error) {
	text, err := h.ask(ctx, patience, words...)
	if err != nil {
		return 0, fmt.Errorf("%s on %s: %w", words[0], h.server, err)
	}
	first, _, _ := strings.Cut(strings.TrimSpace(text), "\t")
	n, err := strconv.ParseInt(first, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s on %s prints %s", words[0], h.server, inventory.Quoted(first))
	}
	return n, nil
}

// available returns the disk that a directory lies on and how many KiB are free there.
func (h *host) available(ctx context.Context, dir string) (disk string, free int64, err error) {
	text, err := h.ask(ctx, short, "df", "-kP", "--", dir)
	if err != nil {
		return "", 0, fmt.Errorf("df on %s: %w", h.server, err)
	}
	lines := strings.Split(strings.TrimSpace(text), "\n")
	fields := strings.Fields(lines[len(lines)-1]) // filesystem, blocks, used, available, capacity, mounted on
	if len(fields) < 6 {
		return "", 0, fmt.Errorf("df on %s prints %s", h.server, inventory.Quoted(lines[len(lines)-1]))
	}
	free, err = strconv.ParseInt(fields[3], 10, 64)
	return fields[5], free, err
}
