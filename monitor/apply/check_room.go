package apply

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
)

// need is what moves takes on a partition.
type need struct {
	partition string
	bytes     int64
}

// partitions returns the partitions on which mailboxes lie, sorted.
func (h *holding) partitions() []string {
	found := map[string]bool{}
	for _, m := range h.mailboxes {
		if m.Partition != "" {
			found[m.Partition] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// needs measures what moves: all files of the mailboxes, also of expunged messages and of
// mailboxes that were deleted and are kept for a while, since a copy has them, too. A file
// with several links is several files in the copy.
func (m *move) needs(ctx context.Context, c *cyrus.Client, s *source, has *holding) ([]need, error) {
	deleted, err := c.Deleted(ctx, s.owners)
	if err != nil {
		return nil, err
	}
	byPartition := map[string][]string{}
	for name, box := range has.mailboxes {
		byPartition[box.Partition] = append(byPartition[box.Partition], string(name.External(c.Server().Separator)))
	}
	home := s.hosts[0].settings["defaultpartition"]
	for _, name := range deleted {
		byPartition[home] = append(byPartition[home], string(name.External(c.Server().Separator)))
	}
	var all []need
	for _, partition := range slices.Sorted(maps.Keys(byPartition)) {
		names := slices.Sorted(slices.Values(byPartition[partition]))
		n := need{partition: partition}
		for some := range slices.Chunk(names, perCommand) {
			bytes, err := s.hosts[0].size(ctx, some)
			if err != nil {
				return nil, err
			}
			n.bytes += bytes
		}
		all = append(all, n)
	}
	return all, nil
}

// size returns how many bytes the files of mailboxes take, which are named as an
// administrator sees them.
func (h *host) size(ctx context.Context, names []string) (int64, error) {
	text, err := h.ask(ctx, short, slices.Concat([]string{h.tool("mbpath"), "-C", h.conf, "-7", "-a", "--"}, names)...)
	if err != nil {
		return 0, fmt.Errorf("find the files of mailboxes on %s: %w", h.server, err)
	}
	dirs := map[string]bool{}
	for line := range strings.Lines(text) {
		kind, dir, found := strings.Cut(strings.TrimSpace(line), ": ")
		if found && slices.Contains([]string{"Archive", "Data", "Meta"}, kind) && path.IsAbs(dir) {
			dirs[dir] = true
		}
	}
	if len(dirs) == 0 {
		return 0, fmt.Errorf("mbpath on %s does not say where mailboxes lie", h.server)
	}
	var total int64
	for some := range slices.Chunk(slices.Sorted(maps.Keys(dirs)), perCommand) {
		text, err := h.ask(ctx, patience, slices.Concat([]string{"du", "-l", "-s", "-k", "-c", "--"}, some)...)
		lines := strings.Split(strings.TrimSpace(text), "\n")
		kib, _, found := strings.Cut(lines[len(lines)-1], "\ttotal")
		n, invalid := strconv.ParseInt(kib, 10, 64)
		if !found || invalid != nil { // a message that vanishes meanwhile is a complaint only
			return 0, errors.Join(fmt.Errorf("measure what users have on %s", h.server), err)
		}
		total += n << 10
	}
	return total, nil
}

// checkRoom looks whether all instances of the target have room for what comes, below the
// ceiling for disks. Where an original is kept it has its room already.
func (m *move) checkRoom(ctx context.Context, needs []need) error {
	if m.unit.Of != "" {
		return nil
	}
	ceiling := 1.0
	if i := m.Inventory.Disk(); i >= 0 && m.Inventory.Resources[i].Ceiling > 0 {
		ceiling = m.Inventory.Resources[i].Ceiling
	}
	var wrong error
	for _, h := range m.target.hosts {
		devices := map[string]*device{}
		for _, n := range needs {
			dir := h.settings["partition-"+n.partition]
			if dir == "" {
				continue // which is refused already
			}
			d, err := h.device(ctx, dir)
			if err != nil {
				wrong = errors.Join(wrong, err)
				continue
			}
			if devices[d.name] == nil {
				devices[d.name] = d
			}
			devices[d.name].comes += n.bytes
		}
		for _, name := range slices.Sorted(maps.Keys(devices)) {
			if d := devices[name]; d.comes > d.room(ceiling) {
				wrong = errors.Join(wrong, fmt.Errorf("%s on %s has room for %s below its ceiling of %.4g %%, and %s come", d.at, h.server,
					inventory.FormatSize(max(0, d.room(ceiling))), ceiling*100, inventory.FormatSize(d.comes)))
			}
		}
	}
	return wrong
}

// device is a file system.
type device struct {
	name, at   string
	size, free int64
	comes      int64
}

// room is what may come until the device is as full as the ceiling allows.
func (d *device) room(ceiling float64) int64 {
	return min(d.free, int64(float64(d.size)*ceiling)-(d.size-d.free))
}

// device asks df(1) for the file system of a directory.
func (h *host) device(ctx context.Context, dir string) (*device, error) {
	text, err := h.ask(ctx, short, "df", "-P", "-k", "--", dir)
	if err != nil {
		return nil, fmt.Errorf("look for room on %s: %w", h.server, err)
	}
	lines := bufio.NewScanner(strings.NewReader(text))
	lines.Scan() // the headings
	lines.Scan()
	fields := strings.Fields(lines.Text())
	if len(fields) < 6 {
		return nil, fmt.Errorf("look for room on %s: df says %s", h.server, inventory.Quoted(text))
	}
	used, err := strconv.ParseInt(fields[2], 10, 64)
	free, invalid := strconv.ParseInt(fields[3], 10, 64)
	if err := errors.Join(err, invalid); err != nil {
		return nil, fmt.Errorf("look for room on %s: df says %s", h.server, inventory.Quoted(text))
	}
	return &device{name: fields[0] + " " + fields[5], at: dir, size: (used + free) << 10, free: free << 10}, nil
}
