package discover

import (
	"math"
	"strconv"
	"time"

	"github.com/interlacemail/interlace/inventory"
)

// resources finds the resources that Cyrus can tell something about.
func (b *builder) resources() {
	b.disk, b.io = b.now.Disk(), b.now.Resource("io")
	if b.disk >= 0 && b.now.Resources[b.disk].Unit != inventory.UnitBytes {
		b.disk = -1
	}
	for i := range b.old.Users {
		for r := range b.mean {
			b.mean[r] += b.old.Users[i].Load[r] / float64(len(b.old.Users))
		}
	}
}

// enter enters the users and shared trees of one store, and their shares.
func (b *builder) enter(store int, names []inventory.UserID) {
	for k, name := range names {
		if name == "" {
			continue
		}
		w := &b.views[store].owners[k]
		b.now.Users = append(b.now.Users, b.user(w, name, b.now.Stores[store].Name))
		for _, share := range w.shares {
			share.Owner = name
			b.now.Shares = append(b.now.Shares, share)
		}
		b.counters.users[name] = w.counter()
	}
}

// user makes a user of what a store told and of what was known before.
func (b *builder) user(w *owner, name inventory.UserID, store inventory.StoreID) inventory.User {
	u := inventory.User{
		Name: name, Store: store, Kind: w.kind, Pinned: w.bound,
		Messages: inventory.Count(w.messages), Mailboxes: inventory.Count(w.mailboxes),
	}
	if w.unread+w.uncounted > 0 {
		u.Messages = inventory.Unknown
	}
	var before *inventory.User
	if i := b.old.User(name); i >= 0 {
		before = &b.old.Users[i]
		u.Pinned = u.Pinned || before.Pinned
		u.Moved = before.Moved
		if before.Store != store {
			u.Moved = inventory.Date(b.options.Now.Format(time.DateOnly))
		}
	}
	if m := b.options.Moved[name]; m.Store == store && m.On != "" {
		u.Moved = m.On
	}
	for r := range b.now.Resources {
		value, estimated := b.load(r, w, name, before)
		u.Load[r] = value
		if estimated {
			u.Estimated |= 1 << r
		}
	}
	return u
}

// load returns a user's load in one resource and whether it is estimated.
func (b *builder) load(r int, w *owner, name inventory.UserID, before *inventory.User) (value float64, estimated bool) {
	measuredBefore := before != nil && before.Estimated>>r&1 == 0
	switch {
	case r == b.disk && w.unread+w.unsized == 0:
		return float64(w.bytes), false
	case r == b.disk:
		// Part of it is not known: it is at least what is.
		value = math.Round(b.mean[r])
		if before != nil {
			value = before.Load[r]
		}
		return max(value, float64(w.bytes)), true
	case r == b.io:
		if rate, measured := b.options.Earlier.rate(name, w.counter(), w.written.older, b.options.Now); measured {
			return round(rate), false
		}
		if !measuredBefore {
			return round(w.written.rate), true
		}
	case before == nil:
		if b.now.Resources[r].Unit == inventory.UnitBytes {
			return math.Round(b.mean[r]), true
		}
		return round(b.mean[r]), true
	}
	return before.Load[r], !measuredBefore
}

// round keeps four digits: no load is known better than that.
func round(v float64) float64 {
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 4, 64), 64)
	if err != nil || math.IsInf(rounded, 0) {
		return 0
	}
	return rounded
}
