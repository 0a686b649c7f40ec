package apply

import (
	"context"
	"errors"
	"fmt"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/host"
)

// checkTarget looks whether what moves is on none of the target's instances, but for an
// original that is kept there and that this unit takes back.
func (m *move) checkTarget(ctx context.Context) error {
	if m.unit.Of != "" {
		return m.isKept(ctx)
	}
	var there []occupant
	for _, in := range m.target.store.Instances {
		has, err := m.leftThere(ctx, in)
		if err != nil {
			return errors.Join(undenied(ctx, m.target, m.users(), (*host.Host).Ours), err)
		}
		for _, owner := range sorted(m.all()) {
			if n := has[owner]; n > 0 {
				there = append(there, occupant{owner, in.Server, n})
			}
		}
	}
	kept, err := m.keptThere(ctx, there)
	var units []string
	for _, k := range kept {
		units = append(units, host.FileName(k.Plan, k.Unit))
	}
	wrong := errors.Join(err, undenied(ctx, m.target, m.users(), func(h *host.Host, d *host.Denial) bool { return h.MadeBy(d, units) }))
	told := map[cyrus.Owner]bool{}
	for _, o := range there {
		text := fmt.Sprintf("%s is on %s already, with %s", called(o.owner), o.server, inventory.Counted(o.mailboxes, "mailbox", "mailboxes"))
		if k := kept[o.owner]; k != nil && !told[o.owner] {
			text += ": " + m.keptWords(k)
			told[o.owner] = true
		}
		wrong = errors.Join(wrong, errors.New(text))
	}
	return wrong
}

// occupant is who moves and is on an instance of the target already.
type occupant struct {
	owner     cyrus.Owner
	server    inventory.ServerID
	mailboxes int
}

// keptThere returns what interlace keeps on the target of those who are there.
func (m *move) keptThere(ctx context.Context, there []occupant) (map[cyrus.Owner]*course.Kept, error) {
	if len(there) == 0 || m.Whereabouts == nil {
		return nil, nil
	}
	found, err := m.Whereabouts(ctx)
	if err != nil {
		return nil, fmt.Errorf("what is kept on %s is not known: %w", m.target.store.Name, err)
	}
	kept := map[cyrus.Owner]*course.Kept{}
	for _, o := range there {
		w := found[inventory.UserID(o.owner.Name)]
		if k := w.On(m.target.store.Name); k != nil {
			kept[o.owner] = k
		}
	}
	return kept, nil
}

// keptWords say of a copy which plan has left it, until when it is kept, and what can be done.
func (m *move) keptWords(k *course.Kept) string {
	until := k.Since.Add(m.Keep)
	text := fmt.Sprintf("interlace keeps this copy of plan %s until %s (keep_source)", k.Plan, monitor.Minute(until))
	if m.Now().Before(until) {
		text += ", and interlace apply --resume --yes deletes it then; until then let another plan take another store: with this database interlace users does"
	} else {
		text += ", and interlace apply --resume --yes deletes it now, or says why not"
	}
	if !k.Way {
		text += ", or move back there with interlace apply --rollback and that plan"
	}
	return text
}
