package apply

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
)

// passes is how often a seed looks what is still missing. Whom the first one fails for is
// copied alone in the others: one mailbox that can't be copied stops the command.
const seedPasses, usersAtOnce = 4, 25

// part is what one command of a seed copies.
type part struct {
	users     []inventory.UserID
	mailboxes []string // of a shared tree, as an administrator sees them
}

// seed copies all that the new replica has not got yet: after a break only the rest. What
// is changed meanwhile comes over the replica's own channel.
func (m *making) seed(ctx context.Context, made inventory.Instance) (text, data string, err error) {
	if m.Layouts.Seed != nil {
		if err := m.Layouts.Seed(ctx, m.asked(ActCreate, made)); err != nil {
			return "", "", fmt.Errorf("seed_command: %w", err)
		}
	}
	master, err := m.open(ctx, m.store.Instances[0])
	if err != nil {
		return "", "", err
	}
	fresh, err := m.open(ctx, made)
	if err != nil {
		return "", "", err
	}
	if err := carryDenials(ctx, master, fresh); err != nil {
		return "", "", err
	}
	streams, forget, err := m.streams(ctx, master, made)
	defer func() { err = errors.Join(err, forget()) }()
	if err != nil {
		return "", "", err
	}
	copied := 0
	for pass := range seedPasses {
		missing, err := m.unlike(ctx, m.store.Instances[0], made)
		if err != nil {
			return "", "", err
		}
		parts := partsOf(missing, usersAtOnce)
		if pass > 0 {
			parts = partsOf(missing, 1)
		}
		if len(parts) == 0 {
			break
		}
		failed := copyParts(ctx, streams, parts)
		copied += len(missing)
		if ctx.Err() != nil || failed != nil && pass == seedPasses-1 {
			return "", "", errors.Join(ctx.Err(), failed)
		}
		if failed == nil && pass > 0 {
			break // what differs now was changed meanwhile
		}
	}
	if err := m.quotas(ctx, streams[0]); err != nil {
		return "", "", err
	}
	return inventory.Counted(copied, "mailbox was copied", "mailboxes were copied"), "", nil
}

// carryDenials keeps those out of a replica who are kept out of its master, which does not
// replicate that: after a promotion they could log in.
func carryDenials(ctx context.Context, master, replica *host) error {
	users, err := master.denied(ctx)
	if err != nil || len(users) == 0 {
		return err
	}
	already, err := replica.denied(ctx)
	if err != nil {
		return err
	}
	maps.DeleteFunc(users, func(u inventory.UserID, _ bool) bool { return already[u] })
	if len(users) == 0 {
		return nil
	}
	return replica.deny(ctx, slices.Sorted(maps.Keys(users)))
}

// streams returns links to the new replica that copy at the same time, each with its own
// lock, and what forgets their configurations.
func (m *making) streams(ctx context.Context, master *host, made inventory.Instance) ([]*link, func() error, error) {
	n := m.Layouts.Streams
	if n == 0 {
		n = min(m.transfers(m.store.Instances[0].Server), m.transfers(made.Server))
	}
	var links []*link
	forget := func() error {
		var wrong error
		for _, l := range links {
			wrong = errors.Join(wrong, l.forget(context.WithoutCancel(ctx), ".conf"))
		}
		return wrong
	}
	for i := range n {
		h := *master
		h.unit = fmt.Sprintf("%s-%d", master.unit, i+1)
		l, err := h.linkTo(ctx, made.CSync, account{m.SyncUser, m.SyncPassword})
		if err != nil {
			return nil, forget, err
		}
		links = append(links, l)
	}
	return links, forget, nil
}

// transfers is how many copies a server may make or take at once.
func (o *Options) transfers(server inventory.ServerID) int {
	if at := o.Inventory.Server(server); at >= 0 {
		return o.Inventory.Servers[at].TransferLimit()
	}
	return inventory.DefaultTransfers
}

// partsOf shares out what is missing, so many users to a command. What only the replica
// has is gone from the master, which tells it so by itself.
func partsOf(missing map[cyrus.InternalName]pair, atOnce int) []part {
	users, trees := map[inventory.UserID]bool{}, map[string][]string{}
	for name, p := range missing {
		owner, _, ok := name.Owner()
		switch {
		case !ok || p[0].Internal == "":
		case owner.Shared:
			trees[owner.Name] = append(trees[owner.Name], string(p[0].Name))
		default:
			users[inventory.UserID(owner.Name)] = true
		}
	}
	var parts []part
	for _, tree := range slices.Sorted(maps.Keys(trees)) {
		slices.Sort(trees[tree]) // a folder comes after what it lies in
		parts = append(parts, part{mailboxes: trees[tree]})
	}
	for some := range slices.Chunk(slices.Sorted(maps.Keys(users)), atOnce) {
		parts = append(parts, part{users: some})
	}
	return parts
}

// copyParts copies parts, one at a time over each link. The error tells all that failed.
func copyParts(ctx context.Context, links []*link, parts []part) error {
	todo := make(chan part)
	failures := make([]error, len(links))
	var copying errgroup.Group
	for i, l := range links {
		copying.Go(func() error {
			for p := range todo {
				failures[i] = errors.Join(failures[i], l.copy(ctx, p))
			}
			return nil
		})
	}
	for _, p := range parts {
		if ctx.Err() != nil {
			break
		}
		todo <- p
	}
	close(todo)
	return errors.Join(copying.Wait(), errors.Join(failures...))
}

func (l *link) copy(ctx context.Context, p part) error {
	if len(p.mailboxes) > 0 {
		return l.mailboxes(ctx, false, p.mailboxes)
	}
	return l.users(ctx, false, p.users)
}

// quotas copies the limits of shared trees, which do not go along with their mailboxes.
func (m *making) quotas(ctx context.Context, l *link) error {
	c, err := m.Dial(ctx, m.store.Instances[0], "")
	if err != nil {
		return err
	}
	defer c.Close()
	names, err := c.Names(ctx)
	if err != nil {
		return err
	}
	names = slices.DeleteFunc(names, func(n cyrus.InternalName) bool { owner, _, ok := n.Owner(); return !ok || !owner.Shared })
	if len(names) == 0 {
		return nil
	}
	details, err := c.Details(ctx, names)
	if err != nil {
		return err
	}
	roots := map[string]bool{}
	for _, d := range details {
		if d.QuotaRoot != "" {
			roots[string(d.QuotaRoot)] = true
		}
	}
	return l.quotas(ctx, slices.Sorted(maps.Keys(roots)))
}
