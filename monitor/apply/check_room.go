package apply

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor/host"
	"github.com/interlacemail/interlace/monitor/prove"
)

// need is what moves takes on a partition.
type need struct {
	partition string
	bytes     int64
}

// needs measures what moves: all files of the mailboxes, also of expunged messages and of
// mailboxes that were deleted and are kept for a while, since a copy has them, too. A file
// with several links is several files in the copy.
func (m *move) needs(ctx context.Context, c *cyrus.Client, s *source, has *prove.Holding) ([]need, error) {
	deleted, err := c.Deleted(ctx, s.owners)
	if err != nil {
		return nil, err
	}
	byPartition := map[string][]string{}
	for name, box := range has.Mailboxes {
		byPartition[box.Partition] = append(byPartition[box.Partition], string(name.External(c.Server().Separator)))
	}
	home := s.hosts[0].Settings["defaultpartition"]
	for _, name := range deleted {
		byPartition[home] = append(byPartition[home], string(name.External(c.Server().Separator)))
	}
	var all []need
	for _, partition := range slices.Sorted(maps.Keys(byPartition)) {
		names := slices.Sorted(slices.Values(byPartition[partition]))
		n := need{partition: partition}
		for some := range slices.Chunk(names, host.PerCommand) {
			bytes, err := s.hosts[0].Size(ctx, some)
			if err != nil {
				return nil, err
			}
			n.bytes += bytes
		}
		all = append(all, n)
	}
	return all, nil
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
			if dir := h.Settings["partition-"+n.partition]; dir != "" { // else it is refused already
				comes[dir] += n.bytes
			}
		}
		wrong = errors.Join(wrong, h.Fits(ctx, comes, m.ceiling()))
	}
	return wrong
}
