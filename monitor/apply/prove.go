package apply

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
)

// proveTarget fails where the copy is not the original, and seals that. It tells which
// quotas count something else as used.
func (m *move) proveTarget(ctx context.Context) (text, data string, err error) {
	seals := map[inventory.StoreID]seal{}
	var miscounts []string
	for _, s := range m.sources {
		p, err := m.prove(ctx, s.master(), m.target.master(), s.owners)
		if err != nil {
			return "", "", err
		}
		seals[s.store.Name], miscounts = p.sealed, append(miscounts, p.miscounts...)
	}
	kept, err := json.Marshal(seals)
	return strings.Join(miscounts, "; "), string(kept), err
}

// proveReplicas fails where a replica is not what the new master is, and where the original
// has not stood still meanwhile, or somebody else has let users in there or denies them. It
// tells which quotas count something else as used.
func (m *move) proveReplicas(ctx context.Context, records []monitor.StepRecord) (text string, err error) {
	var miscounts []string
	for _, replica := range m.target.store.Instances[1:] {
		p, err := m.prove(ctx, m.target.master(), replica, m.all())
		if err != nil {
			return "", err
		}
		miscounts = append(miscounts, p.miscounts...)
	}
	if how, err := m.overruled(ctx, records); how != nil || err != nil {
		return "", errors.Join(how, err)
	}
	sealed := sealsOf(records)
	return strings.Join(miscounts, "; "), m.eachSource(func(s *source) error {
		changed, err := m.unsealed(ctx, s, sealed[s.store.Name])
		if err == nil && len(changed) > 0 {
			err = fmt.Errorf("%s on %s was written to though everybody is denied who may", inventory.Printable(string(changed[0])), s.hosts[0].Server)
		}
		return err
	})
}

// prove fails where a copy is not the same. Both stand still: what differs is looked at
// once more, since a server may need a moment to tell of what it has just been given.
func (m *move) prove(ctx context.Context, from, to inventory.Instance, owners map[cyrus.Owner]bool) (*proof, error) {
	p, err := m.differences(ctx, from, to, owners)
	if err == nil && len(p.different) > 0 {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(time.Second):
		}
		p, err = m.differences(ctx, from, to, owners)
	}
	if err != nil {
		return nil, err
	}
	if len(p.different) > 0 {
		return nil, fmt.Errorf("what is on %s is not what is on %s: %s", to.Server, from.Server, strings.Join(p.different, "; "))
	}
	for _, q := range p.quotas {
		p.miscounts = append(p.miscounts, m.miscount(&q, from, to))
	}
	return p, nil
}

// miscount tells of a quota that counts something else as used on two instances, with what
// has each of them count anew.
func (m *move) miscount(q *miscounted, from, to inventory.Instance) string {
	text := fmt.Sprintf("the quota %s counts %v as used on %s and %v on %s, of the same messages", inventory.Quoted(string(q.root)), q.from, from.Server, q.to, to.Server)
	for _, in := range []inventory.Instance{from, to} {
		if command := inventory.Paste(path.Join(m.Tools, "quota"), "-C", in.IMAPDConf, "-f", "--", string(q.root)); command != "" {
			text += fmt.Sprintf("; on %s %s counts anew", in.Server, command)
		}
	}
	return text
}

// differences compares an instance with another as administrators.
func (m *move) differences(ctx context.Context, from, to inventory.Instance, owners map[cyrus.Owner]bool) (*proof, error) {
	var clients [2]*cyrus.Client
	var dialling errgroup.Group
	for i, in := range []inventory.Instance{from, to} {
		dialling.Go(func() (err error) { clients[i], err = m.dialAdmin(ctx, in); return err })
	}
	err := dialling.Wait()
	for _, c := range clients {
		if c != nil {
			defer c.Close()
		}
	}
	if err != nil {
		return nil, err
	}
	return prove(ctx, clients[0], clients[1], owners)
}

// mostShown is how many differences are told of.
const mostShown = 20

// proof is what came of holding a copy against its original.
type proof struct {
	different []string
	sealed    seal
	quotas    []miscounted
	miscounts []string // the same, in words
}

// miscounted is a quota of which what is used differs, and not the limits. It is counted
// by each instance alone, and clients that append at once have Cyrus lose what one of them
// adds.
type miscounted struct {
	root     cyrus.ExternalName
	from, to []cyrus.Use
}

// prove tells in what the mailboxes of the owners differ between an instance and its
// copy, both of which stand still, and seals the original. It asks as an administrator, since their owners are denied. Mailboxes that have had more messages than an
// administrator is told of at once are compared by Cyrus's own checksums.
func prove(ctx context.Context, original, replica *cyrus.Client, owners map[cyrus.Owner]bool) (*proof, error) {
	from, err := hold(ctx, original, owners)
	if err != nil {
		return nil, err
	}
	to, err := hold(ctx, replica, owners)
	if err != nil {
		return nil, err
	}
	p := &proof{different: from.differences(to), sealed: from.seal(), quotas: from.miscounted(to, original.Server().Separator)}
	for _, name := range slices.Sorted(maps.Keys(from.mailboxes)) {
		if len(p.different) >= mostShown {
			p.different = append(p.different[:mostShown], "and more")
			break
		}
		if _, there := to.mailboxes[name]; !there {
			continue
		}
		text, err := differentMessages(ctx, original, replica, name)
		if err != nil {
			return nil, err
		}
		if text != "" {
			p.different = append(p.different, text)
		}
	}
	return p, nil
}

