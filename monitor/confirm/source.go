package confirm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/host"
)

// holding is what an instance has of some owners.
type holding struct {
	mailboxes []cyrus.Mailbox                            // by name
	byID      map[string]*cyrus.Mailbox                  // the same
	deleted   map[string]bool                            // unique identifiers of those that were deleted and are kept for a while
	guids     map[cyrus.Owner]map[[20]byte]bool          // of all messages, once read
	read      func(cyrus.InternalName) (messages, error) // of a mailbox
}

// messages are those of a mailbox, by UID.
type messages struct{ live, expunged []cyrus.Message }

// hold asks an instance what it has of some owners, without their messages.
func hold(ctx context.Context, c *cyrus.Client, owners map[cyrus.Owner]bool) (*holding, error) {
	h := &holding{byID: map[string]*cyrus.Mailbox{}, deleted: map[string]bool{}, guids: map[cyrus.Owner]map[[20]byte]bool{}}
	names, err := c.Names(ctx)
	if err != nil {
		return nil, err
	}
	names = cyrus.OwnedBy(names, owners)
	if h.mailboxes, err = c.Details(ctx, names); err != nil {
		return nil, err
	}
	slices.SortFunc(h.mailboxes, func(a, b cyrus.Mailbox) int { return cmp.Compare(a.Internal, b.Internal) })
	for i := range h.mailboxes {
		h.byID[h.mailboxes[i].UniqueID] = &h.mailboxes[i]
	}
	if names, err = c.Deleted(ctx, owners); err != nil {
		return nil, err
	}
	gone, err := c.Details(ctx, names)
	for i := range gone {
		h.deleted[gone[i].UniqueID] = true
	}
	h.read = func(name cyrus.InternalName) (m messages, err error) {
		_, m.live, m.expunged, err = c.Traces(ctx, name)
		return m, err
	}
	return h, err
}

// loss is what the old place has of a mailbox and the new one does not.
type loss struct {
	name     cyrus.InternalName
	messages int // 0: all of the mailbox
	verdict  monitor.Fulfilment
	found    string
}

// past is what is known of an owner's move.
type past struct {
	// proven: at first all was there, so that what is missing from a mailbox that has
	// changed was removed.
	proven bool
	// recent: what was removed since has left a trace.
	recent bool
}

// traced is how long traces of what was removed are there at least: cyr_expire removes
// those that are a day old at the earliest.
const traced = 24 * time.Hour

// missed is the verdict on what is missing without a trace.
func (p past) missed() monitor.Fulfilment {
	if p.recent {
		return monitor.Unmet
	}
	return monitor.UnknownFulfilment
}

// lost returns what the new place lacks of what an owner has at the old one, and how
// many messages were removed there since.
func lost(owner cyrus.Owner, old, fresh *holding, known past) (losses []loss, removed int, err error) {
	for i := range old.mailboxes {
		was := &old.mailboxes[i]
		if of, _, _ := was.Internal.Owner(); of != owner {
			continue
		}
		is := fresh.byID[was.UniqueID]
		switch {
		case is == nil && (known.proven || fresh.deleted[was.UniqueID]):
			continue
		case is == nil:
			losses = append(losses, loss{was.Internal, 0, known.missed(), "there is no such mailbox, and nothing tells that it was deleted"})
			continue
		case same(was, is):
			continue
		}
		l, n, err := lostFrom(owner, old, fresh, was, is, known)
		switch {
		case errors.Is(err, cyrus.ErrManyRecords):
			l = &loss{was.Internal, 0, monitor.UnknownFulfilment, "it has changed, and has had too many messages to be read while its owner is denied"}
		case err != nil:
			return nil, 0, err
		}
		removed += n
		if l != nil {
			losses = append(losses, *l)
		}
	}
	return losses, removed, nil
}

// same tells by counters and checksums that two copies hold the same messages.
func same(a, b *cyrus.Mailbox) bool {
	return a.Status.HighestModSeq == b.Status.HighestModSeq && a.Status.UIDNext == b.Status.UIDNext && a.Checksums.Known && a.Checksums == b.Checksums
}

// lostFrom compares one mailbox message by message.
func lostFrom(owner cyrus.Owner, old, fresh *holding, was, is *cyrus.Mailbox, known past) (*loss, int, error) {
	before, err := old.read(was.Internal)
	if err != nil {
		return nil, 0, err
	}
	now, err := fresh.read(is.Internal)
	if err != nil {
		return nil, 0, err
	}
	live, expunged := byUID(now.live), byUID(now.expunged)
	var missing, other []cyrus.Message
	removed := 0
	for _, m := range before.live {
		n, there := live[m.UID]
		_, traced := expunged[m.UID]
		switch {
		case there && n.GUID == m.GUID && n.Size == m.Size && n.InternalDate == m.InternalDate:
		case there:
			other = append(other, m)
		case traced:
			removed++
		default:
			missing = append(missing, m)
		}
	}
	if len(missing) > 0 {
		if missing, err = fresh.without(owner, missing); err != nil {
			return nil, 0, err
		}
	}
	changed := is.Status.HighestModSeq > was.Status.HighestModSeq
	l := &loss{name: was.Internal, messages: len(missing) + len(other), verdict: monitor.Unmet}
	switch {
	case len(other) > 0:
		l.found = fmt.Sprintf("message %d is another one there", other[0].UID)
	case len(missing) == 0:
		return nil, removed, nil
	case changed && known.proven:
		return nil, removed + len(missing), nil
	default:
		if changed {
			l.verdict = known.missed()
		}
		l.found = fmt.Sprintf("%s missing, the first with UID %d, and nothing tells that somebody removed them", inventory.Counted(len(missing), "message is", "messages are"), missing[0].UID)
	}
	return l, removed, nil
}

