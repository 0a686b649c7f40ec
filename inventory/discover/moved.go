package discover

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/interlacemail/interlace/inventory"
)

// homeOf returns the index of the store on which somebody is who was moved, or -1.
func (b *builder) homeOf(name inventory.UserID) int {
	if m, known := b.options.Moved[name]; known {
		return b.old.Store(m.Store)
	}
	if i := b.old.User(name); i >= 0 && b.movedLately(b.old.Users[i].Moved) {
		return b.old.Store(b.old.Users[i].Store)
	}
	return -1
}

// settled reports whether it is known that somebody who was found at these places is on
// the store of [builder.homeOf], since the other places are explained by a move. That
// store need not have answered: then the old inventory is taken over.
func (b *builder) settled(name inventory.UserID, at []place, left leftovers) bool {
	home := b.homeOf(name)
	if home < 0 {
		return false
	}
	m, told := b.options.Moved[name]
	there := false
	for _, p := range at {
		there = there || p.store == home
		if told && p.store != home && !slices.Contains(m.Left, b.now.Stores[p.store].Name) {
			return false
		}
	}
	switch {
	case there && len(at) == 1:
		return false // nothing is to be decided
	case !there && b.views[home].known:
		return false // found elsewhere alone: what is there counts
	case !there && b.old.User(name) < 0:
		return false // nothing else is known
	case !there:
		b.unseen[name] = b.now.Stores[home].Name
	case !told:
		b.findings = append(b.findings, Finding{
			Kind: LeftBehind, User: name, Store: b.now.Stores[home].Name,
			Text: fmt.Sprintf("%s was moved to %s on %s and still has mailboxes on %s, which do not count there", inventory.Printable(string(name)), b.now.Stores[home].Name, b.old.Users[b.old.User(name)].Moved, b.stores(at, home)),
		})
		return true
	}
	for _, p := range at {
		if p.store != home {
			left.add(b, p, told && m.On == "")
		}
	}
	return true
}

// movedLately reports whether the mailboxes at the place from which somebody was moved on
// a day may still be kept.
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

// decide asks where users are who were found on several masters, and returns it by the
// index of the store, or -1. Of whom nobody knows it, that one stays where the old
// inventory has them, or is left out.
func (b *builder) decide(ctx context.Context, doubtful map[inventory.UserID][]place) map[inventory.UserID]int {
	homes := map[inventory.UserID]int{}
	if len(doubtful) == 0 {
		return homes
	}
	var told map[inventory.UserID]Decision
	if b.options.Decide != nil {
		asked := map[inventory.UserID][]inventory.StoreID{}
		for name, at := range doubtful {
			for _, p := range at {
				asked[name] = append(asked[name], b.now.Stores[p.store].Name)
			}
		}
		told = b.options.Decide(ctx, asked)
	}
	for name, at := range doubtful {
		on := func(home int) bool { return slices.ContainsFunc(at, func(p place) bool { return p.store == home }) }
		d := told[name]
		if home := b.old.Store(d.Store); d.Store != "" && on(home) {
			homes[name] = home
			b.findings = append(b.findings, Finding{
				Kind: LeftBehind, User: name, Store: d.Store,
				Text: fmt.Sprintf("%s is on %s, %s, and has mailboxes on %s too, which do not count there", inventory.Printable(string(name)), d.Store, d.Why, b.stores(at, home)),
			})
			continue
		}
		homes[name] = -1
		text := fmt.Sprintf("%s is on the masters of %s, and which one is used is not known", inventory.Printable(string(name)), b.stores(at, -1))
		if d.Why != "" {
			text += " (" + d.Why + ")"
		}
		if i := b.old.User(name); i < 0 {
			text += "; left out of the inventory until it is"
		} else {
			was := b.old.Users[i].Store
			text += fmt.Sprintf("; taken to be on %s, as before", was)
			if home := b.old.Store(was); on(home) {
				homes[name] = home
			} else {
				b.unseen[name] = was
			}
		}
		b.findings = append(b.findings, Finding{
			Kind: TwoMasters, User: name, Text: text,
			Hint: "remove the copy that nobody uses, or let interlace discover --routed see where users are routed and denied; after a move by hand say in the fleet file which store it was to, and in the column moved when",
		})
	}
	return homes
}
