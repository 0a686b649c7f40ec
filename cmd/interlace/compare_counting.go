package main

import (
	"slices"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
)

// counting says what counts of what was compared before: the pairs that the inventory has,
// and of their users those who were there when somebody of the pair was compared since the
// inventory was made, or whom that has on the store; but not who was moved away since, unless his
// original is kept there.
type counting struct {
	copies map[monitor.Copy]bool // nil: there is no inventory, and all count
	homes  map[inventory.UserID]inventory.StoreID
	made   time.Time
	moved  map[inventory.UserID]course.Whereabouts
	looked map[monitor.Copy]time.Time
	levels map[monitor.Copy][]monitor.CompareLevel // at which each was compared
}

// counting returns what counts of these states. The facts may be nil.
func (f *facts) counting(states []monitor.CopyState) *counting {
	c := &counting{}
	if f == nil {
		return c
	}
	c.copies, c.homes, c.looked, c.made = map[monitor.Copy]bool{}, map[inventory.UserID]inventory.StoreID{}, map[monitor.Copy]time.Time{}, f.made
	c.moved, c.levels = f.moved, map[monitor.Copy][]monitor.CompareLevel{}
	for _, of := range f.pairs() {
		c.copies[of] = true
	}
	for i := range f.Users {
		c.homes[f.Users[i].Name] = f.Users[i].Store
	}
	for i := range states {
		s := &states[i]
		if s.At.After(c.looked[s.Copy]) {
			c.looked[s.Copy] = s.At
		}
		if !slices.Contains(c.levels[s.Copy], s.Level) {
			c.levels[s.Copy] = append(c.levels[s.Copy], s.Level)
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
	return len(c.homes) == 0 || known && home == of.Store || c.looked[of].After(c.made) && !c.left(of, inventory.UserID(owner))
}

// left tells whether somebody was moved away from a store since somebody of the pair was compared,
// and nothing of him is kept there.
func (c *counting) left(of monitor.Copy, user inventory.UserID) bool {
	w := c.moved[user]
	return w.Since.After(c.looked[of]) && w.Store != of.Store && !slices.ContainsFunc(w.Kept, func(k course.Kept) bool { return k.Store == of.Store })
}

// unseen returns, with these states, one for each user and shared tree who lives on a store and
// whom no comparison has seen there, at each level at which the copy was compared or, where it never
// was, at this one. Who was not seen by a comparison since it is known that he lives there has no
// mailbox.
func (f *facts) unseen(c *counting, states []monitor.CopyState, level monitor.CompareLevel) []monitor.CopyState {
	if f == nil {
		return nil
	}
	seen := map[monitor.Copy]map[string]bool{}
	for i := range states {
		s := &states[i]
		if seen[s.Copy] == nil {
			seen[s.Copy] = map[string]bool{}
		}
		seen[s.Copy][s.Owner] = true
	}
	byStore := map[inventory.StoreID][]monitor.Copy{}
	for _, of := range f.pairs() {
		byStore[of.Store] = append(byStore[of.Store], of)
	}
	var list []monitor.CopyState
	for i := range f.Users {
		u := &f.Users[i]
		since := later(f.made, c.moved[u.Name].Since)
		for _, of := range byStore[u.Store] {
			if seen[of][string(u.Name)] || c.looked[of].After(since) {
				continue
			}
			for _, level := range c.levelsOf(of, level) {
				list = append(list, monitor.CopyState{Copy: of, Owner: string(u.Name), Shared: u.Kind == inventory.Shared, Level: level, Known: since})
			}
		}
	}
	return list
}

// levelsOf returns the levels at which a copy was compared or, where it never was, this one.
func (c *counting) levelsOf(of monitor.Copy, level monitor.CompareLevel) []monitor.CompareLevel {
	if at := c.levels[of]; len(at) > 0 {
		return at
	}
	return []monitor.CompareLevel{level}
}
