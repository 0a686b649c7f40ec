package main

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/database"
	"github.com/interlacemail/interlace/inventory/files"
	"github.com/interlacemail/interlace/monitor"
)

// counting says what counts of what was compared before: the pairs that the inventory has,
// and of their users those who were there when somebody of the pair was compared since the
// inventory was made, or whom that has on the store.
type counting struct {
	copies map[monitor.Copy]bool // nil: there is no inventory, and all count
	homes  map[inventory.UserID]inventory.StoreID
	made   time.Time
	looked map[monitor.Copy]time.Time
}

// counting returns what counts of these states. The facts may be nil.
func (f *facts) counting(states []monitor.CopyState) *counting {
	c := &counting{}
	if f == nil {
		return c
	}
	c.copies, c.homes, c.looked, c.made = map[monitor.Copy]bool{}, map[inventory.UserID]inventory.StoreID{}, map[monitor.Copy]time.Time{}, f.made
	for i := range f.Stores {
		s := &f.Stores[i]
		for _, in := range s.Instances[min(1, len(s.Instances)):] {
			c.copies[monitor.Copy{Store: s.Name, Server: in.Server}] = true
		}
	}
	for i := range f.Users {
		c.homes[f.Users[i].Name] = f.Users[i].Store
	}
	for i := range states {
		if s := &states[i]; s.At.After(c.looked[s.Copy]) {
			c.looked[s.Copy] = s.At
		}
	}
	return c
}

// pair tells whether a pair counts.
func (c *counting) pair(of monitor.Copy) bool { return c.copies == nil || c.copies[of] }

// has tells whether a user or shared tree of a pair counts.
func (c *counting) has(of monitor.Copy, owner string) bool {
	if !c.pair(of) {
		return false
	}
	home, known := c.homes[inventory.UserID(owner)]
	return len(c.homes) == 0 || c.looked[of].After(c.made) || known && home == of.Store
}

// factsKnown returns what is known of the fleet; nil where there is no inventory. What was
// recorded is shown without one, too, so a fleet file that the configuration names may have
// mistakes.
func (a *app) factsKnown(ctx context.Context) (*facts, error) {
	f, err := a.facts(ctx)
	mistakes := (*files.Error)(nil)
	switch {
	case errors.Is(err, database.ErrEmpty):
		return nil, nil
	case errors.As(err, &mistakes) && a.fromFile() && !a.config.find("fleet").fromFlag():
		a.note("warning: only what was recorded is shown, without the inventory: %s", inShort(err))
		return nil, nil
	}
	return f, err
}

// users is how many each store has.
func (f *facts) users() map[inventory.StoreID]int {
	users := map[inventory.StoreID]int{}
	for i := range f.Users {
		users[f.Users[i].Store]++
	}
	for store, sum := range f.sums {
		users[store] = sum.Users
	}
	return users
}

// lastWritten is when the last of some files was written, as far as that is known.
func lastWritten(paths []string) time.Time {
	var last time.Time
	for _, path := range paths {
		if info, err := os.Stat(path); err == nil && info.ModTime().After(last) {
			last = info.ModTime()
		}
	}
	return last
}