func byUID(list []cyrus.Message) map[uint32]*cyrus.Message {
	m := make(map[uint32]*cyrus.Message, len(list))
	for i := range list {
		m[list[i].UID] = &list[i]
	}
	return m
}

// without returns the messages that are in none of the owner's mailboxes: others were
// moved to another one.
func (h *holding) without(owner cyrus.Owner, list []cyrus.Message) ([]cyrus.Message, error) {
	if h.guids[owner] == nil {
		guids := map[[20]byte]bool{}
		for i := range h.mailboxes {
			if of, _, _ := h.mailboxes[i].Internal.Owner(); of != owner {
				continue
			}
			all, err := h.read(h.mailboxes[i].Internal)
			if err != nil && !errors.Is(err, cyrus.ErrManyRecords) {
				return nil, err
			}
			for _, m := range slices.Concat(all.live, all.expunged) {
				guids[m.GUID] = true
			}
		}
		h.guids[owner] = guids
	}
	return slices.DeleteFunc(list, func(m cyrus.Message) bool { return h.guids[owner][m.GUID] }), nil
}

// sources compares what is kept at old places with what is at the new ones.
func (o *Options) sources(ctx context.Context, movers []mover, found survey, known func(*mover) past, t *tally) error {
	type way struct{ from, to inventory.StoreID }
	ways := map[way][]mover{}
	for _, m := range movers {
		if m.from == nil || len(m.from.Instances) == 0 {
			continue
		}
		if s := found[instance{m.From, m.from.Instances[0].Server}]; s.err == nil && !s.owners[m.owner] {
			continue // it was deleted there
		}
		ways[way{m.From, m.To}] = append(ways[way{m.From, m.To}], m)
	}
	for _, w := range slices.SortedFunc(maps.Keys(ways), func(a, b way) int {
		return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to))
	}) {
		if err := o.source(ctx, ways[w], known, t); err != nil {
			return err
		}
	}
	return nil
}

// source compares for movers with one old and one new place.
func (o *Options) source(ctx context.Context, movers []mover, known func(*mover) past, t *tally) error {
	owners := map[cyrus.Owner]bool{}
	for i := range movers {
		owners[movers[i].owner] = true
	}
	from, to := movers[0].from.Instances[0], movers[0].to.Instances[0]
	old, closeOld, err := o.holding(ctx, from, owners)
	defer closeOld()
	fresh, closeFresh, wrong := o.holding(ctx, to, owners)
	defer closeFresh()
	removed := 0
	for i := range movers {
		m := &movers[i]
		d := m.doubt(monitor.UnknownFulfilment)
		d.Server, d.Expected = inventory.Text(to.Server), fmt.Sprintf("all that %s keeps, but for what was removed since", from.Server)
		var losses []loss
		n := 0
		if err := errors.Join(err, wrong); err != nil {
			losses = []loss{{verdict: monitor.UnknownFulfilment, found: "not known: " + err.Error()}}
		} else if losses, n, err = lost(m.owner, old, fresh, known(m)); err != nil {
			losses = []loss{{verdict: monitor.UnknownFulfilment, found: "not known: " + err.Error()}}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		removed += n
		for _, l := range losses {
			d.Verdict, d.Mailbox, d.Found = l.verdict, inventory.Text(l.name), l.found
			if d.Next, d.Command = "keep what is on "+string(from.Server)+", and ask again", ""; l.verdict == monitor.Unmet {
				d.Next, d.Command = o.keepOnly(from, old, l.name)
			}
			t.doubt(d)
		}
		if len(losses) == 0 {
			t.isOf(m)
		}
	}
	if removed > 0 {
		t.notes = append(t.notes, inventory.Counted(removed, "message", "messages")+" removed since")
	}
	return nil
}

// keepOnly says what to do about an original that has the only copy of what is in a mailbox, and
// with which command, where there is one that can be pasted.
func (o *Options) keepOnly(from inventory.Instance, old *holding, name cyrus.InternalName) (next string, command inventory.Text) {
	next = fmt.Sprintf("keep what is on %s; it has the only copy", from.Server)
	owner, _, _ := name.Owner()
	at := slices.IndexFunc(old.mailboxes, func(m cyrus.Mailbox) bool { return m.Internal == name })
	save := host.SaveCommand(o.Tools, from.IMAPDConf, old.mailboxes[at].Name)
	remove := host.RemoveCommand(o.Tools, from.IMAPDConf, inventory.UserID(owner.Name))
	if owner.Shared || save == "" || remove == "" {
		return next, ""
	}
	by := ""
	if name.HoldsScripts() {
		by = " (sieveshell puts scripts there)"
	}
	return fmt.Sprintf("%s; run on %s to save it; when what is wanted of it is on the new store%s, %s on %s removes the original", next, from.Server, by, remove, from.Server), save
}

// holding asks an instance what it has, and returns how to end the connection that its
// messages are read on.
func (o *Options) holding(ctx context.Context, in inventory.Instance, owners map[cyrus.Owner]bool) (*holding, func(), error) {
	c, err := o.dial(ctx, in, "")
	if err != nil {
		return nil, func() {}, err
	}
	h, err := hold(ctx, c, owners)
	return h, func() { c.Close() }, err
}
