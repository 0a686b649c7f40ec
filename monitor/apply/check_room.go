package apply

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

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
	return h.used(ctx, slices.Sorted(maps.Keys(dirs)))
}

// checkRoom looks whether all instances of the target have room for what comes, below the
// ceiling for disks. Where an original is kept it has its room already.
func (m *move) checkRoom(ctx context.Context, needs []need) error {
	if m.unit.Of != "" {
		return nil
	}
	var wrong error
	for _, h := range m.target.hosts {
		comes := map[string]int64{}
		for _, n := range needs {
			if dir := h.settings["partition-"+n.partition]; dir != "" { // else it is refused already
				comes[dir] += n.bytes
			}
		}
		wrong = errors.Join(wrong, m.fits(ctx, h, comes))
	}
	return wrong
}