// holding is what an instance has of some owners.
type holding struct {
	mailboxes map[cyrus.InternalName]cyrus.Mailbox
	quotas    map[cyrus.InternalName][]cyrus.Use
}

// hold asks an instance for what it has of the owners, without their messages.
func hold(ctx context.Context, c *cyrus.Client, owners map[cyrus.Owner]bool) (*holding, error) {
	names, err := namesOfOwners(ctx, c, owners)
	if err != nil {
		return nil, err
	}
	h := &holding{mailboxes: map[cyrus.InternalName]cyrus.Mailbox{}}
	if len(names) == 0 {
		return h, nil
	}
	details, err := c.Details(ctx, names)
	if err != nil {
		return nil, err
	}
	roots := map[cyrus.InternalName]bool{}
	for _, m := range details {
		h.mailboxes[m.Internal] = m
		if m.QuotaRoot != "" {
			roots[m.QuotaRoot] = true
		}
	}
	for _, n := range names {
		if m, told := h.mailboxes[n]; !told || !m.Readable {
			return nil, fmt.Errorf("the server does not tell what is in %s", inventory.Printable(string(n)))
		}
	}
	if h.quotas, err = c.Uses(ctx, slices.Sorted(maps.Keys(roots))); errors.Is(err, cyrus.ErrNoQuotas) {
		err = nil
	}
	return h, err
}

// differences tells in what a copy differs.
func (h *holding) differences(replica *holding) []string {
	var different []string
	tell := func(name cyrus.InternalName, format string, values ...any) {
		different = append(different, inventory.Printable(string(name))+": "+fmt.Sprintf(format, values...))
	}
	for _, name := range slices.Sorted(maps.Keys(h.mailboxes)) {
		a, b := h.mailboxes[name], replica.mailboxes[name]
		switch {
		case b.Internal == "":
			tell(name, "the copy lacks it")
		case a.UniqueID != b.UniqueID:
			tell(name, "the copy is another mailbox: its id is %s, not %s", b.UniqueID, a.UniqueID)
		case a.Status.UIDValidity != b.Status.UIDValidity, a.Status.UIDNext != b.Status.UIDNext, a.Status.HighestModSeq != b.Status.HighestModSeq:
			tell(name, "UIDVALIDITY, UIDNEXT and HIGHESTMODSEQ are %d, %d and %d in the copy, not %d, %d and %d", b.Status.UIDValidity, b.Status.UIDNext, b.Status.HighestModSeq,
				a.Status.UIDValidity, a.Status.UIDNext, a.Status.HighestModSeq)
		case a.Checksums.Known && b.Checksums.Known && a.Checksums != b.Checksums:
			tell(name, "the checksums are not the same")
		case !slices.Equal(a.ACL, b.ACL):
			tell(name, "the access list is not the same")
		case a.QuotaRoot != b.QuotaRoot:
			tell(name, "the quota root is %s in the copy, not %s", inventory.Quoted(string(b.QuotaRoot)), inventory.Quoted(string(a.QuotaRoot)))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(replica.mailboxes)) {
		if _, there := h.mailboxes[name]; !there {
			tell(name, "only the copy has it")
		}
	}
	for _, root := range slices.Sorted(maps.Keys(h.quotas)) {
		if !slices.EqualFunc(h.quotas[root], replica.quotas[root], sameLimit) {
			tell(root, "the quota is %v in the copy, not %v", replica.quotas[root], h.quotas[root])
		}
	}
	return different
}

func sameLimit(a, b cyrus.Use) bool { return a.Resource == b.Resource && a.Limit == b.Limit }

// miscounted returns the quotas of which only what is used differs in a copy.
func (h *holding) miscounted(replica *holding, separator byte) (list []miscounted) {
	for _, root := range slices.Sorted(maps.Keys(h.quotas)) {
		from, to := h.quotas[root], replica.quotas[root]
		if slices.EqualFunc(from, to, sameLimit) && !slices.Equal(from, to) {
			list = append(list, miscounted{root.External(separator), from, to})
		}
	}
	return list
}

// differentMessages tells the first message of a mailbox that is not the same in the copy.
func differentMessages(ctx context.Context, original, replica *cyrus.Client, name cyrus.InternalName) (string, error) {
	_, from, err := original.Records(ctx, name, 0)
	if errors.Is(err, cyrus.ErrManyRecords) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	_, to, err := replica.Records(ctx, name, 0)
	if err != nil {
		return "", err
	}
	for i := range max(len(from), len(to)) {
		switch {
		case i >= len(to):
			return fmt.Sprintf("%s: the copy lacks message %d", inventory.Printable(string(name)), from[i].UID), nil
		case i >= len(from):
			return fmt.Sprintf("%s: only the copy has message %d", inventory.Printable(string(name)), to[i].UID), nil
		case !same(&from[i], &to[i]):
			return fmt.Sprintf("%s: message %d is not the same in the copy", inventory.Printable(string(name)), from[i].UID), nil
		}
	}
	return "", nil
}

func same(a, b *cyrus.Message) bool {
	return a.UID == b.UID && a.ModSeq == b.ModSeq && a.Flags == b.Flags && a.InternalDate == b.InternalDate && a.Size == b.Size && a.GUID == b.GUID &&
		slices.Equal(a.Annotations, b.Annotations)
}
