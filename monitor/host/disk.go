package host

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/interlacemail/interlace/inventory"
)

// device is a file system.
type device struct {
	at         string // where it is mounted
	size, free int64
}

// room is what may come until the device is as full as the ceiling allows.
func (d *device) room(ceiling float64) int64 {
	return max(0, min(d.free, int64(float64(d.size)*ceiling)-(d.size-d.free)))
}

// Fits fails where there is no room for the bytes that come into directories below the
// ceiling, as a ratio, for disks.
func (h *Host) Fits(ctx context.Context, comes map[string]int64, ceiling float64) error {
	var wrong error
	devices, bytes := map[string]*device{}, map[string]int64{}
	for _, dir := range slices.Sorted(maps.Keys(comes)) {
		d, err := h.device(ctx, dir)
		if err != nil {
			wrong = errors.Join(wrong, err)
			continue
		}
		devices[d.at] = d
		bytes[d.at] += comes[dir]
	}
	for _, at := range slices.Sorted(maps.Keys(devices)) {
		room := devices[at].room(ceiling)
		if bytes[at] <= room {
			continue
		}
		has := "no room"
		if room > 0 {
			has = "room for " + inventory.FormatSize(room)
		}
		wrong = errors.Join(wrong, fmt.Errorf("the disk at %s on %s has %s below its ceiling of %.4g %%, and %s come",
			at, h.Server, has, ceiling*100, inventory.FormatSize(bytes[at])))
	}
	return wrong
}

// device asks df(1) for the file system of a directory.
func (h *Host) device(ctx context.Context, dir string) (*device, error) {
	text, err := h.ask(ctx, Short, "df", "-kP", "--", dir)
	if err != nil {
		return nil, fmt.Errorf("df on %s: %w", h.Server, err)
	}
	lines := strings.Split(strings.TrimSpace(text), "\n")
	fields := strings.Fields(lines[len(lines)-1]) // filesystem, blocks, used, available, capacity, mounted on
	if len(fields) < 6 {
		return nil, fmt.Errorf("df on %s prints %s", h.Server, inventory.Quoted(text))
	}
	used, err := strconv.ParseInt(fields[2], 10, 64)
	free, invalid := strconv.ParseInt(fields[3], 10, 64)
	if err := errors.Join(err, invalid); err != nil {
		return nil, fmt.Errorf("df on %s prints %s", h.Server, inventory.Quoted(text))
	}
	return &device{at: strings.Join(fields[5:], " "), size: (used + free) << 10, free: free << 10}, nil
}

// Used returns how many bytes directories have. A file with several links is several
// files in a copy, and counts as that.
func (h *Host) Used(ctx context.Context, dirs []string) (int64, error) {
	var total int64
	for some := range slices.Chunk(dirs, PerCommand) {
		text, err := h.ask(ctx, Patience, slices.Concat([]string{"du", "-l", "-s", "-k", "-c", "--"}, some)...)
		lines := strings.Split(strings.TrimSpace(text), "\n")
		kib, _, found := strings.Cut(lines[len(lines)-1], "\ttotal")
		n, invalid := strconv.ParseInt(kib, 10, 64)
		if !found || invalid != nil { // that a message vanishes meanwhile is a complaint only
			return 0, errors.Join(fmt.Errorf("du on %s prints %s", h.Server, inventory.Quoted(text)), err)
		}
		total += n << 10
	}
	return total, nil
}

// Size returns how many bytes the files of mailboxes take, which are named as an
// administrator sees them.
func (h *Host) Size(ctx context.Context, names []string) (int64, error) {
	text, err := h.ask(ctx, Short, slices.Concat([]string{h.tool("mbpath"), "-C", h.Conf, "-7", "-a", "--"}, names)...)
	if err != nil {
		return 0, fmt.Errorf("find the files of mailboxes on %s: %w", h.Server, err)
	}
	dirs := map[string]bool{}
	for line := range strings.Lines(text) {
		kind, dir, found := strings.Cut(strings.TrimSpace(line), ": ")
		if found && slices.Contains([]string{"Archive", "Data", "Meta"}, kind) && path.IsAbs(dir) {
			dirs[dir] = true
		}
	}
	if len(dirs) == 0 {
		return 0, fmt.Errorf("mbpath on %s does not say where mailboxes lie", h.Server)
	}
	return h.Used(ctx, slices.Sorted(maps.Keys(dirs)))
}
