package discover

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/interlacemail/interlace/inventory"
)

// place is one owner on one store.
type place struct{ store, owner int }

// places decides on which store each user is, and gives a shared tree whose name
// is taken another one. The result has the name of each owner of each store,
// empty where the owner is elsewhere.
func (b *builder) places(ctx context.Context) [][]inventory.UserID {
	names := make([][]inventory.UserID, len(b.views))
	users, trees := map[inventory.UserID][]place{}, map[inventory.UserID][]place{}
	for i := range b.views {
		names[i] = make([]inventory.UserID, len(b.views[i].owners))
		for k := range b.views[i].owners {
			w := &b.views[i].owners[k]
			names[i][k] = w.name
			found := users
			if w.kind == inventory.Shared {
				found = trees
			}
			found[w.name] = append(found[w.name], place{i, k})
		}
	}
	not := func(at []place, home int) {
		for _, p := range at {
			if p.store != home {
				names[p.store][p.owner] = ""
			}
		}
	}
	left := leftovers{}
	doubtful := map[inventory.UserID][]place{}
	for _, name := range slices.Sorted(maps.Keys(users)) {
		switch at := users[name]; {
		case b.settled(name, at, left):
			not(at, b.homeOf(name))
		case len(at) > 1:
			doubtful[name] = at
		}
	}
	for name, home := range b.decide(ctx, doubtful) {
		not(doubtful[name], home)
	}
	for name, at := range trees {
		if len(users[name]) == 0 && b.settled(name, at, left) {
			not(at, b.homeOf(name))
			continue
		}
		if len(at) == 1 && len(users[name]) == 0 {
			continue
		}
		for _, p := range at {
			names[p.store][p.owner] = onStore(name, b.now.Stores[p.store].Name)
			b.views[p.store].owners[p.owner].bound = len(at) > 1
		}
		if len(at) > 1 {
			b.findings = append(b.findings, Finding{
				Kind: TreeOnStores, User: name,
				Text: fmt.Sprintf("%d stores have a shared tree %s: each is named %[2]s@STORE here and pinned, for no two of them fit on one store", len(at), inventory.Printable(string(name))),
			})
		}
	}
	b.findings = append(b.findings, left.findings(b)...)
	return names
}

// onStore names a shared tree whose name alone is not its own.
func onStore(name inventory.UserID, store inventory.StoreID) inventory.UserID {
	return name + "@" + inventory.UserID(store)
}
