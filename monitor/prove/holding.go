package prove

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
)

// Holding is what an instance has of some owners, without messages.
type Holding struct {
	Mailboxes map[cyrus.InternalName]cyrus.Mailbox
	Quotas    map[cyrus.InternalName][]cyrus.Use // by their roots
}

// Hold asks an instance, as its administrator, for what it has of the owners. It fails where
// something of them is not told.
func Hold(ctx context.Context, c *cyrus.Client, owners map[cyrus.Owner]bool) (*Holding, error) {
	names, err := Names(ctx, c, owners)
	if err != nil {
		return nil, err
	}
	h := &Holding{Mailboxes: map[cyrus.InternalName]cyrus.Mailbox{}}
	if len(names) == 0 {
		return h, nil
	}
	details, err := c.Details(ctx, names)
	if err != nil {
		return nil, err
	}
	for _, m := range details {
		h.Mailboxes[m.Internal] = m
	}
	for _, n := range names {
		if m, told := h.Mailboxes[n]; !told || !m.Readable {
			return nil, fmt.Errorf("the server does not tell what is in %s", inventory.Printable(string(n)))
		}
	}
	h.Quotas, err = usesOf(ctx, c, details)
	return h, err
}

// Partitions returns the partitions on which mailboxes lie, sorted.
func (h *Holding) Partitions() []string {
	found := map[string]bool{}
	for _, m := range h.Mailboxes {
		if m.Partition != "" {
			found[m.Partition] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// Differences tells in what a copy differs, but for what its quotas count as used.
func (h *Holding) Differences(replica *Holding) []string {
	var different []string
	tell := func(name cyrus.InternalName, format string, values ...any) {
		different = append(different, inventory.Printable(string(name))+": "+fmt.Sprintf(format, values...))
	}
	for _, name := range slices.Sorted(maps.Keys(h.Mailboxes)) {
		a, b := h.Mailboxes[name], replica.Mailboxes[name]
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
	for _, name := range slices.Sorted(maps.Keys(replica.Mailboxes)) {
		if _, there := h.Mailboxes[name]; !there {
			tell(name, "only the copy has it")
		}
	}
	for _, root := range slices.Sorted(maps.Keys(h.Quotas)) {
		if !slices.EqualFunc(h.Quotas[root], replica.Quotas[root], sameLimit) {
			tell(root, "the quota is %v in the copy, not %v", replica.Quotas[root], h.Quotas[root])
		}
	}
	return different
}

func sameLimit(a, b cyrus.Use) bool { return a.Resource == b.Resource && a.Limit == b.Limit }

// Miscount is a quota of which what is used differs, and not the limits. It is counted
// by each instance alone, and clients that append at once have Cyrus lose what one of them
// adds.
type Miscount struct {
	Root     cyrus.ExternalName
	From, To []cyrus.Use
}

// Miscounted returns the quotas of which only what is used differs in a copy.
func (h *Holding) Miscounted(replica *Holding, separator byte) (list []Miscount) {
	for _, root := range slices.Sorted(maps.Keys(h.Quotas)) {
		from, to := h.Quotas[root], replica.Quotas[root]
		if slices.EqualFunc(from, to, sameLimit) && !slices.Equal(from, to) {
			list = append(list, Miscount{root.External(separator), from, to})
		}
	}
	return list
}
