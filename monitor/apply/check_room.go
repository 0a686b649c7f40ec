package apply

import (
	"cmp"
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
// with several links is several files in the copy. Of what has an original on the target only
// that counts which came since.
func (m *move) needs(ctx context.Context, c *cyrus.Client, s *source, has *prove.Holding) ([]need, error) {
	originals, err := m.originals(ctx, s)
	if err != nil {
		return nil, err
	}
	boxes, err := m.withDeleted(ctx, c, s.owners, has)
	if err != nil {
		return nil, err
	}
	home := s.hosts[0].Settings["defaultpartition"]
	names, bytes := map[string][]string{}, map[string]int64{}
	for i := range boxes {
		box := &boxes[i]
		partition := cmp.Or(box.Partition, home)
		was, there := originals[box.UniqueID]
		if !there {
			names[partition] = append(names[partition], string(box.Name))
			continue
		}
		came, err := m.came(ctx, c, s, box, &was)
		if err != nil {
			return nil, err
		}
		bytes[cmp.Or(was.Partition, partition)] += came
	}
	for partition, of := range names {
		slices.Sort(of)
		for some := range slices.Chunk(of, host.PerCommand) {
			n, err := s.hosts[0].Size(ctx, some)
			if err != nil {
				return nil, err
			}
			bytes[partition] += n
		}
	}
	var all []need
	for _, partition := range slices.Sorted(maps.Keys(bytes)) {
		all = append(all, need{partition, bytes[partition]})
	}
	return all, nil
}

// withDeleted returns what an instance has of owners, with the mailboxes that were deleted and are
// kept for a while. Of those of which nothing else is told it returns the names.
func (m *move) withDeleted(ctx context.Context, c *cyrus.Client, owners map[cyrus.Owner]bool, has *prove.Holding) ([]cyrus.Mailbox, error) {
	boxes := slices.Collect(maps.Values(has.Mailboxes))
	names, err := c.Deleted(ctx, owners)
	if err != nil || len(names) == 0 {
		return boxes, err
	}
	deleted, err := c.Details(ctx, names)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if !slices.ContainsFunc(deleted, func(d cyrus.Mailbox) bool { return d.Internal == name }) {
			deleted = append(deleted, cyrus.Mailbox{Mark: cyrus.Mark{Name: name.External(c.Server().Separator), Internal: name}})
		}
	}
	return append(boxes, deleted...), nil
}

// originals returns the mailboxes that the target keeps of what comes back to it from a source, by
// what stays with a mailbox through renaming; nothing for another move.
func (m *move) originals(ctx context.Context, s *source) (map[string]cyrus.Mailbox, error) {
	if m.unit.Of == "" {
		return nil, nil
	}
	c, err := m.dialAdmin(ctx, m.target.master())
	if err != nil {
		return nil, err
	}
	defer c.Close()
	has, err := prove.Hold(ctx, c, s.owners)
	if err != nil {
		return nil, err
	}
	boxes, err := m.withDeleted(ctx, c, s.owners, has)
	originals := map[string]cyrus.Mailbox{}
	for _, box := range boxes {
		if box.UniqueID != "" {
			originals[box.UniqueID] = box
		}
	}
	return originals, err
}

// came returns how many bytes the messages take that came to a mailbox since its original was left:
// whole blocks of the disk. Of one that has had too many messages to be asked for each it is what the
// mailbox has grown by.
func (m *move) came(ctx context.Context, c *cyrus.Client, s *source, now, was *cyrus.Mailbox) (bytes int64, err error) {
	if now.Status.UIDNext == was.Status.UIDNext {
		return 0, nil
	}
	_, live, expunged, err := c.Traces(ctx, now.Internal)
	if errors.Is(err, cyrus.ErrManyRecords) {
		return m.grown(ctx, s, now, was)
	}
	const block = 4096
	for _, message := range append(live, expunged...) {
		if message.UID >= was.Status.UIDNext {
			bytes += (message.Size + block - 1) / block * block
		}
	}
	return bytes, err
}

// grown returns by how many bytes the files of a mailbox are more than those of its original.
func (m *move) grown(ctx context.Context, s *source, now, was *cyrus.Mailbox) (int64, error) {
	here, err := s.hosts[0].Size(ctx, []string{string(now.Name)})
	if err != nil {
		return 0, err
	}
	there, err := m.target.hosts[0].Size(ctx, []string{string(was.Name)})
	return max(0, here-there), err
}

// checkRoom looks whether all instances of the target have room for what comes, below the
// ceiling for disks.
func (m *move) checkRoom(ctx context.Context, needs []need) error {
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
