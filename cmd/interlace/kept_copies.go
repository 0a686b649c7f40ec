package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/planner"
)

// keptCopies are the copies of users that the journal says are kept on other stores than theirs,
// after moves and ways back: apply moves nobody there.
type keptCopies struct {
	found map[inventory.UserID]course.Whereabouts
	keep  time.Duration
}

// keptCopies reads them. Where the journal can't be read that is told, and nothing is known to be
// kept.
func (a *app) keptCopies(ctx context.Context) *keptCopies {
	found, err := a.whereabouts(ctx)
	if err != nil {
		a.note("warning: which copies of users are kept after moves is not known: %v", err)
	}
	return &keptCopies{found, a.config.KeepSource}
}

// barred returns the stores that users of an inventory can't move to for now, and warns of it.
func (k *keptCopies) barred(inv *inventory.Inventory) (map[inventory.UserID][]inventory.StoreID, []planner.Warning) {
	barred := map[inventory.UserID][]inventory.StoreID{}
	var copies []course.Kept
	for i := range inv.Users {
		u := &inv.Users[i]
		for _, c := range k.found[u.Name].Kept {
			if c.Store != u.Store {
				barred[u.Name] = append(barred[u.Name], c.Store)
				copies = append(copies, c)
			}
		}
	}
	if len(barred) == 0 {
		return nil, nil
	}
	return barred, []planner.Warning{{Text: fmt.Sprintf("%s planned onto no store that keeps a copy of them after an earlier move (%s)%s",
		inventory.Counted(len(barred), "user is", "users are"), storesOfCopies(copies), k.until(copies))}}
}

// refused warns of those whom plans move to where a copy of them is kept.
func (k *keptCopies) refused(now, target *inventory.Inventory) []planner.Warning {
	var users []inventory.UserID
	var copies []course.Kept
	for i := range target.Users {
		u := &target.Users[i]
		if at := now.User(u.Name); at < 0 || now.Users[at].Store == u.Store {
			continue
		}
		w := k.found[u.Name]
		if c := w.On(u.Store); c != nil {
			users, copies = append(users, u.Name), append(copies, *c)
		}
	}
	if len(users) == 0 {
		return nil
	}
	return []planner.Warning{{Text: fmt.Sprintf("%s to move to where a copy of them is kept after an earlier move (%s), which interlace apply refuses: interlace users plans round it%s",
		course.Who(users), storesOfCopies(copies), k.until(copies))}}
}

// until says when the last of copies may be deleted.
func (k *keptCopies) until(copies []course.Kept) string {
	last := slices.MaxFunc(copies, func(a, b course.Kept) int { return a.Since.Compare(b.Since) }).Since.Add(k.keep)
	return fmt.Sprintf("; the last of these copies is kept until %s (keep_source), and interlace apply --resume --yes deletes it then", monitor.Minute(last))
}

// storesOfCopies names a few of the stores that have them.
func storesOfCopies(copies []course.Kept) string {
	stores := map[inventory.StoreID]bool{}
	for i := range copies {
		stores[copies[i].Store] = true
	}
	return course.Few(slices.Sorted(maps.Keys(stores)))
}
