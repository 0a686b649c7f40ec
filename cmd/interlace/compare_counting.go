package main

import (
	"time"

	"github.com/interlacemail/interlace/inventory"
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
	for _, of := range f.pairs() {
		c.copies[of] = true
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

// pairs returns the pairs that the inventory has.
func (f *facts) pairs() []monitor.Copy {
	var pairs []monitor.Copy
	for i := range f.Stores {
		s := &f.Stores[i]
		for _, in := range s.Instances[min(1, len(s.Instances)):] {
			pairs = append(pairs, monitor.Copy{Store: s.Name, Server: in.Server})
		}
	}
	return pairs
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
