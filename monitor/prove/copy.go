package prove

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
)

// MostShown is how many differences are told of.
const MostShown = 20

// Proof is what came of holding a copy against its original.
type Proof struct {
	Different []string   // in what they differ, no more than [MostShown] and a word that there is more
	Sealed    Seal       // of the original
	Quotas    []Miscount // that count something else as used, which is no difference
}

// Copy tells in what the mailboxes of the owners differ between an instance and its
// copy, both of which stand still, and seals the original. It asks as an administrator, since
// their owners are denied. Mailboxes that have had more messages than an administrator is told
// of at once are compared by Cyrus's own checksums.
func Copy(ctx context.Context, original, replica *cyrus.Client, owners map[cyrus.Owner]bool) (*Proof, error) {
	from, err := Hold(ctx, original, owners)
	if err != nil {
		return nil, err
	}
	to, err := Hold(ctx, replica, owners)
	if err != nil {
		return nil, err
	}
	p := &Proof{Different: from.Differences(to), Sealed: from.Seal(), Quotas: from.Miscounted(to, original.Server().Separator)}
	for _, name := range slices.Sorted(maps.Keys(from.Mailboxes)) {
		if len(p.Different) >= MostShown {
			p.Different = append(p.Different[:MostShown], "and more")
			break
		}
		if _, there := to.Mailboxes[name]; !there {
			continue
		}
		text, err := differentMessages(ctx, original, replica, name)
		if err != nil {
			return nil, err
		}
		if text != "" {
			p.Different = append(p.Different, text)
		}
	}
	return p, nil
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
	return a.UID == b.UID && a.ModSeq == b.ModSeq && cyrus.SameFlags(a, b) && a.InternalDate == b.InternalDate && a.Size == b.Size && a.GUID == b.GUID &&
		slices.Equal(a.Annotations, b.Annotations)
}
