package discover

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/interlacemail/interlace/inventory"
)

// place is one owner on one store.
type place struct{ store, owner int }

// places decides on which store each user is, and gives a shared tree whose name
// is taken another one. The result has the name of each owner of each store,
// empty where the owner is elsewhere.
func (b *builder) places() [][]inventory.UserID {
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
	for name, at := range users {
		if len(at) == 1 {
			continue
		}
		home := b.home(name, at)
		for _, p := range at {
			if p.store != home {
				names[p.store][p.owner] = ""
			}
		}
	}
	for name, at := range trees {
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
	return names
}

// onStore names a shared tree whose name alone is not its own.
func onStore(name inventory.UserID, store inventory.StoreID) inventory.UserID {
	return name + "@" + inventory.UserID(store)
}

// home decides which of several stores a user is on: the one that the old
// inventory names, if the user was moved there so lately that the mailboxes at
// the old place are still kept. Else nobody knows, and the result is -1.
func (b *builder) home(name inventory.UserID, at []place) int {
	if i := b.old.User(name); i >= 0 && b.movedLately(b.old.Users[i].Moved) {
		user := &b.old.Users[i]
		store := b.old.Store(user.Store)
		if slices.ContainsFunc(at, func(p place) bool { return p.store == store }) {
			b.findings = append(b.findings, Finding{
				Kind: LeftBehind, User: name, Store: user.Store,
				Text: fmt.Sprintf("%s was moved to %s on %s and still has mailboxes on %s", inventory.Printable(string(name)), user.Store, user.Moved, b.stores(at, store)),
			})
			return store
		}
	}
	b.findings = append(b.findings, Finding{
		Kind: TwoMasters, Stops: true, User: name,
		Text: fmt.Sprintf("%s is on the masters of %s", inventory.Printable(string(name)), b.stores(at, -1)),
		Hint: "remove the copy that nobody uses; after a move say in the fleet file which store it was to, and in the column moved when",
	})
	return -1
}

func (b *builder) movedLately(moved inventory.Date) bool {
	day, err := time.Parse(time.DateOnly, string(moved))
	return err == nil && b.options.Now.Sub(day) < b.options.KeepSource+24*time.Hour
}

// stores names the stores of the places, but for one.
func (b *builder) stores(at []place, but int) string {
	var names []string
	for _, p := range at {
		if p.store != but {
			names = append(names, string(b.now.Stores[p.store].Name))
		}
	}
	return strings.Join(names, " and ")
}
