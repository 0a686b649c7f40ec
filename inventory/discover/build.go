package discover

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/interlacemail/interlace/inventory"
)

// builder makes the new inventory from the old one and from what the stores said.
type builder struct {
	old, now *inventory.Inventory
	views    []view // by index in Stores
	options  Options

	findings []Finding
	unseen   map[inventory.UserID]inventory.StoreID // who is taken over from the old inventory, and on which store
	counters *Counters                              // for the next discovery
	disk, io int                                    // indices of the resources that are measured here, or -1
	mean     inventory.Load                         // of a user, for what can't be measured here
}

// build enters settings, users and shares. What is wrong goes to findings.
func (b *builder) build(ctx context.Context) {
	b.resources()
	b.counters = &Counters{Time: b.options.Now, users: map[inventory.UserID]counter{}}
	for i := range b.views {
		for k, s := range b.views[i].settings {
			if s != nil {
				b.now.Stores[i].Instances[k].Settings = *s
			}
		}
	}
	names := b.places(ctx)
	b.now.Users, b.now.Shares = nil, nil
	for i := range b.views {
		b.enter(i, names[i])
	}
	b.keep()
	b.clock()
	b.now.Sort()
	b.lost()
	b.grantees()
}

// clock decides whether the counters of the earlier discovery serve on.
func (b *builder) clock() {
	earlier := b.options.Earlier
	switch {
	case earlier == nil:
	case b.options.Now.Before(earlier.Time):
		b.findings = append(b.findings, Finding{
			Kind: ClockBack,
			Text: fmt.Sprintf("the last discovery was at %s, which is still to come: writes are counted anew from now on", earlier.Time.Format(time.RFC3339)),
			Hint: "the clock of this machine was wrong then or is wrong now",
		})
	case b.options.Now.Sub(earlier.Time) < shortestInterval:
		b.counters = earlier // so near, the older ones will show more next time
	}
}

// keep takes over the users and shares of the stores that did not answer, and the users
// of whom is not known where they are.
func (b *builder) keep() {
	here := map[inventory.UserID]bool{}
	for i := range b.now.Users {
		here[b.now.Users[i].Name] = true
	}
	kept := map[inventory.UserID]bool{}
	for _, user := range b.old.Users {
		place, stays := b.unseen[user.Name]
		if store := b.old.Store(user.Store); !stays && store >= 0 && !b.views[store].known {
			place, stays = user.Store, true
		}
		if stays && !here[user.Name] {
			user.Store = place
			b.now.Users = append(b.now.Users, user)
			kept[user.Name] = true
		}
	}
	for _, share := range b.old.Shares {
		if kept[share.Owner] {
			b.now.Shares = append(b.now.Shares, share)
		}
	}
}

// lost finds stores that had users and have none, while some of those users are
// nowhere else: another server answered, or names were misread.
func (b *builder) lost() {
	gone := map[inventory.StoreID]int{}
	for i := range b.old.Users {
		if u := &b.old.Users[i]; u.Kind == inventory.Person && b.now.User(u.Name) < 0 {
			gone[u.Store]++
		}
	}
	for i := range b.views {
		store := &b.now.Stores[i]
		isUser := func(w owner) bool { return w.kind == inventory.Person }
		if !b.views[i].known || gone[store.Name] == 0 || slices.ContainsFunc(b.views[i].owners, isUser) {
			continue
		}
		b.findings = append(b.findings, Finding{
			Kind: NoUsers, Stops: true, Store: store.Name, Server: store.Instances[0].Server,
			Text: fmt.Sprintf("store %s has no user any more, and %d of those it had are on no other store", store.Name, gone[store.Name]),
			Hint: "if they were removed on purpose, remove them from the fleet file too",
		})
	}
}

// grantees names those to whom folders are open and who are not there.
func (b *builder) grantees() {
	folders := map[string]int{}
	for i := range b.now.Shares {
		grantee := strings.TrimPrefix(b.now.Shares[i].Grantee, "-")
		special := grantee == "anyone" || grantee == "anonymous" || strings.HasPrefix(grantee, "group:")
		if !special && b.now.User(inventory.UserID(grantee)) < 0 && !slices.Contains(b.now.Sharing.Ignore, inventory.UserID(grantee)) {
			folders[grantee]++
		}
	}
	for grantee, count := range folders {
		text := fmt.Sprintf("%s has rights to %s of others and is no user", inventory.Printable(grantee), inventory.Counted(count, "folder", "folders"))
		if count == 1 {
			text = fmt.Sprintf("%s has rights to a folder of someone else and is no user", inventory.Printable(grantee))
		}
		b.findings = append(b.findings, Finding{
			Kind: UnknownGrantee, User: inventory.UserID(grantee), Text: text,
			Hint: "an administrator or a service belongs into sharing: ignore",
		})
	}
}

// check returns what is wrong with the new inventory as such.
func (b *builder) check() []Finding {
	mistakes, _ := inventory.Validate(b.now)
	var findings []Finding
	for _, m := range mistakes.List {
		findings = append(findings, Finding{Kind: Unacceptable, Stops: true, Text: m.Text, Hint: m.Hint})
	}
	return findings
}
