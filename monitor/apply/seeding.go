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
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/host"
	"github.com/interlacemail/interlace/monitor/prove"
)

// A seed looks so often what is missing, and copies so many users with one command. After
// one has failed it copies them one by one: it ends at the first mailbox that it can't copy.
const seedPasses, usersAtOnce = 4, 25

// part is what one command of a seed copies.
type part struct {
	users     []inventory.UserID
	mailboxes []string // of a shared tree, as an administrator sees them
}

// seeded is what is written down of a seed that goes on.
type seeded struct {
	ByCommand bool // the operator's command copies to it
}

// seed copies all that the new replica has not got yet: after a break only the rest. What
// is changed meanwhile comes over the replica's own channel. What sync_client sends it checks
// by its digests, and so does the replica; what the operator's command copies nobody checks
// until that is read (see [making.proveSpool]), so it is written down first that it does.
func (m *making) seed(ctx context.Context, made inventory.Instance, records []monitor.StepRecord) (text, data string, err error) {
	byCommand, err := m.byCommand(records)
	if err != nil {
		return "", "", err
	}
	if m.Layouts.Seed != nil {
		if err := m.note(ctx, monitor.StepSeed, seeded{ByCommand: true}); err != nil {
			return "", "", err
		}
		if err := m.Layouts.Seed(ctx, m.asked(ActCreate, made)); err != nil {
			return "", "", fmt.Errorf("seed_command: %w", err)
		}
	}
	copied := 0
	err = m.overStreams(ctx, made, func(streams []*host.Link) (err error) {
		if copied, err = m.copyMissing(ctx, streams, made); err == nil {
			err = m.quotas(ctx, streams[0], made)
		}
		if err == nil && byCommand {
			err = m.countQuotas(ctx, made)
		}
		return err
	})
	if err != nil {
		return "", "", err
	}
	return inventory.Counted(copied, "mailbox was copied", "mailboxes were copied"), "", nil
}

// overStreams has something copied to the new replica over links that copy at the same time, and
// removes what these need.
func (m *making) overStreams(ctx context.Context, made inventory.Instance, use func([]*host.Link) error) (err error) {
	master, err := m.open(ctx, m.store.Instances[0])
	if err != nil {
		return err
	}
	streams, err := m.streams(ctx, master, made)
	defer func() { err = errors.Join(err, abandon(context.WithoutCancel(ctx), streams, err != nil)) }()
	if err != nil {
		return err
	}
	if err := use(streams); err != nil {
		return err
	}
	return unlock(ctx, streams)
}

// byCommand reports whether the operator's command copies to the new replica, or has begun to.
func (m *making) byCommand(records []monitor.StepRecord) (bool, error) {
	notes, err := notesOf[seeded](m.unit, records, monitor.StepSeed)
	return m.Layouts.Seed != nil || slices.ContainsFunc(notes, func(s seeded) bool { return s.ByCommand }), err
}

// unserved fails where something keeps a new replica from being in service, and says how to go on
// when that is mended: this is done again.
func unserved(again string, wrong ...error) error {
	err := errors.Join(wrong...)
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w. Then interlace apply --resume --yes %s again, and goes on; --rollback --yes removes the new replica, and takes back what else is begun. Nothing is promoted or dropped until then", err, again)
}

// unlock removes the locks of links.
func unlock(ctx context.Context, links []*host.Link) error {
	var wrong error
	for _, l := range links {
		wrong = errors.Join(wrong, l.Unlock(ctx))
	}
	return wrong
}

// abandon removes the private configurations of links, and where they failed ends what still
// reads them.
func abandon(ctx context.Context, links []*host.Link, failed bool) error {
	var wrong error
	for _, l := range links {
		if failed {
			wrong = errors.Join(wrong, l.Settle(ctx))
		}
		wrong = errors.Join(wrong, l.Forget(ctx, ".conf"))
	}
	return wrong
}

