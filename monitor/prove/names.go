package prove

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory/cyrus"
)

// Shared returns those of the owners that are shared trees.
func Shared(owners map[cyrus.Owner]bool) map[cyrus.Owner]bool {
	trees := maps.Clone(owners)
	maps.DeleteFunc(trees, func(o cyrus.Owner, _ bool) bool { return !o.Shared })
	return trees
}

// Names returns the mailboxes of owners, sorted. With virtual domains a name may
// have two readings; the one that the server knows counts, and both where it knows none.
func Names(ctx context.Context, c *cyrus.Client, owners map[cyrus.Owner]bool) ([]cyrus.InternalName, error) {
	names, err := c.Names(ctx)
	if err != nil {
		return nil, err
	}
	names = cyrus.OwnedBy(names, owners)
	if !slices.ContainsFunc(names, func(n cyrus.InternalName) bool { return strings.Contains(string(n), "!") }) {
		return names, nil
	}
	details, err := c.Details(ctx, names)
	if err != nil {
		return nil, err
	}
	told, known := map[cyrus.InternalName]bool{}, map[cyrus.ExternalName]bool{}
	for _, m := range details {
		told[m.Internal], known[m.Name] = true, true
	}
	return slices.DeleteFunc(names, func(n cyrus.InternalName) bool { return !told[n] && known[n.External(c.Server().Separator)] }), nil
}
