package apply

import (
	"context"
	"maps"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor/host"
	"github.com/interlacemail/interlace/monitor/prove"
)

// trees returns the shared trees of the unit.
func (m *move) trees() map[cyrus.Owner]bool {
	return prove.Shared(m.all())
}

// all returns everybody and everything that moves.
func (m *move) all() map[cyrus.Owner]bool {
	all := map[cyrus.Owner]bool{}
	for _, s := range m.sources {
		maps.Copy(all, s.owners)
	}
	return all
}

// copyTrees copies the shared trees of a source. sync_client copies the mailboxes that it
// is told of, and no tree as such: what the source has no more is removed from the copy
// first, so that a mailbox that was renamed finds its place free.
func (m *move) copyTrees(ctx context.Context, l *host.Link, s *source, last bool) error {
	trees := prove.Shared(s.owners)
	if len(trees) == 0 {
		return nil
	}
	from, err := m.names(ctx, s.master(), trees)
	if err != nil {
		return err
	}
	to, err := m.dialAdmin(ctx, m.target.master())
	if err != nil {
		return err
	}
	defer to.Close()
	there, err := prove.Names(ctx, to, trees)
	if err != nil {
		return err
	}
	for _, name := range slices.Backward(there) {
		if _, kept := slices.BinarySearch(from, name); !kept {
			if err := m.removeOne(ctx, m.target.master(), to, name); err != nil {
				return err
			}
		}
	}
	return m.sendTrees(ctx, l, s.master(), trees, last)
}

// sendTrees copies shared trees of an instance over a link of it, with their quotas.
func (m *move) sendTrees(ctx context.Context, l *host.Link, from inventory.Instance, trees map[cyrus.Owner]bool, last bool) error {
	if len(trees) == 0 {
		return nil
	}
	c, err := m.dialAdmin(ctx, from)
	if err != nil {
		return err
	}
	defer c.Close()
	has, err := prove.Hold(ctx, c, trees)
	if err != nil {
		return err
	}
	var names, roots []string
	for _, name := range slices.Sorted(maps.Keys(has.Mailboxes)) {
		names = append(names, string(name.External(c.Server().Separator)))
	}
	for _, root := range slices.Sorted(maps.Keys(has.Quotas)) {
		roots = append(roots, string(root))
	}
	if err := l.Mailboxes(ctx, last, names); err != nil {
		return err
	}
	return l.Quotas(ctx, roots)
}

// removeTrees removes shared trees from an instance.
func (m *move) removeTrees(ctx context.Context, in inventory.Instance, trees map[cyrus.Owner]bool) error {
	if len(trees) == 0 {
		return nil
	}
	c, err := m.dialAdmin(ctx, in)
	if err != nil {
		return err
	}
	defer c.Close()
	names, err := prove.Names(ctx, c, trees)
	for _, name := range slices.Backward(names) { // what is below comes first
		if err == nil {
			err = m.removeOne(ctx, in, c, name)
		}
	}
	return err
}

// removeOne removes a mailbox of a shared tree over a connection to an instance.
func (m *move) removeOne(ctx context.Context, in inventory.Instance, c *cyrus.Client, name cyrus.InternalName) error {
	if m.rehearsed {
		m.noted(Command{Server: in.Server, Removes: name})
		return nil
	}
	return c.Remove(ctx, name)
}

// dialAdmin connects as the administrator.
func (m *move) dialAdmin(ctx context.Context, in inventory.Instance) (*cyrus.Client, error) {
	return m.Dial(ctx, in, "")
}

// names returns the mailboxes of owners on an instance, sorted.
func (m *move) names(ctx context.Context, in inventory.Instance, owners map[cyrus.Owner]bool) ([]cyrus.InternalName, error) {
	c, err := m.dialAdmin(ctx, in)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return prove.Names(ctx, c, owners)
}