// copyMissing copies what the replica lacks, and tells how many mailboxes that were. When
// nothing failed one more look is enough: what differs then was changed meanwhile.
func (m *making) copyMissing(ctx context.Context, streams []*host.Link, made inventory.Instance) (copied int, failed error) {
	atOnce := usersAtOnce
	for pass := range seedPasses {
		missing, err := m.unlike(ctx, m.store.Instances[0], made)
		if err != nil {
			return copied, err
		}
		parts := partsOf(onMaster(missing), atOnce)
		if len(parts) == 0 {
			return copied, nil
		}
		failed = copyParts(ctx, streams, parts)
		copied += len(missing)
		switch {
		case ctx.Err() != nil:
			return copied, ctx.Err()
		case failed == nil && pass > 0:
			return copied, nil
		case failed != nil:
			atOnce = 1
		}
	}
	return copied, failed
}

// streams returns links to the new replica that copy at the same time, each with its own
// configuration and lock. With an error come those that were made.
func (m *making) streams(ctx context.Context, master *host.Host, made inventory.Instance) ([]*host.Link, error) {
	var links []*host.Link
	for _, h := range m.lanes(master) {
		l, err := h.LinkTo(ctx, made.CSync, m.account())
		if err != nil {
			return links, err
		}
		links = append(links, l)
	}
	return links, nil
}

// lanes are the master once for each stream, with names for the files of that.
func (m *making) lanes(master *host.Host) []*host.Host {
	n := m.Layouts.Streams
	if n == 0 {
		n = min(m.transfers(master.Server), m.transfers(m.unit.Do.Server))
	}
	var lanes []*host.Host
	for i := range n {
		lanes = append(lanes, master.As(fmt.Sprintf("%s-%d", master.Unit, i+1)))
	}
	return lanes
}

// transfers is how many copies a server may make or take at once.
func (o *Options) transfers(server inventory.ServerID) int {
	if at := o.Inventory.Server(server); at >= 0 {
		return o.Inventory.Servers[at].TransferLimit()
	}
	return inventory.DefaultTransfers
}

// onMaster are the names of what is missing. What only the replica has is gone from the master,
// which tells it so by itself.
func onMaster(missing map[cyrus.InternalName]prove.Pair) map[cyrus.InternalName]cyrus.ExternalName {
	names := map[cyrus.InternalName]cyrus.ExternalName{}
	for name, p := range missing {
		if p[0].Internal != "" {
			names[name] = p[0].Name
		}
	}
	return names
}

// partsOf shares out who has mailboxes: users, so many to a command, and the mailboxes of shared
// trees.
func partsOf(names map[cyrus.InternalName]cyrus.ExternalName, atOnce int) []part {
	users, trees := map[inventory.UserID]bool{}, map[string][]string{}
	for internal, name := range names {
		owner, _, ok := internal.Owner()
		switch {
		case !ok:
		case owner.Shared:
			trees[owner.Name] = append(trees[owner.Name], string(name))
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
func copyParts(ctx context.Context, links []*host.Link, parts []part) error {
	todo := make(chan part)
	failures := make([]error, len(links))
	var copying errgroup.Group
	for i, l := range links {
		copying.Go(func() error {
			for p := range todo {
				failures[i] = errors.Join(failures[i], copyPart(ctx, l, p))
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

func copyPart(ctx context.Context, l *host.Link, p part) error {
	if len(p.mailboxes) > 0 {
		return l.Mailboxes(ctx, false, p.mailboxes)
	}
	return l.Users(ctx, false, p.users)
}

// quotas copies the limits that the replica does not have: those of shared trees do not go
// along with their mailboxes, and what the operator's command has copied may lack any.
func (m *making) quotas(ctx context.Context, l *host.Link, made inventory.Instance) error {
	unlike, err := m.unlikeQuotas(ctx, m.store.Instances[0], made)
	if err != nil {
		return err
	}
	maps.DeleteFunc(unlike, func(_ cyrus.InternalName, p prove.QuotaPair) bool {
		return p[0].Limits == "" || p[0].Limits == p[1].Limits
	})
	roots := make([]string, 0, len(unlike))
	for _, root := range slices.Sorted(maps.Keys(unlike)) {
		roots = append(roots, string(root))
	}
	return l.Quotas(ctx, roots)
}

// countQuotas has the replica count what its quotas have as used: the operator's command has
// copied that as of another moment than the mailboxes, or not at all.
func (m *making) countQuotas(ctx context.Context, made inventory.Instance) error {
	fresh, err := m.open(ctx, made)
	if err != nil {
		return err
	}
	return fresh.CountQuotas(ctx)
}
